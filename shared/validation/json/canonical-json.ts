import { asJsonObject } from './json-object.ts';

/**
 * JSON text that is the same for equal values: names sorted by UTF-16 code units, no spaces, fields that are
 * undefined left out.
 *
 * For values as `JSON.parse` gives them (RFC 8785 agrees on those; here numbers are integers).
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
