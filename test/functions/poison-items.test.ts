// @module-tag volume
import { DeleteItemCommand, PutItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import {
  InjectedTransactionSchema,
  type InjectedTransactionInput,
} from '../../tooling/button-simulator/injected-transaction.ts';
import type { Measured, MetricName } from '../../shared/runtime/metric-definitions.ts';
import type { TransactionChangedDetail } from '../../shared/validation/webhooks/transaction-changed.ts';
import { orderMessage } from '../simulation/messages.ts';
import { QUEUES, TABLES } from '../simulation/resources.ts';
import { SimulatedWorld, type SimulatedWorldOptions } from '../simulation/world.ts';
import { volume } from '../volume.ts';

// A manual change or a bug can leave any item in a table and any message on a queue. None of them may block
// anything else.

const START = '2026-06-01T12:00:00.000Z';
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

type Item = Record<string, AttributeValue>;

let world: SimulatedWorld;
let measured: Measured[];
let logged: string[];

beforeEach(() => {
  logged = [];
  for (const level of ['info', 'warn', 'error'] as const)
    vi.spyOn(console, level).mockImplementation((...line: unknown[]) => {
      logged.push(JSON.stringify(line));
    });
});

/** No orders arrive in these tests, so the weeks that pass here do not need a sweep every minute. */
const NO_ORDERS = { retrySweep: { schedule: 'rate(1 day)' } };

function open(brand: object = NO_ORDERS, others: SimulatedWorldOptions = {}): void {
  measured = [];
  world = new SimulatedWorld({
    seed: 'poison',
    startAt: START,
    schedules: 'as-deployed',
    brand: { ...brand },
    measure: (one) => measured.push(one),
    ...others,
  });
}

const minutes = (count: number) => world.runFor(count * MINUTE_MS);

function button(row: InjectedTransactionInput): void {
  world.button.transactions.inject(
    InjectedTransactionSchema.parse({ amount: 600, currency: 'USD', status: 'pending', ...row }),
  );
}

/**
 * Puts the item, unless DynamoDB itself would refuse it, for example because an index key has another type.
 */
function put(table: string, item: Item): void {
  try {
    world.dynamodb.execute(new PutItemCommand({ TableName: table, Item: item }));
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ValidationException') throw error;
  }
}

const sum = (name: MetricName) =>
  measured.filter((one) => one.name === name).reduce((total, { value }) => total + value, 0);

const announced = () =>
  world.bus
    .map(({ detail }) => JSON.parse(detail) as TransactionChangedDetail)
    .map((one) => one.transactionKey);

const messagesOn = (queue: string) => world.sqs.contents(queue).length;

/**
 * Any value that an attribute of DynamoDB may have:
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html
 */
const attribute: fc.Arbitrary<AttributeValue> = fc.letrec<{ any: AttributeValue }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    fc.oneof(fc.string(), fc.constantFrom('', '0', 'pending', '2026', '1e400')).map((S) => ({ S })),
    fc
      .oneof(fc.integer().map(String), fc.constantFrom('0', '-1', '1.5', '12345678901234567890', '1E+125'))
      .map((N) => ({ N })),
    fc.uint8Array({ maxLength: 20 }).map((B) => ({ B })),
    fc.boolean().map((BOOL) => ({ BOOL })),
    fc.constant({ NULL: true }),
    fc.string().map((text) => ({ SS: [text] })),
    fc.integer().map((number) => ({ NS: [String(number)] })),
    fc.array(tie('any'), { maxLength: 2 }).map((L) => ({ L })),
    fc.dictionary(fc.string(), tie('any'), { maxKeys: 2 }).map((M) => ({ M })),
  ),
})).any;

/** An item with some attributes corrupted and others removed. */
function spoilt(item: Item, keys: readonly string[]): fc.Arbitrary<Item> {
  const names = Object.keys(item).filter((name) => !keys.includes(name));
  const change = fc.oneof(attribute, fc.constant(undefined));
  return fc
    .array(fc.tuple(fc.constantFrom(...names), change), { minLength: 1, maxLength: 3 })
    .map((changes) => {
      const entries = Object.entries({ ...item, ...Object.fromEntries(changes) });
      return Object.fromEntries(entries.flatMap(([name, value]) => (value ? [[name, value]] : [])));
    });
}

describe('a poison item of the transactions table', () => {
  it('is logged, counted and left out, and every other transaction is published, read and expired', async () => {
    open();
    await minutes(15);
    button({ id: 'tx-1', button_order_id: 'A' });
    await minutes(1);
    const stored = world.dynamodb.item(TABLES.transactions, 'order#A') ?? {};
    let number = 0;
    await fc.assert(
      fc.asyncProperty(spoilt(stored, ['pk', 'version']), async (item) => {
        number += 1;
        put(TABLES.transactions, { ...item, version: { N: String(1_900_000_000_000 + number) } });
        button({ id: `tx-w${number}`, button_order_id: `W${number}` });
        button({ id: 'tx-1', button_order_id: 'A', webhook: false });
        button({ id: `tx-r${number}`, button_order_id: `R${number}`, webhook: false });
        await minutes(15);

        expect(announced()).toEqual(expect.arrayContaining([`order#W${number}`, `order#R${number}`]));
      }),
      { numRuns: volume({ short: 3, long: 40 }) },
    );

    expect(sum('UnreadableItems')).toBeGreaterThan(0);
    expect(logged.filter((line) => line.includes('item_unreadable')).join(' ')).toContain('order#A');
  });

  it('blocks neither the expiry of personal data nor the deferred webhooks', async () => {
    const transactions = { personalDataDays: 30, finalizationDays: 20, overdueGraceDays: 10 };
    open(NO_ORDERS, { schedules: 'none', transactions });
    world.reconcile(['incremental']);
    await minutes(15);
    put(TABLES.transactions, { pk: { S: 'order#A' }, version: { S: 'spoilt' }, revision: { N: '1' } });
    put(TABLES.transactions, { pk: { S: 'order#B' }, partOf: { N: '1' }, version: { N: '1' } });
    for (const id of ['A', 'C']) button({ id: `tx-${id}`, button_order_id: id, status: 'validated' });
    await world.runFor(31 * DAY_MS);
    world.expirePersonalData();
    await minutes(15);

    expect(world.dynamodb.item(TABLES.transactions, 'order#C')).toHaveProperty('erasedAt');
    expect(sum('DeferredWebhooksQuarantined')).toBe(1);
    const unread = logged.filter((line) => line.includes('item_unreadable'));
    expect(unread.some((line) => line.includes('order#A'))).toBe(true);
    expect(unread.some((line) => line.includes('order#B'))).toBe(true);
  });

  it('is published once it has been fixed', async () => {
    open();
    await minutes(15);
    button({ id: 'tx-1', button_order_id: 'A' });
    await minutes(1);
    const stored = world.dynamodb.item(TABLES.transactions, 'order#A') ?? {};
    put(TABLES.transactions, { ...stored, status: { S: 'spoilt' } });
    await minutes(1);
    const before = announced().length;
    put(TABLES.transactions, stored);
    await minutes(1);

    expect(announced().slice(before)).toEqual(['order#A']);
  });
});

describe('a poison item of the positions table', () => {
  const PLACES: [string, Item][] = [
    ['a note of a conflict', { account: { S: '#conflicts' }, stream: { S: 'acc-1 2026 order#A' } }],
    ['the expiry pass', { account: { S: '#personal-data-expiry' }, stream: { S: 'pass' } }],
    ['a stream', { account: { S: 'acc-usd' }, stream: { S: 'incremental' } }],
    ['a report', { account: { S: 'acc-usd' }, stream: { S: 'drift-2026-06-01' } }],
  ];

  it.each(PLACES)('blocks no read and no pass: %s', async (_, key) => {
    open();
    await minutes(15);
    const account = world.dynamodb
      .items(TABLES.positions)
      .map((item) => item['account']?.S ?? '')
      .find((id) => id.startsWith('acc-'));
    const own = key['account']?.S === 'acc-usd' ? { ...key, account: { S: account ?? '' } } : key;
    let number = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.constantFrom('revision', 'pass', 'fence', 'rows', 'key'), attribute),
        async (rest) => {
          number += 1;
          put(TABLES.positions, { ...rest, ...own });
          button({ id: `tx-r${number}`, button_order_id: `R${number}`, webhook: false });
          await minutes(30);

          expect(announced()).toContain(`order#R${number}`);
        },
      ),
      { numRuns: volume({ short: 3, long: 15 }) },
    );
    await world.runFor(8 * DAY_MS);
    const pass = world.dynamodb
      .items(TABLES.positions)
      .find((item) => item['account']?.S === '#personal-data-expiry');
    expect(pass?.['pass']?.M).toHaveProperty('finishedAt');
    expect(messagesOn(QUEUES.readDeadLetters)).toBe(0);
  });
});

describe('a message of any content', () => {
  it('on the queue of read messages goes to quarantine, and its group goes on', async () => {
    open();
    await minutes(15);
    let number = 0;
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string({ minLength: 1 }), fc.json()), async (body) => {
        number += 1;
        const ids = { MessageGroupId: 'stream', MessageDeduplicationId: `poison-${number}` };
        world.sqs.execute(new SendMessageCommand({ QueueUrl: QUEUES.readQueue, MessageBody: body, ...ids }));
        await minutes(2);

        expect(messagesOn(QUEUES.readQueue)).toBe(0);
      }),
      { numRuns: volume({ short: 2, long: 30 }) },
    );
    const kept = world.dynamodb.items(TABLES.webhookQuarantine).map((item) => item['kind']?.S);
    expect(kept.filter((kind) => kind === 'read-message')).toHaveLength(number);
    expect(sum('UnreadableReadMessages')).toBe(number);
    expect(messagesOn(QUEUES.readDeadLetters)).toBe(0);
  });

  it('on the queue of deferred webhooks goes to quarantine, and others are applied in the meantime', async () => {
    open();
    await minutes(15);
    const bodies = fc.sample(fc.oneof(fc.string({ minLength: 1 }), fc.json()), 30);
    for (const body of new Set(bodies))
      world.sqs.execute(new SendMessageCommand({ QueueUrl: QUEUES.deferredWebhooks, MessageBody: body }));
    button({ id: 'tx-1', button_order_id: 'A' });
    await minutes(1);
    expect(announced()).toEqual(['order#A']);
    await minutes(60);

    expect(messagesOn(QUEUES.deferredWebhooks)).toBe(0);
    expect(messagesOn(QUEUES.deferredWebhooksDeadLetters)).toBe(0);
    expect(sum('DeferredWebhooksQuarantined')).toBe(new Set(bodies).size);
  });
});

describe('a poison item of the order ledger', () => {
  it('blocks only its own order, whose messages go to quarantine, and no sweep', async () => {
    open({});
    const send = (orderId: string, sequence: number) =>
      world.sendOrderMessage(
        orderMessage({
          orderId,
          sequence,
          kind: sequence === 1 ? 'created' : 'updated',
          total: 100 * sequence,
        }),
      );
    send('order-1', 1);
    await minutes(2);
    const keys = ['acme#order#order-1', 'acme#breaker'];
    const [first] = keys.map((key) => world.dynamodb.item(TABLES.orderLedger, key));
    let sequence = 1;
    await fc.assert(
      fc.asyncProperty(spoilt(first ?? {}, ['pk']), async (item) => {
        sequence += 1;
        const { dueAt: _due, ...rest } = item;
        const due = { dueShard: { S: 'acme#0' }, dueAt: { S: '2026-01-01T00:00:00.000Z' } };
        put(TABLES.orderLedger, { ...rest, body: { S: 'spoilt' }, ...due, receivedAt: { S: 'spoilt' } });
        put(TABLES.orderLedger, { pk: { S: 'acme#breaker' }, revision: { S: 'spoilt' } });
        send('order-1', sequence);
        send(`other-${sequence}`, 1);
        await minutes(3);

        const reported = world.button.orders.all().map(({ fields }) => fields.order_id);
        expect(reported).toContain(`other-${sequence}`);
        world.dynamodb.execute(
          new DeleteItemCommand({ TableName: TABLES.orderLedger, Key: { pk: { S: 'acme#breaker' } } }),
        );
      }),
      { numRuns: volume({ short: 2, long: 10 }) },
    );
    expect(messagesOn(QUEUES.orders)).toBe(0);
    expect(messagesOn(QUEUES.orderDeadLetters)).toBe(0);
    expect(sum('UnreadableLedgerItems')).toBeGreaterThan(0);
    const kept = world.dynamodb.items(TABLES.orderQuarantine).map((item) => item['orderId']?.S);
    expect(kept).toContain('order-1');
  });
});
