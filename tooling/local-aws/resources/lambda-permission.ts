import * as z from 'zod';
import { findFunction } from '../cloud.ts';
import { defineResource, physicalName } from '../resource-definition.ts';

/** Who may invoke a function. Only API Gateway needs the permission here. Without it, it answers 500. */
export const lambdaPermission = defineResource({
  type: 'AWS::Lambda::Permission',
  properties: {
    Action: z.literal('lambda:InvokeFunction'),
    FunctionName: z.string(),
    Principal: z.string(),
    SourceArn: z.string().optional(),
    SourceAccount: z.string().optional(),
  },
  withoutLocalEffect: {},
  create({ Action, FunctionName, Principal, SourceArn: source, SourceAccount: account }, site) {
    const { arn } = findFunction(site.cloud, FunctionName).configuration;
    const remove = site.cloud.access.addResourcePolicy(arn, [
      {
        Effect: 'Allow',
        Principal: { AWS: [], Service: [Principal] },
        Action: [Action],
        Resource: [arn],
        Condition: {
          ...(source !== undefined && { ArnLike: { 'aws:SourceArn': [source] } }),
          ...(account !== undefined && { StringEquals: { 'aws:SourceAccount': [account] } }),
        },
      },
    ]);
    return { physicalId: physicalName(site, { maxLength: 128 }), attributes: {}, remove };
  },
});
