import { asJsonObject } from './json-object.ts';

/**
 * JSON text that is the same for equal values: names are sorted by UTF-16 code units, and there are no spaces
 * and no fields that are undefined.
 *
 * For values that `JSON.parse` returns. For these the result follows RFC 8785; the numbers here are integers.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const fields = asJsonObject(value);
  if (!fields) return JSON.stringify(value);
  let members = '';
  for (const name of Object.keys(fields).sort()) {
    const member = fields[name];
    if (member === undefined) continue;
    members += `${members && ','}${JSON.stringify(name)}:${canonicalJson(member)}`;
  }
  return `{${members}}`;
}
