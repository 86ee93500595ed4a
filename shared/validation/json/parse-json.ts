/**
 * Like `JSON.parse`, but an integer beyond 2^53, which a number would round to a different one, becomes the
 * text of its digits: as the id of a shopper it would otherwise name somebody else. On Node.js 20, which does
 * not provide the digits, it is rounded. Throws if the text is not JSON.
 *
 * A number always holds fewer than 16 digits exactly.
 *
 * Source: the reviver's `context`,
 * https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Global_Objects/JSON/parse
 */
export function parseJson(text: string): unknown {
  return JSON.parse(text, LONG_NUMBER.test(text) ? keepDigits : undefined);
}

/**
 * At least 16 digits where a number can begin: after a separator or white space. In a text, digits usually
 * follow a quote or a letter.
 */
const LONG_NUMBER = /(?:^|[\s:,[])-?\d{16}/;

/** Only a number has a source of digits alone. */
function keepDigits(_key: string, value: unknown, context?: { source?: string }): unknown {
  const digits = /^-?\d+$/.exec(context?.source ?? '');
  return digits && !Number.isSafeInteger(value) ? digits[0] : value;
}
