import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/** An item as the SDK sees it. Treated as a value: nobody changes one in place. */
export type Item = Readonly<Record<string, AttributeValue>>;

/** What the placeholders of an expression stand for. */
export type Placeholders = {
  ExpressionAttributeNames?: Record<string, string> | undefined;
  ExpressionAttributeValues?: Record<string, AttributeValue> | undefined;
};

type Condition = (item: Item, placeholders: Placeholders) => boolean;

const NAME = String.raw`#?[A-Za-z_]\w*`;
const FUNCTION = new RegExp(String.raw`^attribute_(not_)?exists\s*\(\s*(${NAME})\s*\)$`);
const COMPARISON = new RegExp(String.raw`^(${NAME})\s*(=|<=|<|>=|>)\s*(:\w+)$`);
const PART = new RegExp(String.raw`^(contains|begins_with)\s*\(\s*(${NAME})\s*,\s*(:\w+)\s*\)$`);
const BETWEEN = new RegExp(String.raw`^(${NAME}) BETWEEN (:\w+) AND (:\w+)$`);
const parsed = new Map<string, Condition>();

/**
 * Whether the item meets the condition. Knows what our stores use: existence, comparisons, BETWEEN, contains
 * and begins_with, joined by AND, and such groups, in parentheses, joined by OR.
 *
 * Throws on anything else, so that a store that says more is not judged by less.
 * Source:
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
 */
export function meets(item: Item, expression: string, placeholders: Placeholders): boolean {
  let condition = parsed.get(expression);
  if (!condition) parsed.set(expression, (condition = parseCondition(expression)));
  return condition(item, placeholders);
}

function parseCondition(expression: string): Condition {
  const alternatives = expression.split(' OR ').map((group) => parseGroup(group.replace(/^\((.*)\)$/, '$1')));
  return (item, placeholders) => alternatives.some((group) => group(item, placeholders));
}

function parseGroup(expression: string): Condition {
  const clauses = expression
    .replace(/(BETWEEN :\w+) AND /g, '$1 &AND ')
    .split(/ AND /)
    .map((clause) => parseClause(clause.replace('&AND', 'AND').trim()));
  return (item, placeholders) => clauses.every((clause) => clause(item, placeholders));
}

function parseClause(clause: string): Condition {
  const [, not, existing] = FUNCTION.exec(clause) ?? [];
  if (existing !== undefined) {
    return (item, placeholders) => nameOf(existing, placeholders) in item === (not === undefined);
  }
  const [, test, tested, part] = PART.exec(clause) ?? [];
  if (tested !== undefined && part !== undefined) {
    return (item, placeholders) =>
      holds(item[nameOf(tested, placeholders)], valueOf(part, placeholders), {
        onlyAtStart: test === 'begins_with',
      });
  }
  const [, compared, operator, operand] = COMPARISON.exec(clause) ?? [];
  if (compared !== undefined && operator !== undefined && operand !== undefined) {
    return (item, placeholders) => {
      const actual = item[nameOf(compared, placeholders)];
      return compares(actual, operator, valueOf(operand, placeholders));
    };
  }
  const [, between, from, to] = BETWEEN.exec(clause) ?? [];
  if (between !== undefined && from !== undefined && to !== undefined) {
    return (item, placeholders) => {
      const actual = item[nameOf(between, placeholders)];
      const [least, most] = [valueOf(from, placeholders), valueOf(to, placeholders)];
      return compares(actual, '>=', least) && compares(actual, '<=', most);
    };
  }
  throw new Error(`The model of DynamoDB does not know the condition ${clause}`);
}

/** Whether a text holds another one, or a set of texts holds it as a member. */
function holds(
  actual: AttributeValue | undefined,
  { S: text }: AttributeValue,
  { onlyAtStart }: { onlyAtStart: boolean },
): boolean {
  if (text === undefined) throw new Error('The model of DynamoDB looks for texts only');
  if (onlyAtStart) return actual?.S?.startsWith(text) === true;
  return actual?.S?.includes(text) === true || actual?.SS?.includes(text) === true;
}

/** Values of different types are never equal, and none of them is less. */
function compares(actual: AttributeValue | undefined, operator: string, operand: AttributeValue): boolean {
  if (actual === undefined || typeOf(actual) !== typeOf(operand)) return false;
  const order = compareValues(actual, operand);
  switch (operator) {
    case '=':
      return order === 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    default:
      return order >= 0;
  }
}

/** Negative, zero or positive. Strings by their UTF-8 bytes. Throws on values that have no order. */
export function compareValues(one: AttributeValue | undefined, other: AttributeValue | undefined): number {
  if (one?.N !== undefined && other?.N !== undefined) return Number(one.N) - Number(other.N);
  if (one?.S === undefined || other?.S === undefined)
    throw new Error('The model of DynamoDB compares texts and numbers only');
  if (one.S === other.S) return 0;
  return Buffer.compare(Buffer.from(one.S), Buffer.from(other.S));
}

function typeOf(value: AttributeValue): string | undefined {
  return Object.keys(value)[0];
}

const CLAUSE = /\b(SET|REMOVE|ADD)\s+((?:(?!\b(?:SET|REMOVE|ADD)\s).)+)/gs;

/**
 * The item after the update. Knows SET to a value, REMOVE, and ADD of a number or of a set of texts, which is
 * added to nothing where there is none.
 *
 * Throws on anything else.
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
 */
export function updated(item: Item, expression: string, placeholders: Placeholders): Item {
  const result: Record<string, AttributeValue> = { ...item };
  let rest = expression;
  for (const [clause, verb, list = ''] of expression.matchAll(CLAUSE)) {
    rest = rest.replace(clause, '');
    for (const action of list.split(',').map((text) => text.trim())) {
      applyAction(result, { verb, action }, placeholders);
    }
  }
  if (rest.trim() !== '') throw new Error(`The model of DynamoDB does not know the update ${rest}`);
  return result;
}

const ACTIONS: Readonly<Record<string, RegExp>> = {
  SET: new RegExp(String.raw`^(${NAME})\s*=\s*(:\w+)$`),
  ADD: new RegExp(String.raw`^(${NAME})\s+(:\w+)$`),
  REMOVE: new RegExp(String.raw`^(${NAME})$`),
};

function applyAction(
  item: Record<string, AttributeValue>,
  { verb = '', action }: { verb: string | undefined; action: string },
  placeholders: Placeholders,
): void {
  const [, name, operand = ''] = ACTIONS[verb]?.exec(action) ?? [];
  if (name === undefined) throw new Error(`The model of DynamoDB does not know ${verb} ${action}`);
  const attribute = nameOf(name, placeholders);
  if (verb === 'REMOVE') Reflect.deleteProperty(item, attribute);
  else if (verb === 'SET') item[attribute] = valueOf(operand, placeholders);
  else item[attribute] = sum(item[attribute], valueOf(operand, placeholders));
}

/** Thrown where an update adds to what is no number. */
export class IncorrectOperandError extends Error {
  override readonly name = 'IncorrectOperandError';
}

function sum(current: AttributeValue | undefined, addend: AttributeValue): AttributeValue {
  if (addend.SS) return { SS: [...new Set([...setOf(current), ...addend.SS])] };
  if (addend.N === undefined) throw new Error('The model of DynamoDB adds numbers and sets of texts only');
  if (current !== undefined && current.N === undefined)
    throw new IncorrectOperandError('An operand in the update expression has an incorrect data type');
  return { N: String(Number(current?.N ?? 0) + Number(addend.N)) };
}

function setOf(current: AttributeValue | undefined): readonly string[] {
  if (current === undefined) return [];
  if (current.SS) return current.SS;
  throw new IncorrectOperandError('An operand in the update expression has an incorrect data type');
}

/** The attributes that a projection names. */
export function projected(item: Item, expression: string, placeholders: Placeholders): Item {
  const names = expression.split(',').map((name) => nameOf(name.trim(), placeholders));
  return Object.fromEntries(Object.entries(item).filter(([name]) => names.includes(name)));
}

function nameOf(name: string, { ExpressionAttributeNames: names }: Placeholders): string {
  if (!name.startsWith('#')) return name;
  const found = names?.[name];
  if (found === undefined) throw new Error(`The expression names ${name}, which stands for nothing`);
  return found;
}

function valueOf(name: string, { ExpressionAttributeValues: values }: Placeholders): AttributeValue {
  const found = values?.[name];
  if (found === undefined) throw new Error(`The expression names ${name}, which stands for nothing`);
  return found;
}
