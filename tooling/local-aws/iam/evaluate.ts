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
 * A key that the request does not have, or has without a value, fulfils `ForAllValues` and `Null`, and
 * nothing else.
 *
 * Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html,
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
const TESTS: Record<ConditionOperator, Test> = {
  StringEquals: (present, wanted) => present?.some((value) => wanted.includes(value)) ?? false,
  StringLike: (present, wanted) => present?.some((value) => isLikeAny(value, wanted)) ?? false,
  ArnEquals: (present, wanted) => present?.some((value) => isArnLikeAny(value, wanted)) ?? false,
  ArnLike: (present, wanted) => present?.some((value) => isArnLikeAny(value, wanted)) ?? false,
  Bool: (present, wanted) => present?.some((value) => includesTruth(wanted, value)) ?? false,
  Null: (present, wanted) => includesTruth(wanted, String(present === undefined || present.length === 0)),
  'ForAllValues:StringEquals': (present, wanted) => present?.every((value) => wanted.includes(value)) ?? true,
  'ForAllValues:StringLike': (present, wanted) => present?.every((value) => isLikeAny(value, wanted)) ?? true,
};

const OPERATORS = Object.keys(TESTS).filter((name): name is ConditionOperator => Object.hasOwn(TESTS, name));

function isLikeAny(value: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => isLike(value, pattern));
}

/**
 * `ArnEquals` and `ArnLike` are the same: each of the six parts of an ARN is compared by itself, so that no
 * wildcard stands for more than one part.
 */
function isArnLikeAny(value: string, patterns: readonly string[]): boolean {
  const parts = partsOfArn(value);
  return patterns.some((pattern) => {
    const wanted = partsOfArn(pattern);
    return wanted.length === parts.length && wanted.every((part, index) => isLike(parts[index] ?? '', part));
  });
}

/** The resource, which is the last part, may have colons of its own. */
function partsOfArn(arn: string): string[] {
  const parts = arn.split(':');
  return [...parts.slice(0, 5), ...(parts.length > 5 ? [parts.slice(5).join(':')] : [])];
}

function includesTruth(wanted: readonly string[], value: string): boolean {
  return wanted.some((one) => one.toLowerCase() === value.toLowerCase());
}

/** Patterns come from templates, which are few; requests ask for the same ones again and again. */
const compiled = new Map<string, RegExp>();

/** Whether a pattern fits, in which `*` stands for any characters and `?` for one. */
export function isLike(value: string, pattern: string): boolean {
  if (!/[*?]/.test(pattern)) return value === pattern;
  const expression = compiled.get(pattern) ?? compile(pattern);
  compiled.set(pattern, expression);
  return expression.test(value);
}

function compile(pattern: string): RegExp {
  const escaped = pattern.replaceAll(/[\\^$+.()[\]{}|]/gu, String.raw`\$&`);
  const source = escaped.replaceAll('*', '.*').replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'su');
}
