import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { arnOf, findFunction, findHttpApi } from '../cloud.ts';
import { defineResource } from '../resource-definition.ts';

/** A function behind routes, called with payload format 2.0. */
export const apigatewayv2Integration = defineResource({
  type: 'AWS::ApiGatewayV2::Integration',
  properties: {
    ApiId: z.string(),
    IntegrationType: z.literal('AWS_PROXY'),
    IntegrationUri: z.string(),
    PayloadFormatVersion: z.literal('2.0'),
    TimeoutInMillis: z.int().min(50).max(30_000).default(30_000),
  },
  withoutLocalEffect: {
    Description: 'nothing reads it',
    IntegrationMethod: 'a function is always called by POST',
  },
  create(properties, { cloud, physicalId: id = randomUUID().slice(0, 7) }) {
    const target = findFunction(cloud, properties.IntegrationUri);
    const api = findHttpApi(cloud, properties.ApiId);
    api.addIntegration(id, {
      target,
      timeoutMs: properties.TimeoutInMillis,
      mayInvoke: (route) =>
        cloud.access.allowsService({
          service: 'apigateway.amazonaws.com',
          action: 'lambda:InvokeFunction',
          resource: target.configuration.arn,
          context: {
            'aws:SourceArn': [arnOf(cloud, 'execute-api', `${properties.ApiId}/${stageRoute(route)}`)],
            'aws:SourceAccount': [cloud.accountId],
          },
        }),
    });
    return {
      physicalId: id,
      attributes: { IntegrationId: id },
      remove: () => {
        api.removeIntegration(id);
      },
    };
  },
});

/**
 * Stage, method and path of a route as they stand in the ARN of a request: `$default/POST/webhooks/button`.
 *
 * Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html
 */
function stageRoute(routeKey: string): string {
  return `$default/${routeKey.replace(' ', '')}`;
}
