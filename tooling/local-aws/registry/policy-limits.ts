import * as z from 'zod';
import { bytes, over } from './template-limits.ts';

const oneOrMore = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const PolicySchema = z.looseObject({
  Statement: z.array(
    z.looseObject({
      Action: oneOrMore.default([]),
      Resource: oneOrMore.default([]),
      Principal: z
        .union([
          z.string().transform((one) => [one]),
          z.record(z.string(), oneOrMore).transform((kinds) => Object.values(kinds).flat()),
        ])
        .default([]),
      Condition: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
    }),
  ),
});

/** IAM does not count white space: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const INLINE_POLICIES = { limit: 10_240, unit: 'characters' };
const TRUST_POLICY = { limit: 2048, unit: 'characters' };
const MANAGED_POLICY = { limit: 6144, unit: 'characters' };
const MANAGED_POLICIES = { limit: 10, unit: 'managed policies' };

const RoleSchema = z.looseObject({
  AssumeRolePolicyDocument: z.unknown(),
  Policies: z.array(z.looseObject({ PolicyDocument: z.unknown() })).default([]),
  ManagedPolicyArns: z.array(z.string()).default([]),
});

/** Why IAM refuses a role with its policies, those of `AWS::IAM::Policy` included. */
export function roleLimitProblems(properties: unknown, attachedPolicies: readonly unknown[]): string[] {
  const role = RoleSchema.parse(properties);
  const inline = [...role.Policies.map(({ PolicyDocument }) => PolicyDocument), ...attachedPolicies];
  const characters = inline.reduce((sum: number, policy) => sum + charactersOf(policy), 0);
  return [
    ...over('the inline policies have', characters, INLINE_POLICIES),
    ...over('the trust policy has', charactersOf(role.AssumeRolePolicyDocument), TRUST_POLICY),
    ...over('the role has', role.ManagedPolicyArns.length, MANAGED_POLICIES),
    ...inline.flatMap(resourceProblems),
  ];
}

/** Why IAM refuses a managed policy. */
export function managedPolicyLimitProblems(document: unknown): string[] {
  return [...over('the policy has', charactersOf(document), MANAGED_POLICY), ...resourceProblems(document)];
}

/**
 * The resources that an identity's policy names otherwise than by ARN.
 *
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
 */
function resourceProblems(document: unknown): string[] {
  return PolicySchema.parse(document)
    .Statement.flatMap(({ Resource }) => Resource)
    .filter((resource) => resource !== '*' && !/^arn:[^:]+:[^:]+:/.test(resource))
    .map((resource) => `the resource ${resource} is neither an ARN nor *.`);
}

function charactersOf(policy: unknown): number {
  return JSON.stringify(policy).replaceAll(/\s/gu, '').length;
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html */
const QUEUE_POLICY = { bytes: 8192, statements: 20, principals: 50, conditions: 10, actions: 7 };

/** Why SQS refuses a queue's policy. */
export function queuePolicyLimitProblems(document: unknown): string[] {
  const { Statement: statements } = PolicySchema.parse(document);
  const principals = statements.flatMap(({ Principal }) => Principal).length;
  const conditions = statements.flatMap(({ Condition }) =>
    Object.values(Condition).flatMap(Object.keys),
  ).length;
  const limit = (of: keyof typeof QUEUE_POLICY) => ({ limit: QUEUE_POLICY[of], unit: of });
  return [
    ...over('the policy has', bytes(JSON.stringify(document)), limit('bytes')),
    ...over('the policy has', statements.length, limit('statements')),
    ...over('the policy has', principals, limit('principals')),
    ...over('the policy has', conditions, limit('conditions')),
    ...statements.flatMap(({ Action }) => over('a statement has', Action.length, limit('actions'))),
  ];
}

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html, "Event bus policy size" */
const BUS_POLICY = { limit: 10_240, unit: 'characters' };

/** Why EventBridge refuses a bus's policy. */
export function busPolicyLimitProblems(document: unknown): string[] {
  return document === undefined ? [] : over('the policy has', charactersOf(document), BUS_POLICY);
}
