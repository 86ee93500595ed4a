import * as z from 'zod';
import { PolicyDocumentSchema } from '../iam/policy-document.ts';
import { defineResource, physicalName } from '../resource-definition.ts';

/** A policy that is attached to nothing: whoever gets a role with it may do what it says. */
export const iamManagedPolicy = defineResource({
  type: 'AWS::IAM::ManagedPolicy',
  properties: { ManagedPolicyName: z.string().optional(), PolicyDocument: PolicyDocumentSchema },
  nameProperty: 'ManagedPolicyName',
  withoutLocalEffect: { Description: 'nothing reads it', Path: 'nothing reads it' },
  create({ ManagedPolicyName: givenName, PolicyDocument: { Statement: statements } }, site) {
    const name = givenName ?? physicalName(site, { maxLength: 128 });
    const arn = `arn:aws:iam::${site.cloud.accountId}:policy/${name}`;
    site.cloud.access.addManagedPolicy(arn, statements);
    return {
      physicalId: arn,
      attributes: { PolicyArn: arn },
      remove: () => {
        site.cloud.access.removeManagedPolicy(arn);
      },
    };
  },
});
