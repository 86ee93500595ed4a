import { hash } from 'node:crypto';

import { canonicalJson } from '../json/canonical-json.ts';
import { asJsonObject, type JsonObject } from '../json/json-object.ts';

/**
 * A digest of the line items of a transaction; null without lines. Lines that say the same have the same
 * digest: it depends neither on the order of the lines or of their fields, nor on blanks, because a webhook
 * writes `"offer": null` where a row of the API has no `offer`. Nor does it depend on the names of $0 and
 * discount lines, which Button does not keep the same. Lines that are nested too deeply are refused
 * elsewhere. Pure; never throws.
 *
 * Source: docs/button/webhooks.md, "Line item" and "Semantics of line items".
 */
export function digestOfLines(lines: unknown): string | null {
  if (!Array.isArray(lines)) return null;
  try {
    const content = lines
      .map((line) => withoutBlanks(withStableName(line)))
      .filter((line) => line !== undefined)
      .map(canonicalJson)
      .sort();
    return content.length === 0 ? null : hash('sha256', `[${content.join()}]`, 'base64url').slice(0, 22);
  } catch {
    return null;
  }
}

/** A line without the names that Button does not keep: those of $0 lines, of which some have no `total`. */
function withStableName(line: unknown): unknown {
  const fields = asJsonObject(line);
  if (!fields || Number(fields['total']) > 0) return line;
  const { identifier: _identifier, description: _description, ...rest } = fields;
  return rest;
}

/**
 * What a value says, at every depth; undefined if it says nothing. Null, an empty text, and a list or an
 * object in which nothing is left say as little as a field that is absent.
 */
function withoutBlanks(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(withoutBlanks).filter((item) => item !== undefined);
    return items.length === 0 ? undefined : items;
  }
  const fields = asJsonObject(value);
  if (!fields) return value === null || value === '' ? undefined : value;
  const members: [string, unknown][] = [];
  for (const name of Object.keys(fields)) {
    const member = withoutBlanks(fields[name]);
    if (member !== undefined) members.push([nameOf(name, fields), member]);
  }
  return members.length === 0 ? undefined : Object.fromEntries(members);
}

/** One of Button's documents misspells a field (docs/button/webhooks.md, "Conflicts, and what to follow"). */
function nameOf(name: string, fields: JsonObject): string {
  const isMisspelt = name === 'publisher_comission' && (fields['publisher_commission'] ?? null) === null;
  return isMisspelt ? 'publisher_commission' : name;
}
