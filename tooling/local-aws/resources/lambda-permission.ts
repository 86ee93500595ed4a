import * as z from 'zod';
import { findFunction } from '../cloud.ts';
import { defineResource, physicalName } from '../resource-definition.ts';

/** Who may invoke a function. Imitated for API Gateway, which answers 500 where it is missing. */
export const lambdaPermission = defineResource({
  type: 'AWS::Lambda::Permission',
  properties: {
    Action: z.literal('lambda:InvokeFunction'),
    FunctionName: z.string(),
    Principal: z.string(),
  },
  withoutLocalEffect: {
    SourceArn: 'a permission holds for every route of every local API',
    SourceAccount: 'there is one account here',
  },
  create(properties, site) {
    if (properties.Principal === 'apigateway.amazonaws.com') {
      const { name } = findFunction(site.cloud, properties.FunctionName).configuration;
      site.cloud.invocableByApiGateway.add(name);
    }
    return { physicalId: physicalName(site, { maxLength: 128 }), attributes: {} };
  },
});
