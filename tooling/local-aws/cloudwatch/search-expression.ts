import { readTokens, type TokenReader } from './expression-tokens.ts';
import type { MetricIdentity } from './metric-store.ts';

/** Whether a metric is found. */
export type MetricSearch = (metric: MetricIdentity) => boolean;

const PATTERN = /\s*(?:"(?<quoted>(?:\\.|[^"\\])*)"|(?<sign>[{},()=])|(?<word>[^\s{},()="]+))/u;

/**
 * Reads the text between the single quotes of a SEARCH: a schema in braces, then terms with AND, OR, NOT and
 * parentheses. Throws, with the place, for anything that it does not support.
 *
 * Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html
 */
export function parseSearch(query: string): MetricSearch {
  const tokens = readTokens(query, PATTERN);
  const schema = tokens.take('{') ? parseSchema(tokens) : undefined;
  tokens.take(',');
  const terms = tokens.isAtEnd() ? undefined : parseOr(tokens);
  if (!tokens.isAtEnd() || (schema === undefined && terms === undefined)) throw tokens.misunderstood();
  return (metric) => (schema?.(metric) ?? true) && (terms?.(metric) ?? true);
}

/** A namespace and, if there are any, the names of all dimensions. */
function parseSchema(tokens: TokenReader): MetricSearch {
  const names: string[] = [];
  while (!tokens.take('}')) {
    if (names.length > 0) tokens.expect(',');
    const name = tokens.takeKind('word') ?? tokens.takeKind('quoted');
    if (name === undefined) throw tokens.misunderstood();
    names.push(name);
  }
  const [namespace, ...dimensions] = names;
  if (namespace === undefined) throw tokens.misunderstood();
  return (metric) => {
    const own = Object.keys(metric.dimensions);
    const isSame = own.length === dimensions.length && dimensions.every((name) => own.includes(name));
    return metric.namespace === namespace && (dimensions.length === 0 || isSame);
  };
}

function parseOr(tokens: TokenReader): MetricSearch {
  const choices = [parseAnd(tokens)];
  while (tokens.take('OR')) choices.push(parseAnd(tokens));
  return (metric) => choices.some((matches) => matches(metric));
}

function parseAnd(tokens: TokenReader): MetricSearch {
  const terms = [parseNot(tokens)];
  while (!tokens.isAtEnd() && !tokens.isNext(')') && !tokens.isNext('OR')) {
    tokens.take('AND');
    terms.push(parseNot(tokens));
  }
  return (metric) => terms.every((matches) => matches(metric));
}

function parseNot(tokens: TokenReader): MetricSearch {
  if (!tokens.take('NOT')) return parseTerm(tokens, allTexts);
  const inner = parseNot(tokens);
  return (metric) => !inner(metric);
}

type TextsOf = (metric: MetricIdentity) => string[];

/** `textsOf` says where to look: everywhere, or at what a designator such as `MetricName=` names. */
function parseTerm(tokens: TokenReader, textsOf: TextsOf): MetricSearch {
  if (tokens.take('(')) {
    const inner = textsOf === allTexts ? parseOr(tokens) : parseValues(tokens, textsOf);
    tokens.expect(')');
    return inner;
  }
  if (tokens.isNext('AND') || tokens.isNext('OR')) throw tokens.misunderstood();
  const exact = tokens.takeKind('quoted');
  const text = exact ?? tokens.takeKind('word');
  if (text === undefined) throw tokens.misunderstood();
  if (tokens.take('=')) return parseTerm(tokens, designated(text));
  const matches = exact === undefined ? partialMatch(text) : exactMatch(exact);
  return (metric) => textsOf(metric).some(matches);
}

/** The values after a designator, as in `MetricName=("Errors" OR "Throttles")`. */
function parseValues(tokens: TokenReader, textsOf: TextsOf): MetricSearch {
  const choices = [parseTerm(tokens, textsOf)];
  while (tokens.take('OR')) choices.push(parseTerm(tokens, textsOf));
  return (metric) => choices.some((matches) => matches(metric));
}

function allTexts({ namespace, name, dimensions }: MetricIdentity): string[] {
  return [namespace, name, ...Object.entries(dimensions).flat()];
}

function designated(designator: string): TextsOf {
  if (designator === 'MetricName') return ({ name }) => [name];
  if (designator === 'Namespace') return ({ namespace }) => [namespace];
  if (designator.startsWith(':')) throw new Error(`${designator} in a SEARCH is not supported locally.`);
  return ({ dimensions }) => {
    const value = dimensions[designator];
    return value === undefined ? [] : [value];
  };
}

function exactMatch(quoted: string): (text: string) => boolean {
  const wanted = quoted.replaceAll(/\\(.)/gu, '$1');
  return (text) => text === wanted;
}

/**
 * "Tokenization": capitals and digits begin new tokens, and any other character ends one. One token is looked
 * for in any case; several in a row must stand so in the text, in the same case unless the term itself
 * delimits them.
 */
function partialMatch(term: string): (text: string) => boolean {
  const wanted = tokensOf(term);
  const isDelimited = /[^A-Za-z0-9]/u.test(term);
  const fold = (token: string): string => (isDelimited || wanted.length === 1 ? token.toLowerCase() : token);
  const sought = wanted.map(fold);
  return (text) => {
    const found = tokensOf(text).map(fold);
    const whole = text.replaceAll(/[^A-Za-z0-9]/gu, '').toLowerCase();
    if (sought.length === 1 && sought[0] === whole) return true;
    return found.some((_, start) => sought.every((token, index) => found[start + index] === token));
  };
}

function tokensOf(text: string): string[] {
  return text.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+/gu) ?? [];
}
