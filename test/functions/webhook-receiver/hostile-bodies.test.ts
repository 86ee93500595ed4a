// @module-tag volume
import { createHmac } from 'node:crypto';

import * as fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { everythingIsLive } from '../../fakes/cut-over.ts';
import { createCheckoutStore } from '../../../shared/transactions/store/checkout-store.ts';
import { receiveEvent, type ReceiveOutcome } from '../../../functions/webhook-receiver/receive-event.ts';
import { readWebhook } from '../../../shared/validation/webhooks/transaction-wire.ts';
import { transactionKey } from '../../../shared/validation/webhooks/transaction.ts';
import { createSampler } from '../../../shared/runtime/sampler.ts';
import { createQuarantineStore, type QuarantineEntry } from '../../../shared/quarantine/quarantine-store.ts';
import {
  createTransactionStore,
  type TransactionStore,
} from '../../../shared/transactions/store/transaction-store.ts';
import { startTestDynamoDB, type TestDynamoDB } from '../../emulators/dynamodb.ts';
import pending from '../../fixtures/button/webhook-tx-pending.json' with { type: 'json' };
import { volume } from '../../volume.ts';

const RUNS = volume({ short: 60, long: 2000 });
const SECRETS = [{ name: 'main', secret: 'whsec-1' }];

let dynamodb: TestDynamoDB;
let transactions: TransactionStore;
let nextOrder = 0;

beforeAll(async () => {
  dynamodb = await startTestDynamoDB();
  transactions = createTransactionStore({
    client: dynamodb.client,
    table: dynamodb.tables.transactions,
    shopperField: 'publisher_customer_id',
  });
});

afterAll(() => dynamodb.close());

beforeEach(() => {
  for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(console, level).mockReturnValue();
});

afterEach(() => vi.restoreAllMocks());

/** A webhook about its own order, with other fields in `data`. */
function webhook(changes: object = {}): string {
  nextOrder += 1;
  const data = { ...pending.data, button_order_id: `btnorder-${nextOrder}`, ...changes };
  return JSON.stringify({ ...pending, id: `hook-${nextOrder}`, data });
}

/**
 * Receives an authentic body while every store is up. Returns the outcome, and whether its bytes are kept.
 */
async function receive(body: Uint8Array): Promise<{ outcome: ReceiveOutcome; kept: boolean }> {
  const quarantined: QuarantineEntry[] = [];
  const store = createQuarantineStore({
    client: dynamodb.client,
    table: dynamodb.tables.quarantine,
    retentionDays: 30,
  });
  const reading = { status: 'set', value: SECRETS } as const;
  const outcome = await receiveEvent(
    { body, signature: createHmac('sha256', 'whsec-1').update(body).digest('hex') },
    {
      secrets: { read: () => Promise.resolve(reading), refresh: () => Promise.resolve(reading) },
      transactions,
      checkouts: createCheckoutStore({ client: dynamodb.client, table: dynamodb.tables.transactions }),
      quarantine: {
        put: (entry) => {
          quarantined.push(entry);
          return store.put(entry);
        },
      },
      // Every store is up, so a webhook that is deferred means a bug in this project.
      defer: () => Promise.reject(new Error('nothing is down')),
      forgeries: createSampler(1000, () => 0),
      cutOver: everythingIsLive,
      metrics: { add: () => undefined },
      now: () => new Date('2026-06-01T12:00:00.000Z'),
    },
  );
  if (outcome === 'quarantined') {
    const isWhole = Buffer.from(quarantined[0]?.bytes ?? []).equals(body);
    return { outcome, kept: isWhole && quarantined[0]?.reasons[0]?.code !== 'not_stored' };
  }
  const webhookRead = readWebhook(body);
  const stored = webhookRead.ok && (await transactions.read(transactionKey(webhookRead.transaction)));
  return { outcome, kept: stored !== false && stored !== undefined };
}

const repeated = (text: string, times: number): string => text.repeat(times);
const LONG = repeated('x', 100_000);

const corpus: [name: string, body: string | Uint8Array][] = [
  ['nothing', ''],
  ['a byte order mark before it', `\uFEFF${webhook()}`],
  ['a byte order mark alone', '\uFEFF'],
  ['line ends of Windows', JSON.stringify(JSON.parse(webhook()), null, 2).replaceAll('\n', '\r\n')],
  ['white space around it', ` \n\t${webhook()}\r\n `],
  ['half of it', webhook().slice(0, 300)],
  ['it twice', webhook() + webhook()],
  ['bytes that are not UTF-8', Buffer.concat([Buffer.from(webhook()), Buffer.of(0xff, 0xfe)])],
  ['UTF-16', Buffer.from(webhook(), 'utf16le')],
  ['an overlong encoding', Buffer.from(webhook().replace('"USD"', '"US\u00c0\u0080"'), 'latin1')],
  ['half a surrogate pair in a field', webhook({ pub_ref: '\uD800' })],
  ['half a surrogate pair in a field that is not read', webhook({ description: '\uDC00' })],
  ['a NUL', webhook({ pub_ref: 'a\0b' })],
  ['every field twice', webhook().replaceAll(/"(\w+)":("[^"]*")/g, '"$1":"first","$1":$2')],
  ['an id twice', webhook().replace('"id"', '"id":"hook-first","id"')],
  ['__proto__ at the top', webhook().replace('{', '{"__proto__":{"status":"validated","polluted":1},')],
  ['__proto__ in its data', webhook().replace('"data":{', '"data":{"__proto__":{"polluted":1},')],
  ['constructor in its data', webhook({ constructor: { prototype: { polluted: 1 } }, toString: 1 })],
  ['__proto__ alone', '{"__proto__":{"id":"x","event_type":"tx-pending","data":{}}}'],
  [
    '10,000 levels of lists',
    `{"id":"h","event_type":"t","data":${repeated('[', 10_000)}${repeated(']', 10_000)}}`,
  ],
  [
    '10,000 levels in a field',
    webhook().replace('"data":{', `"data":{"deep":${repeated('[', 10_000)}${repeated(']', 10_000)},`),
  ],
  ['10,000 levels that are not closed', repeated('{"a":', 10_000)],
  ['a number beyond all numbers', webhook({ amount: 77 }).replace('"amount":77', '"amount":1e400')],
  ['such a number in a field that is not read', webhook({ odd: 77 }).replace('"odd":77', '"odd":1e400')],
  ['a negative one', webhook({ amount: 77 }).replace('"amount":77', '"amount":-1e400')],
  [
    'an integer that a number cannot hold',
    webhook({ amount: 77 }).replace('"amount":77', '"amount":9007199254740993'),
  ],
  ['forty digits', webhook({ amount: 77 }).replace('"amount":77', `"amount":${repeated('9', 40)}`)],
  ['a fraction', webhook({ amount: 0.1 })],
  ['minus nothing', webhook({ amount: 77 }).replace('"amount":77', '"amount":-0')],
  ['100 KB in a field that is read', webhook({ pub_ref: LONG })],
  ['100 KB in the order id', webhook({ button_order_id: LONG })],
  ['100 KB in a date', webhook({ modified_date: LONG })],
  [
    '100 KB of digits in a date',
    webhook({ modified_date: `2026-01-01T10:00:00.${repeated('0', 100_000)}Z` }),
  ],
  ['100 KB in a field that is not read', webhook({ description: LONG })],
  ['100 KB in the type of the event', webhook().replace('"tx-pending"', `"${LONG}"`)],
  ['100 KB in its id', webhook().replace(/"id":"hook-\d+"/, `"id":"${LONG}"`)],
  ['an empty id', webhook().replace(/"id":"hook-\d+"/, '"id":""')],
  [
    '10,000 unknown fields',
    webhook(Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`f${n}`, n]))),
  ],
  [
    '10,000 lines',
    webhook({ order_line_items: Array.from({ length: 10_000 }, () => ({ identifier: 'a' })) }),
  ],
  ['an empty shopper', webhook({ publisher_customer_id: '' })],
  ['a shopper too long for the index', webhook({ publisher_customer_id: repeated('é', 2000) })],
  ['a date that does not exist', webhook({ modified_date: '2026-02-30T10:00:00Z' })],
  ['a year of five digits', webhook({ modified_date: '+012026-01-01T10:00:00Z' })],
  ['a list', '[]'],
  ['a number', '42'],
  ['a text', '"tx-pending"'],
];

describe('an authentic webhook', () => {
  it.each(corpus)('is kept, and acknowledged, with %s (C3, C5)', async (_name, body) => {
    const { outcome, kept } = await receive(Buffer.from(body));

    expect(['applied', 'unchanged', 'quarantined']).toContain(outcome);
    expect(kept).toBe(true);
    expect(Object.prototype).not.toHaveProperty('polluted');
  });

  it('is kept, and acknowledged, whatever its fields contain (C3, C4, C5)', async () => {
    const value = fc.oneof(
      fc.jsonValue(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom(null, '', 0, -1, 2 ** 53, 1.5, '2026-06-01', 'validated', [], {}, [null]),
    );
    const field = fc.oneof(
      fc.constantFrom(...Object.keys(pending.data)),
      fc.constantFrom('__proto__', 'constructor', 'toJSON', 'length', ''),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(field, value), { minLength: 1, maxLength: 5 }), async (changes) => {
        const { outcome, kept } = await receive(Buffer.from(webhook(Object.fromEntries(changes))));

        expect(['applied', 'unchanged', 'quarantined']).toContain(outcome);
        expect(kept).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });

  it('is kept, and acknowledged, whatever its bytes are (C3, C5)', async () => {
    const authentic = Buffer.from(webhook());
    const garbled = fc
      .array(fc.tuple(fc.nat(authentic.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 6 })
      .map((changes) => {
        const bytes = Buffer.from(authentic);
        for (const [at, byte] of changes) bytes[at] = byte;
        return bytes;
      });
    await fc.assert(
      fc.asyncProperty(fc.oneof(garbled, fc.uint8Array({ maxLength: 200 })), async (bytes) => {
        const { outcome, kept } = await receive(bytes);

        expect(['applied', 'unchanged', 'quarantined']).toContain(outcome);
        expect(kept).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });
});
