import { readTokens, type TokenReader } from './expression-tokens.ts';

/** A parsed metric math expression. */
export type MathNode =
  | { kind: 'number'; value: number }
  | { kind: 'text'; text: string }
  /** The id of a metric or expression, or a word such as REPEAT. */
  | { kind: 'name'; name: string }
  | { kind: 'list'; items: MathNode[] }
  | { kind: 'call'; name: string; parameters: MathNode[] }
  | { kind: 'minus'; of: MathNode }
  | { kind: 'operation'; operator: MathOperator; left: MathNode; right: MathNode };

/** The operators, in their one spelling: `&&` is AND, `||` is OR. */
export type MathOperator = '+' | '-' | '*' | '/' | '^' | '==' | '!=' | '<=' | '>=' | '<' | '>' | 'AND' | 'OR';

const PATTERN =
  /\s*(?:(?<number>\d+(?:\.\d+)?)|(?<quoted>'[^']*'|"[^"]*")|(?<word>[A-Za-z]\w*)|(?<sign>&&|\|\||==|!=|<=|>=|[-+*/^<>()[\],]))/u;

/** The spellings of operators, those that bind least first. */
const LEVELS: readonly (readonly (readonly [string, MathOperator])[])[] = [
  [
    ['OR', 'OR'],
    ['||', 'OR'],
  ],
  [
    ['AND', 'AND'],
    ['&&', 'AND'],
  ],
  [
    ['==', '=='],
    ['!=', '!='],
    ['<=', '<='],
    ['>=', '>='],
    ['<', '<'],
    ['>', '>'],
  ],
  [
    ['+', '+'],
    ['-', '-'],
  ],
  [
    ['*', '*'],
    ['/', '/'],
  ],
  [['^', '^']],
];

/**
 * Parses a metric math expression. Throws, with the place, for anything that it does not support.
 *
 * Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
 */
export function parseMath(expression: string): MathNode {
  const known = parsed.get(expression);
  if (known !== undefined) return known;
  const tokens = readTokens(expression, PATTERN);
  const node = parseLevel(tokens, 0);
  if (!tokens.isAtEnd()) throw tokens.misunderstood();
  parsed.set(expression, node);
  return node;
}

/** The same expressions are evaluated every minute. */
const parsed = new Map<string, MathNode>();

function parseLevel(tokens: TokenReader, level: number): MathNode {
  const operators = LEVELS[level];
  if (operators === undefined) return parsePrimary(tokens);
  let left = parseLevel(tokens, level + 1);
  for (;;) {
    const [, operator] = operators.find(([spelling]) => tokens.take(spelling)) ?? [];
    if (operator === undefined) return left;
    left = { kind: 'operation', operator, left, right: parseLevel(tokens, level + 1) };
  }
}

function parsePrimary(tokens: TokenReader): MathNode {
  if (tokens.take('-')) return { kind: 'minus', of: parsePrimary(tokens) };
  if (tokens.take('(')) {
    const inner = parseLevel(tokens, 0);
    tokens.expect(')');
    return inner;
  }
  if (tokens.take('[')) return { kind: 'list', items: parseList(tokens, ']') };
  const number = tokens.takeKind('number');
  if (number !== undefined) return { kind: 'number', value: Number(number) };
  const text = tokens.takeKind('quoted');
  if (text !== undefined) return { kind: 'text', text: text.slice(1, -1) };
  const name = tokens.takeKind('word');
  if (name === undefined) throw tokens.misunderstood();
  return tokens.take('(')
    ? { kind: 'call', name, parameters: parseList(tokens, ')') }
    : { kind: 'name', name };
}

function parseList(tokens: TokenReader, end: string): MathNode[] {
  const items: MathNode[] = [];
  while (!tokens.take(end)) {
    if (items.length > 0) tokens.expect(',');
    items.push(parseLevel(tokens, 0));
  }
  return items;
}
