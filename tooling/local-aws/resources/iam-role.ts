import * as z from 'zod';
import type { LocalCloud } from '../cloud.ts';
import { InlinePolicySchema, ResourcePolicySchema } from '../iam/policy-document.ts';
import type { Statement } from '../iam/policy-document.ts';
import { defineResource, physicalName } from '../resource-definition.ts';

/** A role: which service may act under it, and what it may do. */
export const iamRole = defineResource({
  type: 'AWS::IAM::Role',
  properties: {
    RoleName: z.string().optional(),
    AssumeRolePolicyDocument: ResourcePolicySchema,
    ManagedPolicyArns: z.array(z.string()).default([]),
    Policies: z.array(InlinePolicySchema).default([]),
  },
  nameProperty: 'RoleName',
  withoutLocalEffect: {
    Description: 'nothing reads it',
    MaxSessionDuration: 'a local session has no end',
    Path: 'nothing reads it',
    PermissionsBoundary: 'it belongs to an account',
    Tags: 'nothing reads them',
  },
  create(properties, site) {
    const name = properties.RoleName ?? physicalName(site, { maxLength: 64 });
    const arn = roleArn(site.cloud, name);
    site.cloud.access.addRole({
      arn,
      trust: properties.AssumeRolePolicyDocument.Statement,
      statements: [
        ...properties.Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement),
        ...properties.ManagedPolicyArns.flatMap(statementsOf),
      ],
    });
    return {
      physicalId: name,
      attributes: { Arn: arn, RoleId: `AROA${name}` },
      remove: () => {
        site.cloud.access.removeRole(arn);
      },
    };
  },
});

/** The ARN of a role in the local account. */
export function roleArn({ accountId }: Pick<LocalCloud, 'accountId'>, name: string): string {
  return `arn:aws:iam::${accountId}:role/${name}`;
}

/**
 * Source: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaBasicExecutionRole.html
 */
const MANAGED_POLICIES: Readonly<Record<string, readonly string[]>> = {
  'service-role/AWSLambdaBasicExecutionRole': [
    'logs:CreateLogGroup',
    'logs:CreateLogStream',
    'logs:PutLogEvents',
  ],
};

function statementsOf(policyArn: string): Statement[] {
  const name = policyArn.split(':policy/').at(-1) ?? '';
  const actions = MANAGED_POLICIES[name];
  if (!actions) throw new Error(`What the managed policy ${name} allows is not known here.`);
  return [{ Effect: 'Allow', Action: [...actions], Resource: ['*'], Condition: {} }];
}
