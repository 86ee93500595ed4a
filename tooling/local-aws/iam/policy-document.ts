import * as z from 'zod';

const oneOrMore = z.union([z.string().transform((one) => [one]), z.array(z.string())]);

/** IAM would put the request's values in place of these. */
const hasVariable = (text: string): boolean => text.includes('${');
const NO_VARIABLES = 'policy variables are not supported locally';

const Resources = oneOrMore.refine((all) => !all.some(hasVariable), NO_VARIABLES);

/** Values of a condition: CloudFormation takes texts, numbers and booleans, and IAM compares texts. */
const ConditionValues = z
  .union([z.string(), z.boolean(), z.array(z.string())])
  .transform((value) => (Array.isArray(value) ? value : [String(value)]))
  .refine((values) => !values.some(hasVariable), NO_VARIABLES);

const OPERATORS = [
  'StringEquals',
  'StringLike',
  'ArnEquals',
  'ArnLike',
  'Bool',
  'Null',
  'ForAllValues:StringEquals',
  'ForAllValues:StringLike',
] as const;

const ConditionSchema = z.partialRecord(z.enum(OPERATORS), z.record(z.string(), ConditionValues));

/**
 * One statement of a role's policy. What is not understood here (`NotAction`, another condition) is an error.
 */
export const StatementSchema = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Action: oneOrMore,
  Resource: Resources,
  Condition: ConditionSchema.default({}),
});

/** Whom a statement of a resource's policy is about: accounts, roles and users by ARN, and AWS services. */
const PrincipalSchema = z.union([
  z.literal('*').transform((): { AWS: string[]; Service: string[] } => ({ AWS: ['*'], Service: [] })),
  z.strictObject({ AWS: oneOrMore.default([]), Service: oneOrMore.default([]) }),
]);

/** One statement of a resource's or a trust policy. A trust policy names no resource: it is the role. */
export const ResourceStatementSchema = StatementSchema.extend({
  Principal: PrincipalSchema,
  Resource: Resources.default(['*']),
});

/** The policy of a queue or a topic, or who may act under a role. */
export const ResourcePolicySchema = z.strictObject({
  Version: z.literal('2012-10-17'),
  Statement: z.array(ResourceStatementSchema),
});

/** A policy as a template has it, with its intrinsic functions resolved. */
export const PolicyDocumentSchema = z.strictObject({
  Version: z.literal('2012-10-17'),
  Statement: z.array(StatementSchema),
});

/** Of a role, an inline policy. */
export const InlinePolicySchema = z.strictObject({
  PolicyName: z.string(),
  PolicyDocument: PolicyDocumentSchema,
});

export type ResourceStatement = z.infer<typeof ResourceStatementSchema>;
export type Statement = z.infer<typeof StatementSchema>;
export type Condition = Statement['Condition'];
export type ConditionOperator = (typeof OPERATORS)[number];
