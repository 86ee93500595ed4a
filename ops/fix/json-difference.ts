import { asJsonObject, formatJsonPath, type JsonPathSegment } from '@button-serverless/validation/json';

/** Where two documents differ, and both values: undefined if there is none. */
export type Difference = { path: string; before: unknown; after: unknown };

/** Every place where two JSON documents differ, as precisely as possible. Pure. */
export function jsonDifferences(
  before: unknown,
  after: unknown,
  at: readonly JsonPathSegment[] = [],
): Difference[] {
  const [one, other] = [membersOf(before), membersOf(after)];
  if (!one || !other || Array.isArray(before) !== Array.isArray(after))
    return Object.is(before, after) ? [] : [{ path: formatJsonPath(at), before, after }];
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].flatMap((name) => {
    const segment = Array.isArray(before) ? Number(name) : name;
    return jsonDifferences(one[name], other[name], [...at, segment]);
  });
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return Array.isArray(value) ? Object.fromEntries(Object.entries(value)) : asJsonObject(value);
}
