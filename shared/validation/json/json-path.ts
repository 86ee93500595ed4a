/** A step into a JSON value: a name in an object or a position in an array. */
export type JsonPathSegment = PropertyKey;

/** Names as programmers write them. Anything else may be data (an address, a number) and is not repeated. */
const FIELD_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

/**
 * Writes a JSON path (RFC 9535) such as `$.line_items[0].total`.
 *
 * A name that does not look like the name of a field appears as `[*]`: paths go into logs and quarantine,
 * names can be personal data.
 */
export function formatJsonPath(segments: readonly JsonPathSegment[]): string {
  return `$${segments.map(formatSegment).join('')}`;
}

function formatSegment(segment: JsonPathSegment): string {
  if (typeof segment === 'number') return `[${segment}]`;
  return typeof segment === 'string' && FIELD_NAME.test(segment) ? `.${segment}` : '[*]';
}
