import * as z from 'zod';
import { PolicyDocumentSchema } from '../iam/policy-document.ts';
import { defineResource, physicalName } from '../resource-definition.ts';
import { roleArn } from './iam-role.ts';

/** What roles may do besides what their own policies say. */
export const iamPolicy = defineResource({
  type: 'AWS::IAM::Policy',
  properties: { PolicyDocument: PolicyDocumentSchema, Roles: z.array(z.string()).default([]) },
  withoutLocalEffect: { PolicyName: 'nothing reads it' },
  create({ PolicyDocument: { Statement: statements }, Roles: roles }, site) {
    const detach = roles.map((role) => site.cloud.access.attach(roleArn(site.cloud, role), statements));
    return {
      physicalId: physicalName(site, { maxLength: 128 }),
      attributes: {},
      remove: () => {
        for (const remove of detach) remove();
      },
    };
  },
});
