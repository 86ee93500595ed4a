import * as z from 'zod';
import { defineResource, physicalName } from '../resource-definition.ts';

/** A role that anybody may have and that allows everything. */
export const iamRole = defineResource({
  type: 'AWS::IAM::Role',
  properties: { RoleName: z.string().optional() },
  withoutLocalEffect: {
    AssumeRolePolicyDocument: 'there is no IAM here',
    Description: 'nothing reads it',
    ManagedPolicyArns: 'there is no IAM here',
    MaxSessionDuration: 'there is no IAM here',
    Path: 'there is no IAM here',
    PermissionsBoundary: 'there is no IAM here',
    Policies: 'there is no IAM here',
    Tags: 'nothing reads them',
  },
  create(properties, site) {
    const name = properties.RoleName ?? physicalName(site, { maxLength: 64 });
    const arn = `arn:aws:iam::${site.cloud.accountId}:role/${name}`;
    return { physicalId: name, attributes: { Arn: arn, RoleId: `AROA${name}` } };
  },
});
