/**
 * Whether bytes contain one of the values, as a text or a number anywhere in their JSON, however it is
 * written (escapes, `1.2e3`), also in JSON inside a text. Names of fields count too. If the bytes are not
 * JSON, their text is searched, with escapes decoded. Pure.
 */
export function namesValue(bytes: Uint8Array, values: readonly string[]): boolean {
  const text = new TextDecoder().decode(bytes);
  const json = parseJson(text);
  if (json !== undefined) return isNamedIn(json, values);
  const unescaped = text
    .replaceAll(/\\u([0-9a-fA-F]{4})/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)))
    .replaceAll(/\\(["\\/])/g, '$1');
  return values.some((value) => text.includes(value) || unescaped.includes(value));
}

/**
 * Whether a value that Button or a shop passed through is the one that is searched for, also if it arrived as
 * a number. Pure.
 */
export function isSameValue(given: unknown, value: string): boolean {
  if (given === value) return true;
  if (typeof given !== 'number' && typeof given !== 'string') return false;
  // JSON numbers lose digits beyond 2^53, and so does the text of one.
  const [one, other] = [Number(given), Number(value)];
  const isNumber = /^-?\d/.test(value) && Number.isFinite(other);
  if (typeof given === 'number') return isNumber && one === other;
  return isNumber && !Number.isSafeInteger(other) && given === String(other);
}

function isNamedIn(json: unknown, values: readonly string[]): boolean {
  for (const given of valuesIn(json)) {
    if (values.some((value) => isSameValue(given, value))) return true;
  }
  return false;
}

/**
 * Every text and number anywhere in JSON, also in JSON inside a text, and the names of fields. Pure, and
 * without recursion: the input may be nested deeper than the stack.
 */
export function* valuesIn(json: unknown): Generator<string | number> {
  const left: unknown[] = [json];
  while (left.length > 0) {
    const next = left.pop();
    if (typeof next === 'string' || typeof next === 'number') yield next;
    if (typeof next === 'string' && /^\s*[[{]/.test(next)) left.push(parseJson(next));
    else if (typeof next === 'object' && next !== null)
      for (const [name, inner] of Object.entries(next)) left.push(name, inner);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
