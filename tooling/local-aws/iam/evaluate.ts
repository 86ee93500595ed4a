import type { Condition, ConditionOperator, Statement } from './policy-document.ts';

/** One action on one resource, with the context keys that the service sets. */
export type AccessRequest = {
  /** For example `dynamodb:GetItem`. */
  action: string;
  /** An ARN, or `*`. */
  resource: string;
  /** Values by context key, for example `dynamodb:LeadingKeys`. */
  context?: Readonly<Record<string, readonly string[]>>;
};

/** What the policies say: the statement that decides, or none where nothing allows the request. */
export type Verdict = { allowed: boolean; by?: Statement };

/**
 * Decides whether statements allow a request: what nothing allows is denied, and an explicit denial wins.
 * Pure.
 *
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function evaluate(statements: readonly Statement[], request: AccessRequest): Verdict {
  const matching = statements.filter((statement) => isMatch(statement, request));
  const denial = matching.find(({ Effect }) => Effect === 'Deny');
  if (denial) return { allowed: false, by: denial };
  const [permission] = matching;
  return permission ? { allowed: true, by: permission } : { allowed: false };
}

function isMatch(statement: Statement, { action, resource, context = {} }: AccessRequest): boolean {
  return (
    statement.Action.some((pattern) => isLike(action.toLowerCase(), pattern.toLowerCase())) &&
    statement.Resource.some((pattern) => isLike(resource, pattern)) &&
    isFulfilled(statement.Condition, context)
  );
}

/** Every operator and every key of a condition must hold; of a key's values, one is enough. */
function isFulfilled(condition: Condition, context: NonNullable<AccessRequest['context']>): boolean {
  return OPERATORS.every((operator) =>
    Object.entries(condition[operator] ?? {}).every(([key, values]) =>
      TESTS[operator](valuesOf(context, key), values),
    ),
  );
}

/** The names of context keys are not case-sensitive. */
function valuesOf(
  context: NonNullable<AccessRequest['context']>,
  key: string,
): readonly string[] | undefined {
  return Object.entries(context).find(([name]) => name.toLowerCase() === key.toLowerCase())?.[1];
}

type Test = (present: readonly string[] | undefined, wanted: readonly string[]) => boolean;

/**
 * A key that the request does not have fulfils `ForAllValues` and `Null`, and nothing else.
 *
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
 */
const TESTS: Record<ConditionOperator, Test> = {
  StringEquals: (present, wanted) => present?.some((value) => wanted.includes(value)) ?? false,
  StringLike: (present, wanted) => present?.some((value) => isLikeAny(value, wanted)) ?? false,
  ArnEquals: (present, wanted) => present?.some((value) => isLikeAny(value, wanted)) ?? false,
  ArnLike: (present, wanted) => present?.some((value) => isLikeAny(value, wanted)) ?? false,
  Bool: (present, wanted) => present?.some((value) => wanted.includes(value)) ?? false,
  Null: (present, wanted) => wanted.includes(String(present === undefined)),
  'ForAllValues:StringEquals': (present, wanted) => present?.every((value) => wanted.includes(value)) ?? true,
  'ForAllValues:StringLike': (present, wanted) => present?.every((value) => isLikeAny(value, wanted)) ?? true,
};

const OPERATORS = Object.keys(TESTS).filter((name): name is ConditionOperator => Object.hasOwn(TESTS, name));

function isLikeAny(value: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => isLike(value, pattern));
}

/** Whether a pattern fits, in which `*` stands for any characters and `?` for one. */
export function isLike(value: string, pattern: string): boolean {
  if (!/[*?]/.test(pattern)) return value === pattern;
  const escaped = pattern.replaceAll(/[\\^$+.()[\]{}|]/gu, String.raw`\$&`);
  const source = escaped.replaceAll('*', '.*').replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'su').test(value);
}
