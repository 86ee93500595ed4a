import { asJsonObject } from './json-object.ts';

/** Fewer digits than this never exceed what a number holds. */
const MANY_DIGITS = /\d{16}/;

/**
 * What `JSON.parse` gives, but an integer beyond 2^53, which a number would round to another one, is the text
 * of its digits: as the id of a shopper it would otherwise name somebody else. On Node.js 20, which does not
 * show the digits, it is rounded. Throws on what is no JSON.
 *
 * Source: https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Global_Objects/JSON/parse#reviver, `context`
 */
export function parseJson(text: string): unknown {
  return MANY_DIGITS.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text);
}

function keepDigits(...[, value, context]: unknown[]): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = asJsonObject(context)?.['source'];
  return typeof source === 'string' && /^-?\d+$/.test(source) ? source : value;
}
