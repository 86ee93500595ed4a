import * as z from 'zod';

/** A value of an event that is neither an object nor a list. */
type Leaf = string | number | boolean | null;
const LeafSchema = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const leaves = z.union([LeafSchema.transform((leaf) => [leaf]), z.array(LeafSchema)]);

/** What a value may be compared with, apart from being equal. Anything else is an error. */
const ComparisonSchema = z.union([
  z.strictObject({ prefix: z.string() }),
  z.strictObject({ suffix: z.string() }),
  z.strictObject({ exists: z.boolean() }),
  z.strictObject({ 'equals-ignore-case': z.string() }),
  z.strictObject({ 'anything-but': leaves }),
]);
type Comparison = z.infer<typeof ComparisonSchema>;

const ConditionsSchema = z.array(z.union([LeafSchema, ComparisonSchema])).min(1);
const FieldsSchema = z.record(z.string(), z.unknown());

/** Whether an event matches the pattern of a rule. */
export type EventMatcher = (event: Readonly<Record<string, unknown>>) => boolean;

/**
 * Reads an event pattern. Every field that the pattern names must match. One of a field's conditions is
 * enough, and so is one element of a list in the event. Throws, and names the field, for what is not
 * supported here (`$or`, `numeric`, `cidr`, `wildcard`).
 *
 * Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
 */
export function readEventPattern(pattern: unknown): EventMatcher {
  return matcherOf(pattern, 'pattern');
}

function matcherOf(pattern: unknown, path: string): (value: unknown) => boolean {
  if (Array.isArray(pattern)) {
    const conditions = ConditionsSchema.safeParse(pattern);
    if (!conditions.success) throw new Error(`The condition of ${path} is not supported locally.`);
    return (value) => conditions.data.some((condition) => isFulfilled(condition, value));
  }
  const fields = FieldsSchema.safeParse(pattern);
  if (!fields.success || Object.keys(fields.data).length === 0)
    throw new Error(`${path} must be an object of fields, or a list of conditions.`);
  const matchers = Object.entries(fields.data).map(([name, inner]) => {
    if (name.startsWith('$')) throw new Error(`${path}.${name} is not supported locally.`);
    return [name, matcherOf(inner, `${path}.${name}`)] as const;
  });
  return (value) => {
    const event = FieldsSchema.safeParse(value).data ?? {};
    return matchers.every(([name, matches]) => matches(event[name]));
  };
}

function isFulfilled(condition: Leaf | Comparison, value: unknown): boolean {
  if (typeof condition === 'object' && condition !== null && 'exists' in condition)
    return condition.exists === (value !== undefined);
  const values = Array.isArray(value) ? value : [value];
  return values.some((one) => isMatch(condition, one));
}

function isMatch(condition: Leaf | Exclude<Comparison, { exists: boolean }>, value: unknown): boolean {
  if (typeof condition !== 'object' || condition === null) return condition === value;
  if ('anything-but' in condition)
    return value !== undefined && !condition['anything-but'].some((leaf) => leaf === value);
  if (typeof value !== 'string') return false;
  if ('prefix' in condition) return value.startsWith(condition.prefix);
  if ('suffix' in condition) return value.endsWith(condition.suffix);
  return value.toLowerCase() === condition['equals-ignore-case'].toLowerCase();
}
