import { readFileSync } from 'node:fs';

import {
  DynamoDBClient,
  GetItemCommand,
  ProvisionedThroughputExceededException,
} from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, it } from 'vitest';

import { everythingIsLive } from '../../fakes/cut-over.ts';
import { createInMemoryCheckouts } from '../../fakes/in-memory-checkouts.ts';
import {
  applyDeferred,
  type ApplyDeferredPorts,
  type DeferredMessage,
} from '../../../functions/deferred-webhooks/apply-deferred.ts';
import { erasureNote } from '../../../shared/transactions/rules/erasure-note.ts';
import type { Measured } from '../../../shared/runtime/metric-definitions.ts';
import { replayWebhook } from '../../../shared/transactions/replay-webhook.ts';
import { deferredMessage } from '../../../shared/transactions/deferred-webhook.ts';
import type { QuarantineEntry } from '../../../shared/quarantine/quarantine-store.ts';
import { isStoreOutage } from '../../../shared/dynamodb/store-outage.ts';
import type { TransactionStore } from '../../../shared/transactions/store/transaction-store.ts';
import { createInMemoryTransactions } from '../../fakes/in-memory-transactions.ts';

const BODY = readFileSync(new URL('../../fixtures/button/webhook-tx-pending.json', import.meta.url));

let hidden: number[];
let kept: QuarantineEntry[];
let measured: Measured[];

beforeEach(() => {
  hidden = [];
  kept = [];
  measured = [];
});

function ports(changes: Partial<ApplyDeferredPorts> = {}): ApplyDeferredPorts {
  return {
    transactions: createInMemoryTransactions(),
    checkouts: createInMemoryCheckouts(),
    quarantine: { put: (entry) => Promise.resolve({ isNew: kept.push(entry) > 0 }) },
    hide: (_receiptHandle, seconds) => Promise.resolve(void hidden.push(seconds)),
    maxReceives: 1000,
    cutOver: everythingIsLive,
    metrics: { add: (one) => measured.push(one) },
    now: () => new Date('2026-06-01T12:00:00.000Z'),
    ...changes,
  };
}

function message(receives = 1, body: Uint8Array = BODY): DeferredMessage {
  return {
    body: deferredMessage({ body, receivedAt: '2026-06-01T11:00:00.000Z' }),
    receiptHandle: 'r',
    receives,
  };
}

function failing(error: Error): TransactionStore {
  const fail = () => Promise.reject(error);
  return { read: fail, find: fail, putAlias: fail, readMany: fail, write: fail };
}

const throttled = failing(
  new ProvisionedThroughputExceededException({ message: 'slow down', $metadata: {} }),
);
const buggy = failing(new TypeError('SENTINEL is not a function'));
const countOf = (name: Measured['name']) => measured.filter((one) => one.name === name).length;

describe('transactions, requirement 11: a webhook that was deferred while its shopper was erased', () => {
  const shopperOf = (body: Uint8Array) =>
    (JSON.parse(Buffer.from(body).toString()) as { data: { publisher_customer_id: string } }).data
      .publisher_customer_id;
  const erased = (erasedAt: string, publisherCustomerId = shopperOf(BODY)) => ({
    erasures: () => Promise.resolve([erasureNote({ publisherCustomerId }, erasedAt)]),
  });

  it('is stored without them when it arrives, and rewards nobody', async () => {
    const transactions = createInMemoryTransactions();

    await applyDeferred(message(), ports({ transactions, ...erased('2026-06-01T11:30:00.000Z') }));

    expect(transactions.all()).toMatchObject([
      { erasedAt: '2026-06-01T11:30:00.000Z', notRewardableReason: 'erased' },
    ]);
    expect(JSON.stringify(transactions.changes())).not.toContain(shopperOf(BODY));
  });

  it('is stored like any other if it came after the erasure, or is about another shopper', async () => {
    for (const note of [erased('2026-06-01T10:59:59.000Z'), erased('2026-06-01T11:30:00.000Z', 'bob')]) {
      const transactions = createInMemoryTransactions();

      await applyDeferred(message(), ports({ transactions, ...note }));

      expect(JSON.stringify(transactions.all())).toContain(shopperOf(BODY));
    }
  });

  it.each([
    ['fails whatever the store does', BODY, 'not_applied'],
    [
      'is not understood',
      Buffer.from(BODY.toString().replace('"status": "pending"', '"status": "paid"')),
      'invalid_value',
    ],
  ])(
    'goes to quarantine without them if it %s, and rewards nobody when it is replayed',
    async (_, body, code) => {
      const note = erased('2026-06-01T11:30:00.000Z');

      await applyDeferred(message(5, body), ports({ transactions: buggy, ...note }));

      const [entry] = kept;
      const names = JSON.stringify(kept.map(({ id, bytes }) => [id, Buffer.from(bytes).toString()]));
      expect(entry?.reasons.map((reason) => reason.code)).toEqual([code, 'shopper_erased']);
      expect(names).not.toContain(shopperOf(BODY));
      const transactions = createInMemoryTransactions();
      const outcome = await replayWebhook(entry?.id ?? '', {
        ...ports({ transactions }),
        review: {
          read: () =>
            Promise.resolve(entry && { ...entry, refusals: 1, replays: 0, bytes: Buffer.from(entry.bytes) }),
          markReplayed: () => Promise.resolve(true),
        },
      });
      if (body === BODY)
        expect(transactions.all()).toMatchObject([{ notRewardableReason: 'erased', delivery: 'live' }]);
      expect(outcome).toBe(body === BODY ? 'applied' : 'quarantined');
      expect(kept.at(-1)?.reasons.map((reason) => reason.code)).toEqual([code, 'shopper_erased']);
    },
  );

  it.each([
    ['data in a list', { data: [{ publisher_customer_id: 'alice' }] }],
    ['data as JSON text', { data: '{"publisher_customer_id":"alice"}' }],
    ['no data', { publisher_customer_id: 'alice' }],
    [
      'an object in place of the id',
      { data: { id: { of: 'alice' }, publisher_customer_id: { id: 'alice' } } },
    ],
    ['the name in a line item', { data: { order_line_items: [{ attributes: { user: 'alice' } }] } }],
    ['another name beside an empty one', { data: { publisher_customer_id: null, thirdparty_id: 'alice' } }],
  ])('names them nowhere in quarantine, with %s', async (_, content) => {
    const body = Buffer.from(JSON.stringify({ id: 'hook-odd', event_type: 'tx-pending', ...content }));
    const note = erased('2026-06-01T11:30:00.000Z', 'alice');

    await applyDeferred(message(1, body), ports({ transactions: createInMemoryTransactions(), ...note }));

    expect(kept).toHaveLength(1);
    expect(Buffer.from(kept[0]?.bytes ?? '').toString()).not.toContain('alice');
  });

  it('is kept whole if only its amount is like the id of an erased shopper', async () => {
    const data = { id: 'tx-1', status: 'on-hold', amount: 1200, publisher_customer_id: 'alice' };
    const body = Buffer.from(JSON.stringify({ id: 'hook-odd', event_type: 'tx-pending', data }));
    const note = erased('2026-06-01T11:30:00.000Z', '1200');

    await applyDeferred(message(1, body), ports({ transactions: createInMemoryTransactions(), ...note }));

    expect(Buffer.from(kept[0]?.bytes ?? '').toString()).toContain('alice');
  });

  it('stays on the queue, and not in quarantine, while the erased shoppers cannot be looked up', async () => {
    const erasures = () => Promise.reject(new Error('down'));

    await expect(applyDeferred(message(5), ports({ transactions: buggy, erasures }))).rejects.toThrow('down');
    expect(kept).toEqual([]);
  });

  it('is also kept without them if it is about a checkout', async () => {
    const data = { btn_ref: 'fakesrctok-1', thirdparty_id: 'erin' };
    const body = Buffer.from(JSON.stringify({ id: 'hook-1', event_type: 'order-checkout', data }));
    const shoppers = [];
    for (const note of [
      erased('2026-06-01T11:30:00.000Z', 'erin'),
      erased('2026-06-01T10:30:00.000Z', 'erin'),
    ]) {
      const checkouts = createInMemoryCheckouts();
      await applyDeferred(message(1, body), ports({ checkouts, ...note }));
      shoppers.push(...[...checkouts.all().values()].map(({ shopper }) => shopper));
    }

    expect(shoppers).toEqual([null, 'erin']);
    expect(kept).toEqual([]);
  });

  it('waits while the erased shoppers cannot be looked up', async () => {
    const erasures = () => Promise.reject(new Error('down'));

    expect(await applyDeferred(message(), ports({ erasures }))).toBe('waiting');
  });

  it('is recognized by hashes under a separate key: the note names nobody', () => {
    const [one, other] = [1, 2].map(() => erasureNote({ publisherCustomerId: 'erin', pubRef: 'e-1' }, ''));

    expect(JSON.stringify(one)).not.toMatch(/erin|e-1/);
    expect(one?.hashes).toHaveLength(2);
    expect(one?.hashes).not.toEqual(other?.hashes);
  });
});

describe('applyDeferred', () => {
  it('applies a deferred webhook as of the time when it arrived', async () => {
    const transactions = createInMemoryTransactions();

    const outcome = await applyDeferred(message(), ports({ transactions }));

    expect(outcome).toBe('applied');
    expect(transactions.all()[0]?.seen[0]?.seenAt).toBe('2026-06-01T11:00:00.000Z');
    expect(measured).toContainEqual({ name: 'DeferredWebhooksApplied', value: 1 });
  });

  it('waits longer and longer while the store is down, up to 15 minutes (F1)', async () => {
    for (let receives = 1; receives <= 12; receives += 1) {
      expect(await applyDeferred(message(receives), ports({ transactions: throttled }))).toBe('waiting');
    }

    expect(hidden).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900, 900]);
    expect(kept).toEqual([]);
  });

  it('reports at each failed try since when the webhook has been deferred, and nothing once it is applied (F1)', async () => {
    await applyDeferred(message(3), ports({ transactions: throttled }));
    const whileDeferred = [...measured];
    measured = [];
    await applyDeferred(message(4), ports());

    expect(whileDeferred).toContainEqual({ name: 'OldestDeferredWebhookAgeSeconds', value: 3600 });
    expect(whileDeferred).toContainEqual({ name: 'DeferredWebhooksWaiting', value: 1 });
    expect(measured).toEqual([{ name: 'DeferredWebhooksApplied', value: 1 }]);
  });

  it('gives no webhook an age below zero, and no age to anything that is not a webhook', async () => {
    const early = () => new Date('2026-06-01T10:59:00.000Z');

    await applyDeferred(message(1), ports({ transactions: throttled, now: early }));
    await applyDeferred({ body: 'not ours', receiptHandle: 'r', receives: 1 }, ports());

    expect(measured.filter(({ name }) => name === 'OldestDeferredWebhookAgeSeconds')).toEqual([
      { name: 'OldestDeferredWebhookAgeSeconds', value: 0 },
    ]);
  });

  it('sends the bytes to quarantine on the last receive that SQS allows', async () => {
    const last = await applyDeferred(message(1000), ports({ transactions: throttled }));

    expect(last).toBe('quarantined');
    expect(kept).toMatchObject([{ kind: 'webhook', reasons: [{ code: 'not_applied' }] }]);
    expect(Buffer.from(kept[0]?.bytes ?? [])).toEqual(BODY);
  });

  it('quarantines a webhook that fails by a bug of ours after five tries, counted, without the text of the error (C5)', async () => {
    const outcomes = [];
    for (let receives = 1; receives <= 5; receives += 1) {
      outcomes.push(await applyDeferred(message(receives), ports({ transactions: buggy })));
    }

    expect(outcomes).toEqual(['waiting', 'waiting', 'waiting', 'waiting', 'quarantined']);
    expect(JSON.stringify(kept)).not.toContain('SENTINEL');
    expect([countOf('DeferredWebhooksQuarantined'), countOf('WebhooksQuarantined')]).toEqual([1, 1]);
  });

  it('quarantines it on the last receive if SQS allows fewer than five (C5)', async () => {
    const outcomes = [];
    for (let receives = 1; receives <= 3; receives += 1) {
      outcomes.push(await applyDeferred(message(receives), ports({ transactions: buggy, maxReceives: 3 })));
    }

    expect(outcomes).toEqual(['waiting', 'waiting', 'quarantined']);
  });

  it('counts an event that is not understood as quarantined', async () => {
    const outcome = await applyDeferred(message(1, Buffer.from('{"ping":true}')), ports());

    expect(outcome).toBe('applied');
    expect([kept.length, countOf('WebhooksQuarantined')]).toEqual([1, 1]);
  });

  it('keeps a message without an event as it is', async () => {
    const outcome = await applyDeferred({ body: 'not ours', receiptHandle: 'r', receives: 5 }, ports());

    expect(outcome).toBe('quarantined');
    expect(kept.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(['not ours']);
  });

  it('leaves the event on the queue if the quarantine is down too', async () => {
    const down = () => Promise.reject(new Error('down'));

    const applying = applyDeferred(
      message(1000),
      ports({ transactions: throttled, quarantine: { put: down } }),
    );

    await expect(applying).rejects.toThrow('down');
    expect(measured).toEqual([{ name: 'OldestDeferredWebhookAgeSeconds', value: 3600 }]);
  });
});

describe('isStoreOutage', () => {
  it('says yes if the table cannot be reached', async () => {
    const client = new DynamoDBClient({
      endpoint: 'http://127.0.0.1:1',
      region: 'eu-west-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
    });

    const error: unknown = await client
      .send(new GetItemCommand({ TableName: 'none', Key: { pk: { S: 'none' } } }))
      .catch((caught: unknown) => caught);
    client.destroy();

    expect(isStoreOutage(error)).toBe(true);
  });

  it('says no if DynamoDB calls the request invalid, and for any other error', () => {
    const invalid = Object.assign(
      new ProvisionedThroughputExceededException({ message: '', $metadata: {} }),
      { name: 'ValidationException' },
    );

    expect([invalid, new TypeError('x'), 'x', undefined].map(isStoreOutage)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});
