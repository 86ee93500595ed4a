import { hash } from 'node:crypto';

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
    const content = (contentOf(lines.map(withStableName)) ?? []).map((line) => JSON.stringify(line)).sort();
    return content.length === 0 ? null : hash('sha256', `[${content.join()}]`, 'base64url').slice(0, 22);
  } catch {
    return null;
  }
}

/** A line without the names that Button does not keep: those of $0 lines, of which some have no `total`. */
function withStableName(line: unknown): unknown {
  const fields = asJsonObject(line);
  if (!fields) return line;
  const spelt = 'publisher_comission' in fields ? withoutMisspelling(fields) : fields;
  if (Number(spelt['total']) > 0) return spelt;
  const { identifier: _identifier, description: _description, ...rest } = spelt;
  return rest;
}

/** One of Button's documents misspells a field (docs/button/webhooks.md, "Conflicts, and what to follow"). */
function withoutMisspelling(fields: JsonObject): JsonObject {
  const { publisher_comission: commission, ...rest } = fields;
  const isSpelt = (rest['publisher_commission'] ?? null) !== null;
  return isSpelt ? fields : { ...rest, publisher_commission: commission };
}

/**
 * What a value says, at every depth; undefined if it says nothing. Null, an empty text, and a list or an
 * object in which nothing is left say as little as a field that is absent. An object becomes `{ members }`:
 * its names and values, in the order of the names.
 */
function said(value: unknown): unknown {
  if (Array.isArray(value)) return contentOf(value);
  const fields = asJsonObject(value);
  if (!fields) return value === null || value === '' ? undefined : value;
  const members: unknown[] = [];
  for (const name of Object.keys(fields).sort()) {
    const member = said(fields[name]);
    if (member !== undefined) members.push(name, member);
  }
  return members.length === 0 ? undefined : { members };
}

function contentOf(values: readonly unknown[]): readonly unknown[] | undefined {
  const content = values.map(said).filter((one) => one !== undefined);
  return content.length === 0 ? undefined : content;
}
