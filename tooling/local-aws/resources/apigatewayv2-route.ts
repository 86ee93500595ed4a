import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { arnOf, findHttpApi, type LocalCloud } from '../cloud.ts';
import { defineResource } from '../resource-definition.ts';

/**
 * A method and a path, open to everybody or, with `AWS_IAM`, to those whose signed request IAM allows.
 *
 * Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control-iam.html
 */
export const apigatewayv2Route = defineResource({
  type: 'AWS::ApiGatewayV2::Route',
  properties: {
    ApiId: z.string(),
    AuthorizationType: z.enum(['NONE', 'AWS_IAM']).optional(),
    RouteKey: z.string().regex(/^(\$default|[A-Z]+ \/\S*)$/),
    Target: z.string().startsWith('integrations/'),
  },
  withoutLocalEffect: { OperationName: 'nothing reads it' },
  create({ ApiId: apiId, AuthorizationType: authorizationType, RouteKey: routeKey, Target: target }, site) {
    const { cloud, physicalId } = site;
    const id = physicalId ?? randomUUID().slice(0, 7);
    const api = findHttpApi(cloud, apiId);
    api.addRoute(routeKey, {
      integrationId: target.slice('integrations/'.length),
      mayCall: authorizationType === 'AWS_IAM' ? signedRequests(cloud, apiId) : undefined,
    });
    return {
      physicalId: id,
      attributes: { RouteId: id },
      remove: () => {
        api.removeRoute(routeKey);
      },
    };
  },
});

/** Nobody looks at the signature itself: by its key it says who calls. */
function signedRequests(cloud: LocalCloud, apiId: string) {
  return ({
    method,
    path,
    authorization,
  }: {
    method: string;
    path: string;
    authorization: string | undefined;
  }) => {
    if (!authorization?.startsWith('AWS4-HMAC-SHA256 ')) return false;
    const resource = arnOf(cloud, 'execute-api', `${apiId}/$default/${method}${path}`);
    try {
      cloud.access.checkSigned(authorization, () => [{ action: 'execute-api:Invoke', resource }]);
      return true;
    } catch {
      return false;
    }
  };
}
