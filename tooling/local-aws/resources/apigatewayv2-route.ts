import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { findHttpApi } from '../cloud.ts';
import { defineResource } from '../resource-definition.ts';

/** A method and a path, open to everybody. */
export const apigatewayv2Route = defineResource({
  type: 'AWS::ApiGatewayV2::Route',
  properties: {
    ApiId: z.string(),
    AuthorizationType: z.literal('NONE').optional(),
    RouteKey: z.string().regex(/^(\$default|[A-Z]+ \/\S*)$/),
    Target: z.string().startsWith('integrations/'),
  },
  withoutLocalEffect: { OperationName: 'nothing reads it' },
  create({ ApiId: apiId, RouteKey: routeKey, Target: target }, { cloud, physicalId }) {
    const id = physicalId ?? randomUUID().slice(0, 7);
    const api = findHttpApi(cloud, apiId);
    api.addRoute(routeKey, target.slice('integrations/'.length));
    return {
      physicalId: id,
      attributes: { RouteId: id },
      remove: () => {
        api.removeRoute(routeKey);
      },
    };
  },
});
