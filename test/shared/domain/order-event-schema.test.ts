import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';

import { buildMessageSchemas, ORDER_EVENT_TYPES } from '../../../shared/domain/order-event-schema.ts';

describe('the JSON Schema of the messages', () => {
  it.each(ORDER_EVENT_TYPES)(
    'stands in docs/schemas as the code says it (UPDATE_SCHEMAS=1 writes it): %s',
    async (type) => {
      const file = fileURLToPath(new URL(`../../../docs/schemas/${type}.schema.json`, import.meta.url));
      const schema = buildMessageSchemas()[type];
      if (process.env['UPDATE_SCHEMAS'] === '1') {
        writeFileSync(
          file,
          await format(JSON.stringify(schema), { ...(await resolveConfig(file)), filepath: file }),
        );
      }

      const current: unknown = JSON.parse(readFileSync(file, 'utf8'));

      expect(current).toEqual(JSON.parse(JSON.stringify(schema)));
    },
  );

  it('is of draft 2020-12 and closed where Button is strict', () => {
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
});
