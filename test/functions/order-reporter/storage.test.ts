// @module-tag volume
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  reportOrder,
  type OrderMessage,
  type ReportOrderPorts,
} from '../../../functions/order-reporter/report-order.ts';
import type { OrderApi, OrderApiAnswer } from '../../../shared/button/order-api.ts';
import { createOrderLedger } from '../../../shared/orders/store/order-ledger-store.ts';
import { createQuarantineReview } from '../../../shared/quarantine/quarantine-review.ts';
import { createQuarantineStore } from '../../../shared/quarantine/quarantine-store.ts';
import { CLOSED_BREAKER } from '../../fakes/closed-breaker.ts';
import { startTestDynamoDB, type TestDynamoDB } from '../../emulators/dynamodb.ts';
import { volume } from '../../volume.ts';

const sample = JSON.parse(
  readFileSync(new URL('../../fixtures/button/order-create.json', import.meta.url), 'utf8'),
) as object;
/** SQS accepts messages of up to 1 MiB. */
const MOST_BYTES = 1_048_576;
/** DynamoDB accepts items of up to 400 KB. */
const MOST_ITEM_BYTES = 409_600;
const now = new Date('2026-06-01T12:00:00.000Z');

let dynamodb: TestDynamoDB;
let ids = 0;

beforeAll(async () => {
  dynamodb = await startTestDynamoDB();
});

afterAll(() => dynamodb.close());

function ports(answer: OrderApiAnswer): ReportOrderPorts {
  const call = () => Promise.resolve(answer);
  const orderApi: OrderApi = { create: call, update: call, cancel: call, get: call, getByToken: call };
  return {
    brand: 'acme',
    settings: { orderBy: 'sequence', testTokens: 'allow', allowFinalizationDate: false },
    policy: { quietTimeMs: 60_000, retryBaseMs: 1000, retryMaxMs: 900_000, jitter: () => 1 },
    ledger: createOrderLedger({ client: dynamodb.client, table: dynamodb.tables.orderLedger, brand: 'acme' }),
    quarantine: createQuarantineStore({
      client: dynamodb.client,
      table: dynamodb.tables.quarantine,
      retentionDays: 30,
    }),
    breaker: CLOSED_BREAKER,
    orderApi,
    metrics: { add: () => undefined },
    now: () => now,
    claimant: () => ({ owner: 'run', leaseMs: 30_000 }),
  };
}

/** Text that cannot be compressed, of about this many bytes. */
const noise = (bytes: number): string => randomBytes(Math.ceil((bytes * 3) / 4)).toString('base64');

function message(data: object, changes: object = {}): OrderMessage {
  ids += 1;
  const orderId = `order-${ids}`;
  const body = JSON.stringify({
    ...{ specversion: '1.0', id: `event-${ids}`, source: 'https://shop.example', subject: orderId },
    ...{ type: 'order.created.v1', sequence: '1', data: { ...sample, order_id: orderId, ...data } },
    ...changes,
  });
  return { messageId: `message-${ids}`, body, sentAt: now };
}

/** One line item with all of the text. */
const withText = (description: string) => ({
  total: 100,
  line_items: [{ identifier: 'a', total: 100, description }],
});

async function kept(messageId: string): Promise<string> {
  const review = createQuarantineReview({ client: dynamodb.client, table: dynamodb.tables.quarantine });
  return Buffer.from((await review.read('order#acme', messageId))?.bytes ?? []).toString('utf8');
}

async function itemBytes(orderId: string): Promise<number> {
  const { Item } = await dynamodb.client.send(
    new GetItemCommand({
      TableName: dynamodb.tables.orderLedger,
      Key: { pk: { S: `acme#order#${orderId}` } },
    }),
  );
  return Item ? Buffer.byteLength(Item['body']?.B ?? new Uint8Array()) + 1000 : 0;
}

const done: OrderApiAnswer = { answer: 'done', acceptedOnly: false, buttonOrderId: 'x'.repeat(255) };
const failing: OrderApiAnswer = {
  answer: 'unclear',
  reason: 'http_500',
  detail: { status: 500, type: noise(100).slice(0, 100), message: noise(1000).slice(0, 1000) },
};
const refused: OrderApiAnswer = { answer: 'refused', detail: { status: 400, message: noise(1000) } };

describe('orders, requirement 9: whatever is accepted can be stored', () => {
  it.each<[string, OrderApiAnswer]>([
    ['reported', done],
    ['failing', failing],
    ['refused', refused],
  ])('an order of any size is stored, or refused and kept with its bytes: %s', async (_what, answer) => {
    // Base64 compresses by a quarter, so from about 490 KB on it no longer fits.
    for (const bytes of [1000, 300_000, 470_000, 490_000, 500_000, 520_000, 700_000, 1_000_000]) {
      const sent = message(withText(noise(bytes)));
      expect(Buffer.byteLength(sent.body)).toBeLessThan(MOST_BYTES);

      const outcome = await reportOrder(sent, ports(answer));

      const isStored = (await itemBytes(`order-${ids}`)) > 1000;
      expect(await itemBytes(`order-${ids}`)).toBeLessThan(MOST_ITEM_BYTES);
      if (!isStored) expect(outcome).toBe('quarantined');
      if (outcome === 'quarantined') expect((await kept(sent.messageId)) === sent.body).toBe(true);
    }
  });

  it('fields that a later version leaves out, and an earlier one brought, fit together or are refused', async () => {
    const half = noise(250_000);
    const first = message({ ...withText(half), customer: { id: noise(230_000) } });
    const orderId = `order-${ids}`;
    const other = JSON.parse(message({ ...withText(noise(480_000)), customer: undefined }).body) as {
      data: object;
    };
    const second = {
      messageId: 'second',
      sentAt: now,
      body: JSON.stringify({
        ...other,
        ...{ subject: orderId, sequence: '2', type: 'order.updated.v1', id: 'second' },
        data: { ...other.data, order_id: orderId },
      }),
    };

    expect(await reportOrder(first, ports(done))).toBe('reported');
    expect(await reportOrder(second, ports(done))).toBe('quarantined');
    expect((await kept('second')) === second.body).toBe(true);
  });

  it('a refusal of any size is kept with its bytes, whatever its reasons quote from the message', async () => {
    const deep = (name: string, levels: number): string =>
      levels === 0 ? '1' : `{"${name}":${deep(name, levels - 1)}}`;
    const doubled = Array.from({ length: 110 }, (_, index) => `"n${index}":1,"n${index}":2`).join(',');
    const name = 'n'.repeat(2000);
    const bodies = [
      `{"data":${deep(name, 28)},"x":"${noise(600_000)}"}`,
      `{"data":{${`"${name}":{`.repeat(20)}${doubled}${'}'.repeat(20)}},"x":"${noise(500_000)}"}`,
      `{"data":{"\\ud800":1,"\\ud800x":2,"${noise(700_000)}":3}}`,
      noise(1_048_000),
      `"${'\\ud800'.repeat(100_000)}"`,
    ];

    for (const body of bodies) {
      expect(Buffer.byteLength(body)).toBeLessThanOrEqual(MOST_BYTES);
      const messageId = `refused-${(ids += 1)}`;

      expect(await reportOrder({ messageId, body, sentAt: now }, ports(done))).toBe('quarantined');
      expect((await kept(messageId)) === body).toBe(true);
    }
  });

  it('reasons of any length and number fit their item, together with bytes that fill it', async () => {
    const store = createQuarantineStore({
      client: dynamodb.client,
      table: dynamodb.tables.quarantine,
      retentionDays: 30,
    });
    const text = fc.oneof(
      fc.string({ maxLength: 50, unit: 'binary' }),
      fc.nat(20_000).map((length) => 'é'.repeat(length)),
      fc.nat(20_000).map((length) => '\ud83d\ude00'.repeat(length) + '\ud83d'),
    );
    const reason = fc.record({ code: text, path: text, problem: text, fix: text, source: text });
    const bytes = randomBytes(300_000);
    await fc.assert(
      fc.asyncProperty(fc.array(reason, { minLength: 1, maxLength: 3 }), fc.nat(200), async (some, times) => {
        const reasons = Array.from({ length: times + 1 }, () => some).flat();
        const id = `fits-${(ids += 1)}`;

        await store.put({
          kind: 'order#acme',
          id,
          bytes,
          reasons,
          refusedAt: now.toISOString(),
          origin: 'x',
        });

        const { Item } = await dynamodb.client.send(
          new GetItemCommand({
            TableName: dynamodb.tables.quarantine,
            Key: { kind: { S: 'order#acme' }, id: { S: id } },
          }),
        );
        expect(Item?.['reasons']?.L?.length).toBeGreaterThan(0);
        expect(Buffer.byteLength(JSON.stringify(Item?.['reasons']))).toBeLessThan(110_000);
      }),
      { numRuns: volume({ short: 2, long: 25 }) },
    );
  });

  it('a message does not stay on the queue because of a write that the table will never accept', async () => {
    const sent = message({ ...withText('x'), btn_ref: 'srctok-1' });
    const invalid = Object.assign(new Error('Item size has exceeded the maximum'), {
      name: 'ValidationException',
    });
    const refusing = {
      ...ports(done),
      ledger: { ...ports(done).ledger, write: () => Promise.reject(invalid) },
    };

    expect(await reportOrder(sent, refusing)).toBe('quarantined');
    expect(await kept(sent.messageId)).toBe(sent.body);
  });
});
