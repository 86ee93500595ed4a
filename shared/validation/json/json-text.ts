import type { JsonPathSegment } from './json-path.ts';

/** What a JSON parser accepts silently although it can change the meaning of a message. */
export type JsonFlaw = {
  code: 'duplicate_key' | 'proto_key' | 'nested_too_deep' | 'number_with_decimal_point';
  segments: readonly JsonPathSegment[];
};

/** The parsed value, and what is suspicious about its text. */
export type JsonResult = { ok: true; value: unknown; flaws: readonly JsonFlaw[] } | { ok: false };

const DEEPEST_LEVEL = 32;

/**
 * Parses JSON text and checks the text itself for what `JSON.parse` hides: a name that occurs twice (the last
 * one wins silently), `__proto__`, nesting deeper than 32 levels, and numbers written with a decimal point or
 * an exponent (`70.00` is parsed to 70).
 *
 * Never throws; text that is not JSON is `ok: false`. The time is linear in the length of the text.
 */
export function readJson(text: string): JsonResult {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false };
  }
  return { ok: true, value, flaws: findFlaws(text) };
}

/** An object or array that is still open: the state of the scan, and the names seen if it is an object. */
type Container = { position: JsonPathSegment; names?: Set<string>; expectsName: boolean };

function findFlaws(text: string): JsonFlaw[] {
  const flaws: JsonFlaw[] = [];
  const open: Container[] = [];
  const report = (code: JsonFlaw['code']): void => {
    flaws.push({ code, segments: open.map(({ position }) => position) });
  };

  // `JSON.parse` has accepted the text: the scan need not check what it skips.
  for (let index = 0; index < text.length; index += 1) {
    const container = open.at(-1);
    const character = text.charAt(index);
    if (character === '{' || character === '[') {
      if (open.length === DEEPEST_LEVEL) {
        report('nested_too_deep');
        return flaws;
      }
      open.push(character === '{' ? openObject() : openArray());
    } else if (character === '}' || character === ']') {
      open.pop();
    } else if (character === ',' && container) {
      goOn(container);
    } else if (character === '"') {
      const end = endOfString(text, index);
      if (container?.names && container.expectsName) {
        const flaw = enterName(container, container.names, String(JSON.parse(text.slice(index, end))));
        if (flaw) report(flaw);
      }
      index = end - 1;
    } else if (character === '-' || isDigit(character)) {
      const end = endOfNumber(text, index);
      if (/[.eE]/.test(text.slice(index, end))) report('number_with_decimal_point');
      index = end - 1;
    }
  }
  return flaws;
}

function openObject(): Container {
  return { position: '', names: new Set(), expectsName: true };
}

function openArray(): Container {
  return { position: 0, expectsName: false };
}

function goOn(container: Container): void {
  if (container.names) container.expectsName = true;
  else if (typeof container.position === 'number') container.position += 1;
}

function enterName(
  container: Container,
  names: Set<string>,
  name: string,
): 'duplicate_key' | 'proto_key' | undefined {
  container.position = name;
  container.expectsName = false;
  if (name === '__proto__') return 'proto_key';
  if (names.has(name)) return 'duplicate_key';
  names.add(name);
  return undefined;
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9';
}

/** The index after the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let index = start + 1;
  while (text.charAt(index) !== '"') index += text.charAt(index) === '\\' ? 2 : 1;
  return index + 1;
}

function endOfNumber(text: string, start: number): number {
  let index = start + 1;
  while (index < text.length && /[\d.eE+-]/.test(text.charAt(index))) index += 1;
  return index;
}
