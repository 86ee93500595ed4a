import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import specification from '@asyncapi/specs/schemas/3.0.0.json' with { type: 'json' };
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

import { formatText } from '../../../tooling/format-text.ts';
import { buildAsyncApi } from '../../../shared/validation/async-api.ts';
import { ORDER_EVENT_TYPES } from '../../../shared/validation/orders/order-event.ts';
import { TRANSACTION_EVENT_TYPES } from '../../../shared/validation/webhooks/transaction-changed.ts';
import { CHECKOUT_EVENT_TYPE } from '../../../shared/validation/webhooks/checkout.ts';
import { sampleMessage } from './orders/order-samples.ts';

const FILE = fileURLToPath(new URL('../../../docs/schemas/asyncapi.json', import.meta.url));
const ObjectSchema = z.record(z.string(), z.unknown());
const readObject = (file: string) => ObjectSchema.parse(JSON.parse(readFileSync(file, 'utf8')));

const DocumentSchema = z.object({
  components: z.object({ messages: z.record(z.string(), z.object({ payload: ObjectSchema })) }),
});
const { messages } = DocumentSchema.parse(buildAsyncApi()).components;

describe('the AsyncAPI document', () => {
  it('is docs/schemas/asyncapi.json (UPDATE_SCHEMAS=1 writes it)', async () => {
    const document = buildAsyncApi();
    if (process.env['UPDATE_SCHEMAS'] === '1')
      writeFileSync(FILE, await formatText(FILE, JSON.stringify(document)));

    expect(readObject(FILE)).toEqual(JSON.parse(JSON.stringify(document)));
  });

  it('is a document of AsyncAPI 3.0, by its own schema', () => {
    // The schema of AsyncAPI includes that of JSON Schema.
    const ajv = new Ajv({ strict: false, validateFormats: false, meta: false, validateSchema: false });
    const isAsyncApi = ajv.compile(specification);

    expect([isAsyncApi(readObject(FILE)), isAsyncApi.errors]).toEqual([true, null]);
    expect(isAsyncApi({ ...readObject(FILE), channels: { orders: { address: 1 } } })).toBe(false);
  });

  it('has every message and every event, and no other', () => {
    const events = [...TRANSACTION_EVENT_TYPES, CHECKOUT_EVENT_TYPE];
    expect(Object.keys(messages)).toEqual([
      ...ORDER_EVENT_TYPES,
      ...events,
      ...events.map((name) => `${name}.delivery`),
    ]);
  });

  it('resolves each of its references', () => {
    const document = readObject(FILE);
    const references = Array.from(
      JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g),
      ([, path]) => path,
    );
    const found = references.map((path) =>
      path?.split('/').reduce<unknown>((value, name) => ObjectSchema.safeParse(value).data?.[name], document),
    );

    expect(references.length).toBeGreaterThanOrEqual(20);
    expect(found).not.toContain(undefined);
  });

  it('accepts what the reporter accepts, and no order without a total', () => {
    const ajv = new Ajv({ strict: false, validateFormats: false });
    const isOrder = ajv.compile(messages['order.created.v1']?.payload ?? false);

    expect(isOrder(sampleMessage())).toBe(true);
    expect(
      isOrder({ ...sampleMessage(), data: { ...ObjectSchema.parse(sampleMessage()['data']), total: '1' } }),
    ).toBe(false);
  });
});
