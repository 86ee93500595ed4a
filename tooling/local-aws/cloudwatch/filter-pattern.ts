import { readTokens, type TokenReader } from './expression-tokens.ts';

/** Whether a log line matches. */
export type FilterPattern = (line: string) => boolean;

const PATTERN =
  /\s*(?:(?<quoted>"(?:\\.|[^"\\])*")|(?<sign>&&|\|\||!=|<=|>=|[=<>(){}])|(?<word>[^\s"=!<>(){}&|]+))/u;

/**
 * Reads a filter pattern for JSON lines: selectors such as `$.a.b` compared by =, !=, <, <=, > and >=, joined
 * by &&, || and parentheses; a `*` in a text stands for anything. The empty pattern matches every line.
 * Throws for any other pattern.
 *
 * Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html, "Matching terms in JSON log events"
 */
export function parseFilterPattern(pattern: string): FilterPattern {
  if (pattern.trim() === '') return () => true;
  if (!pattern.trim().startsWith('{'))
    throw new Error(`The filter pattern ${pattern} is not one for JSON, which alone is supported locally.`);
  const tokens = readTokens(pattern, PATTERN);
  tokens.expect('{');
  const matches = parseOr(tokens);
  tokens.expect('}');
  if (!tokens.isAtEnd()) throw tokens.misunderstood();
  return (line) => {
    const event = parseJson(line);
    return event !== undefined && matches(event);
  };
}

type Condition = (event: unknown) => boolean;

function parseOr(tokens: TokenReader): Condition {
  const choices = [parseAnd(tokens)];
  while (tokens.take('||')) choices.push(parseAnd(tokens));
  return (event) => choices.some((holds) => holds(event));
}

function parseAnd(tokens: TokenReader): Condition {
  const conditions = [parseCondition(tokens)];
  while (tokens.take('&&')) conditions.push(parseCondition(tokens));
  return (event) => conditions.every((holds) => holds(event));
}

const COMPARISONS: readonly (readonly [string, (one: number, other: number) => boolean])[] = [
  ['<=', (one, other) => one <= other],
  ['>=', (one, other) => one >= other],
  ['<', (one, other) => one < other],
  ['>', (one, other) => one > other],
];

function parseCondition(tokens: TokenReader): Condition {
  if (tokens.take('(')) {
    const inner = parseOr(tokens);
    tokens.expect(')');
    return inner;
  }
  const valueOf = parseSelector(tokens);
  if (tokens.take('=')) return valueIs(valueOf, parseWanted(tokens));
  if (tokens.take('!=')) {
    const isWanted = parseWanted(tokens);
    return (event) => valueOf(event) !== undefined && !isWanted(valueOf(event));
  }
  const [, compare] = COMPARISONS.find(([sign]) => tokens.take(sign)) ?? [];
  const limit = Number(tokens.takeKind('word'));
  if (compare === undefined || Number.isNaN(limit)) throw tokens.misunderstood();
  return valueIs(valueOf, (value) => typeof value === 'number' && compare(value, limit));
}

function valueIs(valueOf: (event: unknown) => unknown, isWanted: (value: unknown) => boolean): Condition {
  return (event) => isWanted(valueOf(event));
}

function parseSelector(tokens: TokenReader): (event: unknown) => unknown {
  const selector = tokens.takeKind('word');
  if (selector === undefined || !/^\$(\.[\w-]+)+$/u.test(selector)) throw tokens.misunderstood();
  return valueAt(selector);
}

/** What a selector such as `$.a.b` finds in an event; undefined for nothing. */
export function valueAt(selector: string): (event: unknown) => unknown {
  const names = selector.split('.').slice(1);
  return (event) =>
    names.reduce(
      (value: unknown, name) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, name)
          ? Object.entries(value).find(([key]) => key === name)?.[1]
          : undefined,
      event,
    );
}

/** A text (quoted, or a bare word) matches texts; a number matches numbers. */
function parseWanted(tokens: TokenReader): (value: unknown) => boolean {
  const quoted = tokens.takeKind('quoted');
  const word = quoted === undefined ? tokens.takeKind('word') : undefined;
  if (word !== undefined && /^-?\d+(\.\d+)?$/u.test(word)) return (value) => value === Number(word);
  const text = quoted?.slice(1, -1).replaceAll(/\\(.)/gu, '$1') ?? word;
  if (text === undefined) throw tokens.misunderstood();
  const parts = text.split('*').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|/-]/gu, '\\$&'));
  const wildcard = new RegExp(`^${parts.join('.*')}$`, 'su');
  return (value) => typeof value === 'string' && wildcard.test(value);
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
