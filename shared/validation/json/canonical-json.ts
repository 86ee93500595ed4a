/**
 * JSON text that is the same for equal values: names sorted by UTF-16 code units, no spaces, fields that are
 * undefined left out.
 *
 * For values as `JSON.parse` gives them (RFC 8785 agrees on those; here numbers are integers).
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`);
  return `{${members.join(',')}}`;
}
