import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { formatText } from '../../../../tooling/format-text.ts';
import { asJsonObject, type JsonObject } from '../../../../shared/validation/json/json-object.ts';
import {
  buildMessageSchemas,
  ORDER_EVENT_TYPES,
} from '../../../../shared/validation/orders/order-event-schema.ts';
import { parseOrderEvent } from '../../../../shared/validation/orders/order-event.ts';
import { sampleMessage, sampleOrder, SETTINGS } from './order-samples.ts';

type Field = { name: string; isRequired: boolean; schema: JsonObject };

const at = (value: unknown, ...names: string[]): JsonObject =>
  names.reduce<JsonObject>((fields, name) => asJsonObject(fields[name]) ?? {}, asJsonObject(value) ?? {});

/** The schema of a field without the blank alternative. */
function ruleOf(schema: JsonObject): JsonObject {
  const { anyOf } = schema;
  return Array.isArray(anyOf) ? at(anyOf[0]) : schema;
}

/** The fields of an order, as in the schema of a message: `customer.id`, `line_items[].upc`. */
function fieldsOf(schema: JsonObject, prefix = ''): Field[] {
  const required = Array.isArray(schema['required']) ? (schema['required'] as unknown[]) : [];
  return Object.entries(at(schema, 'properties')).flatMap(([name, value]) => {
    const field = { name: `${prefix}${name}`, isRequired: required.includes(name), schema: at(value) };
    const rule = ruleOf(field.schema);
    return [
      field,
      ...(rule['properties'] ? fieldsOf(rule, `${field.name}.`) : []),
      ...(at(rule, 'items')['properties'] ? fieldsOf(at(rule, 'items'), `${field.name}[].`) : []),
    ];
  });
}

const ORDER = at(buildMessageSchemas()['order.created.v1'], 'properties', 'data');

/** The sample message with another value of one field of the order. */
function messageWith(name: string, value: unknown): string {
  const [own = '', inner] = name.split(/(?:\[\])?\./);
  const order: JsonObject = sampleOrder();
  const [first, ...others] = sampleOrder().line_items ?? [];
  const changed =
    inner === undefined
      ? { [own]: value }
      : own === 'customer'
        ? { customer: { ...sampleOrder().customer, [inner]: value } }
        : { line_items: [{ ...first, [inner]: value }, ...others] };
  return JSON.stringify({ ...sampleMessage(), data: { ...order, ...changed } });
}

describe('the JSON Schema of the messages', () => {
  it.each(ORDER_EVENT_TYPES)(
    'is in docs/schemas as the code defines it (UPDATE_SCHEMAS=1 writes it): %s',
    async (type) => {
      const file = fileURLToPath(new URL(`../../../../docs/schemas/${type}.schema.json`, import.meta.url));
      const schema = buildMessageSchemas()[type];
      if (process.env['UPDATE_SCHEMAS'] === '1') {
        writeFileSync(file, await formatText(file, JSON.stringify(schema)));
      }

      const current: unknown = JSON.parse(readFileSync(file, 'utf8'));

      expect(current).toEqual(JSON.parse(JSON.stringify(schema)));
    },
  );

  it('is of draft 2020-12, and closed where Button is strict', () => {
    const schema = buildMessageSchemas()['order.created.v1'];

    expect(schema).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      required: expect.arrayContaining(['specversion', 'id', 'source', 'type', 'subject', 'data']) as unknown,
      properties: {
        data: {
          additionalProperties: false,
          required: ['total', 'currency', 'order_id', 'purchase_date'],
          properties: { total: { type: 'integer', minimum: 0, maximum: 2147483647 } },
        },
      },
    });
    expect(schema).not.toHaveProperty('additionalProperties', false);
  });

  it('describes every field of the order, and docs/order-messages.md agrees', () => {
    const page = readFileSync(new URL('../../../../docs/order-messages.md', import.meta.url), 'utf8');
    const rows = page.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));

    const missing = fieldsOf(ORDER).filter(
      ({ name, isRequired, schema }) =>
        !rows.some(
          ([, field, required, meaning]) =>
            field === `\`${name}\`` &&
            required === (isRequired ? 'yes' : '') &&
            meaning === (schema['description'] ?? 'missing'),
        ),
    );

    expect(fieldsOf(ORDER).length).toBeGreaterThan(20);
    expect(missing.map(({ name }) => name)).toEqual([]);
  });

  it('has a rule and a valid example for every field in docs/order-messages.md', () => {
    const page = readFileSync(new URL('../../../../docs/order-messages.md', import.meta.url), 'utf8');
    const rows = page.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));

    for (const { name } of fieldsOf(ORDER)) {
      const [, , , , rule = '', example = ''] = rows.find(([, field]) => field === `\`${name}\``) ?? [];
      const value: unknown = JSON.parse(example.replaceAll('`', ''));
      const settings = { ...SETTINGS, allowFinalizationDate: true };
      const parsing = parseOrderEvent(messageWith(name, value), settings);

      expect(rule, name).toMatch(/\.$/);
      // An example is about one field: the sums of the other fields do not matter.
      const violations = parsing.ok ? [] : parsing.violations.map(({ code }) => code);
      expect({ name, violations: violations.filter((code) => code !== 'total_not_sum') }).toEqual({
        name,
        violations: [],
      });
    }
  });

  it.each(fieldsOf(ORDER).filter(({ isRequired }) => !isRequired))(
    'lets the optional field $name be null or an empty string, as the reporter does',
    ({ name, schema }) => {
      expect(schema['anyOf']).toContainEqual({ enum: [null, ''] });
      for (const blank of [null, ''])
        expect(parseOrderEvent(messageWith(name, blank), SETTINGS)).toMatchObject({ ok: true });
    },
  );

  it.each(fieldsOf(ORDER).filter(({ isRequired }) => isRequired))(
    'does not let the required field $name be null, nor does the reporter',
    ({ name, schema }) => {
      expect(JSON.stringify(schema)).not.toContain('null');
      expect(parseOrderEvent(messageWith(name, null), SETTINGS)).toMatchObject({ ok: false });
    },
  );

  it('refuses a line feed at the end in every language, even where $ matches before it', () => {
    const patterns: { pattern: string; not: unknown }[] = [];
    const visit = (value: unknown): void => {
      const rules = asJsonObject(value);
      if (rules && typeof rules['pattern'] === 'string' && rules['pattern'].endsWith('$'))
        patterns.push({ pattern: rules['pattern'], not: rules['not'] });
      if (typeof value === 'object' && value !== null) Object.values(value).forEach(visit);
    };

    visit(buildMessageSchemas());

    expect(patterns.length).toBeGreaterThan(15);
    expect(
      patterns.filter(({ not }) => !JSON.stringify(not ?? null).includes('{"pattern":"\\\\n"}')),
    ).toEqual([]);
    // Python has no `(?<name>`, and RE2 (Go) no look-around.
    expect(patterns.filter(({ pattern }) => /\(\?[^:]/.test(pattern))).toEqual([]);
  });
});
