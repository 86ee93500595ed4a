import { hash } from 'node:crypto';

import { buildMessageSchemas } from '../../shared/validation/orders/order-event-schema.ts';
import type { Random } from './random.ts';

/** The part of JSON Schema that the messages use. */
type Schema = {
  type?: string;
  properties?: Record<string, Schema>;
  required?: readonly string[];
  items?: Schema;
  additionalProperties?: boolean | Schema;
  anyOf?: readonly Schema[];
  enum?: readonly (string | null)[];
  pattern?: string;
  minimum?: number;
  maxLength?: number;
  maxItems?: number;
};

/** The values that all versions of an order share. */
export type OrderTraits = {
  orderId: string;
  currency: string;
  /** The same instant in several formats. */
  purchaseDates: readonly [string, ...string[]];
  tokens: readonly [string, ...string[]];
  /** The probability that a version carries one of the tokens. */
  tokenChance: number;
  mayHaveFinalizationDate: boolean;
};

/** The forms of an optional field: `empty` is an empty string, list or object. */
type Form = 'value' | 'absent' | 'null' | 'empty';

/**
 * `note` is called with the form of each optional field and its path in the message, for example
 * `data.line_items[].sku`.
 */
export type Draw = { random: Random; traits: OrderTraits; note?: (path: string, form: Form) => void };

const SCHEMAS = buildMessageSchemas() as Record<string, Schema>;
const MESSAGE = SCHEMAS['order.updated.v1'] ?? {};
const ORDER = valueSchema(MESSAGE.properties?.['data'] ?? {});

/**
 * Instants in the ISO 8601 formats that shops write: with and without offset, seconds, separators or a
 * fraction.
 */
const PURCHASE_DATES = [
  [
    '2026-06-01T11:00:00Z',
    '2026-06-01T11:00:00.000Z',
    '2026-06-01T13:00:00+02:00',
    '2026-06-01T11:00:00+0000',
    '2026-06-01T11:00:00+00',
    '2026-06-01T11:00Z',
    '2026-06-01T11:00:00',
    '2026-06-01T11:00',
    '2026-06-01T11:00:00,0Z',
    '20260601T110000Z',
    '2026-152T11:00:00Z',
    '2026-W23-1T11:00:00Z',
  ],
  ['2026-06-01', '2026-06-01T00:00:00Z', '20260601'],
] as const;

/** The traits of a new order. */
export function drawTraits(
  random: Random,
  { orderId, mayHaveFinalizationDate }: Pick<OrderTraits, 'orderId' | 'mayHaveFinalizationDate'>,
): OrderTraits {
  const token = (number: number): string =>
    `fakesrctok-${hash('sha256', `${orderId} ${number}`).slice(0, 16)}`;
  return {
    orderId,
    currency: random.pick(['USD', 'USD', 'EUR', 'JPY']),
    purchaseDates: random.pick(PURCHASE_DATES),
    tokens: random.chance(0.2) ? [token(1), token(1), token(2)] : [token(1)],
    tokenChance: random.pick([1, 1, 0.5, 0.3, 0]),
    mayHaveFinalizationDate,
  };
}

/**
 * Values of the fields that the schema does not describe completely. All other fields are drawn from the
 * schema alone.
 */
const VALUES: Readonly<Record<string, (draw: Draw) => unknown>> = {
  'data.currency': ({ traits }) => traits.currency,
  'data.order_id': ({ traits }) => traits.orderId,
  'data.purchase_date': ({ random, traits }) => random.pick(traits.purchaseDates),
  'data.btn_ref': ({ random, traits }) => random.pick(traits.tokens),
  'data.finalization_date': () => '2026-12-24T12:00:00Z',
  'data.customer.email_sha256': ({ random, traits }) => {
    const digits = hash('sha256', traits.orderId);
    return random.chance(0.5) ? digits : digits.toUpperCase();
  },
  'data.line_items[].upc': ({ random }) =>
    random.pick(['036000291452', '04252614', '0036000291452', '00036000291452', 'own-product-7']),
  datacontenttype: ({ random }) =>
    random.pick(['application/json', 'application/json; charset=utf-8', 'application/vnd.shop+json']),
};

/** The optional fields that the caller of `drawOrder` and `drawEnvelope` sets itself. */
const GIVEN = new Set(['data', 'data.line_items', 'time', 'sequence']);

/**
 * The fields of one version of an order: any that the schema allows, in any form. `total` and `line_items`
 * are as given.
 */
export function drawOrder(
  draw: Draw,
  { total, lines }: { total: number; lines: readonly number[] | Exclude<Form, 'value'> },
): Record<string, unknown> {
  const order = drawFields(draw, ORDER, { path: 'data', given: { total } });
  if (typeof lines === 'string') {
    draw.note?.('data.line_items', lines);
    return { ...order, ...(lines === 'absent' ? {} : { line_items: lines === 'null' ? null : [] }) };
  }
  draw.note?.('data.line_items', 'value');
  const schema = valueSchema(ORDER.properties?.['line_items'] ?? {}).items ?? {};
  const items = lines.map((lineTotal, index) =>
    drawFields(draw, schema, {
      path: 'data.line_items[]',
      given: { identifier: ['coat', 'socks', 'gloves'][index] ?? `line-${index}`, total: lineTotal },
    }),
  );
  return { ...order, line_items: items };
}

/** The optional attributes of a message, except those that identify it and its version. */
export function drawEnvelope(draw: Draw): Record<string, unknown> {
  const optional = Object.entries(MESSAGE.properties ?? {}).filter(
    ([name]) => MESSAGE.required?.includes(name) !== true && !GIVEN.has(name),
  );
  const attributes = drawFields(draw, { properties: Object.fromEntries(optional) }, { path: '', given: {} });
  return draw.random.chance(0.2) ? { ...attributes, traceparent: '00-4bf92f-01' } : attributes;
}

function drawFields(
  draw: Draw,
  schema: Schema,
  { path, given }: { path: string; given: Record<string, unknown> },
): Record<string, unknown> {
  const fields: Record<string, unknown> = { ...given };
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const at = path === '' ? name : `${path}.${name}`;
    if (name in given || GIVEN.has(at)) continue;
    const isRequired = schema.required?.includes(name) === true;
    const form = isRequired ? 'value' : drawForm(draw, at, property);
    if (!isRequired) draw.note?.(at, form);
    if (form === 'value') fields[name] = drawValue(draw, property, at);
    else if (form === 'null') fields[name] = null;
    else if (form === 'empty') fields[name] = pickOf(draw.random, emptiesOf(property));
  }
  return fields;
}

function drawForm({ random, traits }: Draw, path: string, schema: Schema): Form {
  if (path === 'data.finalization_date' && !traits.mayHaveFinalizationDate) return 'absent';
  const isGiven = random.chance(path === 'data.btn_ref' ? traits.tokenChance : 0.5);
  if (isGiven) return 'value';
  const form = random.pick(['absent', 'absent', 'absent', 'null', 'empty']);
  return form === 'empty' && emptiesOf(schema).length === 0 ? 'absent' : form;
}

function drawValue(draw: Draw, field: Schema, path: string): unknown {
  const special = VALUES[path];
  if (special) return special(draw);
  const { random } = draw;
  const schema = valueSchema(field);
  if (schema.enum) return pickOf(random, schema.enum);
  if (schema.pattern !== undefined || schema.anyOf) throw new Error(`Nothing says how ${path} is drawn`);
  switch (schema.type) {
    case 'string': {
      const longest = 'x'.repeat(Math.min(255, schema.maxLength ?? 300));
      return random.pick(['a', 'Jacke, grün 🧥', 'constructor', longest]);
    }
    case 'boolean':
      return random.chance(0.5);
    case 'integer':
      return random.between(Math.max(1, schema.minimum ?? 1), 5);
    case 'array':
      return Array.from({ length: random.between(1, Math.min(3, schema.maxItems ?? 3)) }, () =>
        drawValue(draw, schema.items ?? {}, `${path}[]`),
      );
    case 'object':
      return schema.properties
        ? drawFields(draw, schema, { path, given: {} })
        : { size: 'M', ...(random.chance(0.5) ? { coupon_code: 'SAVE10' } : {}) };
    default:
      throw new Error(`Nothing says how ${path} is drawn`);
  }
}

/** A field's schema without the alternative for a blank value. */
function valueSchema(schema: Schema): Schema {
  const values = schema.anyOf?.filter((one) => !isBlank(one)) ?? [];
  const [value] = values;
  return value && values.length === 1 ? value : schema;
}

function isBlank({ enum: allowed, type }: Schema): boolean {
  return type === 'null' || allowed?.every((value) => value === null || value === '') === true;
}

/** The empty values that a field can have: that of its type, and an empty string if the schema allows it. */
function emptiesOf(schema: Schema): unknown[] {
  const { type } = valueSchema(schema);
  const mayBeText = schema.anyOf?.some((one) => isBlank(one) && one.enum?.includes('')) === true;
  return [
    ...(type === 'string' || mayBeText ? [''] : []),
    ...(type === 'array' ? [[]] : []),
    ...(type === 'object' ? [{}] : []),
  ];
}

function pickOf(random: Random, values: readonly unknown[]): unknown {
  return values[random.between(0, values.length - 1)];
}

/** Every optional field of the messages by path, with its possible forms. */
export function optionalFields(): Map<string, readonly Form[]> {
  const fields = new Map<string, readonly Form[]>();
  const visit = (schema: Schema, path: string): void => {
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      const at = path === '' ? name : `${path}.${name}`;
      const isRequired = schema.required?.includes(name) === true;
      const empty = emptiesOf(property).length === 0 ? [] : (['empty'] as const);
      if (!isRequired) fields.set(at, ['value', 'absent', 'null', ...empty]);
      const value = valueSchema(property);
      visit(value, at);
      if (value.items) visit(value.items, `${at}[]`);
    }
  };
  visit(MESSAGE, '');
  return fields;
}
