import { randomBytes } from 'node:crypto';

import {
  BatchGetItemCommand,
  type BatchGetItemCommandOutput,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { eraseTransaction } from '../../../../shared/transactions/rules/erase-transaction.ts';
import type {
  Observation,
  Transaction,
  TransactionRecord,
} from '../../../../shared/validation/webhooks/transaction.ts';
import { eraseShopper, expirePersonalData } from '../../../../shared/transactions/erase-shopper.ts';
import { RetryableError } from '../../../../shared/runtime/errors.ts';
import { packJson } from '../../../../shared/dynamodb/packed-json.ts';
import {
  deletePart,
  readOwner,
  scanAll,
  scanPublished,
  scanPage,
  type Scanned,
} from '../../../../shared/transactions/store/transaction-scan.ts';
import { createCheckoutStore } from '../../../../shared/transactions/store/checkout-store.ts';
import { asUnchangedRow, digestOfRow } from '../../../../shared/transactions/rules/unchanged-row.ts';
import {
  createTransactionStore,
  type AsUnchanged,
} from '../../../../shared/transactions/store/transaction-store.ts';
import {
  shopperTotals,
  type ShopperTotal,
  shopperTransactions,
} from '../../../../shared/transactions/store/shopper-index.ts';
import { UnreadableItemError } from '../../../../shared/dynamodb/unreadable-item.ts';
import { startTestDynamoDB, type TestDynamoDB } from '../../../emulators/dynamodb.ts';
import { createInMemoryTransactions } from '../../../fakes/in-memory-transactions.ts';
import { mergeTransaction } from '../../../fakes/merge-first.ts';
import { webhook } from '../../../fakes/observation.ts';

let dynamodb: TestDynamoDB;
let nextOrder = 0;

beforeAll(async () => {
  dynamodb = await startTestDynamoDB();
});

afterAll(async () => {
  await dynamodb.close();
});

const access = () => ({ client: dynamodb.client, table: dynamodb.tables.transactions });
const tableStore = () => createTransactionStore({ ...access(), shopperField: 'publisher_customer_id' });

function observation(changes: Partial<Transaction> = {}, payload: unknown = { note: 'small' }): Observation {
  return webhook(0, changes, { payload });
}

/** A record with its own order. */
function newRecord(changes: Partial<Transaction> = {}, payload?: unknown): TransactionRecord {
  nextOrder += 1;
  const first = observation({ buttonOrderId: `btnorder-${nextOrder}`, ...changes }, payload);
  return mergeTransaction(undefined, first).record;
}

/** Thousands of lines that cannot be compressed. */
function largePayload(kilobytes: number): { order_line_items: { description: string }[] } {
  const lines = Array.from({ length: kilobytes }, () => ({
    description: randomBytes(768).toString('base64'),
  }));
  return { order_line_items: lines };
}

async function scanned(): Promise<Scanned[]> {
  return collect(scanAll(access()));
}

async function partsOf(key: string): Promise<string[]> {
  return (await scanned()).flatMap((it) => (it.kind === 'part' && it.partOf === key ? [it.partKey] : []));
}

const erasing = () => ({
  all: scanAll(access()),
  transactions: tableStore(),
  readOwner: (key: string) => readOwner(access(), key),
  deletePart: (partKey: string) => deletePart(access(), partKey),
  now: () => new Date('2026-03-01T00:00:00.000Z'),
});

describe.each([
  ['in DynamoDB', tableStore],
  ['in memory', createInMemoryTransactions],
])('a transaction store %s', (_where, createStore) => {
  it('finds a purchase by its aliases, the first of which stays for ever', async () => {
    const store = createStore();
    const record = newRecord();
    const [alias, second] = [`tx#${record.key}`, `order#${record.key}`];

    expect(await store.putAlias(alias, record.key)).toBe(true);
    expect(await store.putAlias(second, alias)).toBe(true);
    expect(await store.find(second)).toEqual({ key: record.key, stored: undefined });
    expect((await store.write({ ...record, key: alias }, 0)).ok).toBe(false);
    await store.write(record, 0);

    const stored = { value: record, revision: 1 };
    expect(await store.find(second, { consistent: true })).toEqual({ key: record.key, stored });
    expect(await store.readMany([alias, second, 'tx#nobody'])).toEqual(
      new Map([
        [alias, stored],
        [second, stored],
      ]),
    );
    expect(await store.putAlias(alias, 'order#another')).toBe(false);
    expect(await store.putAlias(record.key, 'order#another')).toBe(false);
    expect(await store.write({ ...record, key: alias }, 0)).toEqual({ ok: false, current: stored });
  });

  it('returns what was written, under its revision', async () => {
    const store = createStore();
    const record: TransactionRecord = {
      ...eraseTransaction(newRecord(), '2026-03-01T00:00:00.000Z'),
      mergedInto: 'order#another',
      settlement: {
        id: 'tx-1',
        about: ['tx-1'],
        reason: 'asked Button',
        settledAt: '2026-02-01T00:00:00.000Z',
      },
    };

    const result = await store.write(record, 0);

    expect(result).toEqual({ ok: true, stored: { value: record, revision: 1 } });
    expect(await store.read(record.key)).toEqual({ value: record, revision: 1 });
    expect(await store.readMany([record.key, 'order#nobody'])).toEqual(
      new Map([[record.key, { value: record, revision: 1 }]]),
    );
  });

  it('writes nothing at another revision, and returns the current item', async () => {
    const store = createStore();
    const record = newRecord();
    await store.write(record, 0);

    const lost = await store.write({ ...record, version: 9 }, 0);

    expect(lost).toEqual({ ok: false, current: { value: record, revision: 1 } });
  });
});

describe('a transaction larger than an item', () => {
  it('is returned whole, by every way of reading (D11)', async () => {
    const record = newRecord({}, largePayload(1500));

    const { ok: written } = await tableStore().write(record, 0);
    const lost = await tableStore().write(record, 0);

    const expected = { value: record, revision: 1 };
    expect(written).toBe(true);
    expect(await partsOf(record.key)).not.toHaveLength(0);
    expect(await tableStore().read(record.key)).toEqual(expected);
    expect((await tableStore().readMany([record.key])).get(record.key)).toEqual(expected);
    expect(lost).toEqual({ ok: false, current: expected });
  });

  it('still reads as before when a writer died before its head, and goes on from there (D11)', async () => {
    const record = newRecord({}, largePayload(500));
    await tableStore().write(record, 0);
    const { record: next } = mergeTransaction(
      record,
      observation(
        { buttonOrderId: record.candidates[0].transaction.buttonOrderId, status: 'validated' },
        largePayload(500),
      ),
    );
    const dying = createTransactionStore({
      ...access(),
      client: failingAt(dynamodb.client, (item) => 'version' in item),
      shopperField: 'none',
    });

    await expect(dying.write(next, 1)).rejects.toThrow('died');
    const afterwards = await tableStore().read(record.key);
    const again = await tableStore().write(next, 1);

    expect(afterwards).toEqual({ value: record, revision: 1 });
    expect(again.ok).toBe(true);
    expect(await tableStore().read(record.key)).toEqual({ value: next, revision: 2 });
  });

  it('is written after its parts: if a part cannot be stored, nothing is (D11)', async () => {
    const record = newRecord({}, largePayload(500));
    const dying = createTransactionStore({
      ...access(),
      client: failingAt(dynamodb.client, (item) => 'partOf' in item),
      shopperField: 'none',
    });

    await expect(dying.write(record, 0)).rejects.toThrow('died');

    expect(await tableStore().read(record.key)).toBeUndefined();
  });

  it('is unreadable if a part is missing, until the same write fixes it', async () => {
    const record = newRecord({}, largePayload(500));
    await tableStore().write(record, 0);
    const [part = ''] = await partsOf(record.key);
    await deletePart(access(), part);

    await expect(tableStore().read(record.key)).rejects.toThrow(UnreadableItemError);
    await tableStore().write(record, 1);
    expect(await tableStore().read(record.key)).toEqual({ value: record, revision: 2 });
  });

  it('offers no way to delete a transaction itself', async () => {
    const record = newRecord();
    await tableStore().write(record, 0);

    await expect(deletePart(access(), record.key)).rejects.toThrow();
    expect(await tableStore().read(record.key)).toBeDefined();
  });
});

describe('an item that newer code has written', () => {
  it('keeps unknown attributes when this code writes it again (F8)', async () => {
    const record = newRecord();
    const { key, version, delivery, ...body } = record;
    const newer = packJson({ ...body, settledIn: 'the future' });
    await tableStore().write(record, 0);
    const { Item } = await dynamodb.client.send(
      new GetItemCommand({ TableName: dynamodb.tables.transactions, Key: { pk: { S: key } } }),
    );
    await dynamodb.client.send(
      new PutItemCommand({
        TableName: dynamodb.tables.transactions,
        Item: marshall({ ...unmarshall(Item ?? {}), body: newer }),
      }),
    );

    const read = await tableStore().read(key);
    const { buttonOrderId } = record.candidates[0].transaction;
    const merged = mergeTransaction(read?.value, observation({ buttonOrderId, status: 'validated' })).record;
    await tableStore().write(merged, 1);

    expect([version, delivery]).toEqual([1, 'live']);
    expect((await tableStore().read(key))?.value).toMatchObject({ version: 2, settledIn: 'the future' });
  });
});

describe('shopperTransactions', () => {
  it("lists a shopper's transactions, the latest first, over any number of pages", async () => {
    const mine = ['2026-01-01', '2026-03-01', '2026-02-01'].map((day) =>
      newRecord({ publisherCustomerId: 'lister', createdDate: `${day}T00:00:00Z` }),
    );
    for (const record of mine) await tableStore().write(record, 0);

    const listed = await collect(shopperTransactions(access(), 'lister', { pageSize: 1 }));

    expect(listed.map(({ createdDate, status, amountMinor }) => [createdDate, status, amountMinor])).toEqual([
      ['2026-03-01T00:00:00Z', 'pending', 600],
      ['2026-02-01T00:00:00Z', 'pending', 600],
      ['2026-01-01T00:00:00Z', 'pending', 600],
    ]);
  });
});

describe('shopperTotals', () => {
  it('leaves out what nobody may be rewarded for, and says since when the balance is complete', async () => {
    const store = tableStore();
    const own = (changes: Partial<Transaction>, more: Partial<TransactionRecord> = {}) =>
      store.write(
        { ...newRecord({ publisherCustomerId: 'saver', amountMinor: 100, ...changes }), ...more },
        0,
      );
    await own({ amountMinor: 600 });
    await own({}, { delivery: 'historical', notRewardableReason: 'historical' });
    await own({ category: 'App Install' });
    await own({ category: 'new-category' });
    await own({ status: 'declined', amountMinor: 7 });
    await own({ status: 'declined' }, { delivery: 'historical' });
    const contradicting = newRecord({ publisherCustomerId: 'saver', status: 'validated' });
    await store.write(
      {
        ...contradicting,
        cause: 'contradiction',
        notRewardableReason: 'conflict',
        candidates: [contradicting.candidates[0], contradicting.candidates[0]],
      },
      0,
    );

    const balance = await shopperTotals(access(), 'saver', {
      now: () => new Date('2026-03-12T00:00:00Z'),
      personalDataDays: 10,
    });

    expect(balance).toEqual({
      completeSince: '2026-03-02T00:00:00.000Z',
      totals: expect.toSatisfy((totals: ShopperTotal[]) => totals.length === 2) as ShopperTotal[],
    });
    expect(balance.totals).toEqual(
      expect.arrayContaining([
        { status: 'pending', currency: 'USD', amountMinor: 600, transactions: 1 },
        { status: 'declined', currency: 'USD', amountMinor: 7, transactions: 1 },
      ]),
    );
  });
});

describe('the index by shopper', () => {
  it.each([
    ['2048 bytes', 'é'.repeat(1024), true],
    ['2049 bytes', `${'é'.repeat(1024)}x`, true],
    ['the longest one, of 2048 characters', '店'.repeat(2048), true],
    ['none', '', false],
  ])(
    'finds every shopper, also one who is too long for a key of DynamoDB: %s',
    async (_, shopper, isIndexed) => {
      const record = newRecord({ publisherCustomerId: shopper });

      await tableStore().write(record, 0);

      const listed = await collect(shopperTransactions(access(), shopper, { pageSize: 1 }));
      expect(listed.map(({ pk }) => pk)).toEqual(isIndexed ? [record.key] : []);
      expect((await tableStore().read(record.key))?.value).toEqual(record);
    },
  );
});

describe('the row that would change nothing', () => {
  const shown = () => {
    nextOrder += 1;
    const row = observation({ buttonOrderId: `btnorder-${nextOrder}` });
    const digest = digestOfRow(JSON.stringify(row.payload));
    const source = { kind: 'api', readStartedAt: '2026-01-02T00:00:00.000Z', row: digest } as const;
    const read = { ...row, source };
    return { read, record: mergeTransaction(undefined, read).record };
  };
  const recognising =
    ({ payload }: Observation): AsUnchanged =>
    (_key, summary) =>
      asUnchangedRow(digestOfRow(JSON.stringify(payload)), summary);
  const item = async (key: string) => {
    const command = new GetItemCommand({ TableName: access().table, Key: { pk: { S: key } } });
    return (await dynamodb.client.send(command)).Item ?? {};
  };

  it.each([
    ['in DynamoDB', tableStore],
    ['in memory', createInMemoryTransactions],
  ])('is recognised %s under the key of the purchase itself, and not behind an alias', async (_, create) => {
    const store = create();
    const { read, record } = shown();
    const alias = `tx#${record.key}`;
    await store.putAlias(alias, record.key);
    await store.write(record, 0);
    const other = { ...read, payload: { note: 'another' } };

    const found = await store.readMany([record.key, alias], recognising(read));
    const changed = await store.readMany([record.key], recognising(other));

    expect(found.get(record.key)).toEqual({ isFromWebhook: false });
    expect(found.get(alias)).toEqual({ value: record, revision: 1 });
    expect(changed.get(record.key)).toEqual({ value: record, revision: 1 });
  });

  it('is recognised without its packed body, which is read only of rows that differ', async () => {
    const [same, other] = [shown(), shown()];
    for (const { record } of [same, other]) await tableStore().write(record, 0);
    const answers: BatchGetItemCommandOutput[] = [];
    const send = async (command: BatchGetItemCommand) => {
      const answer = await dynamodb.client.send(command);
      answers.push(answer);
      return answer;
    };
    const client = { send: send as DynamoDBClient['send'] };
    const store = createTransactionStore({ ...access(), client, shopperField: 'none' });

    const found = await store.readMany([same.record.key, other.record.key], (key, summary) =>
      key === same.record.key ? recognising(same.read)(key, summary) : undefined,
    );

    const items = answers.map(({ Responses }) => Responses?.[access().table] ?? []);
    expect(items.map((of) => of.filter((one) => 'body' in one).length)).toEqual([0, 1]);
    expect(found.get(other.record.key)).toEqual({ value: other.record, revision: 1 });
  });

  it('is not asked for if the item does not say which: older code wrote it, or a hand changed it', async () => {
    const { read, record } = shown();
    await tableStore().write(record, 0);
    const whole = await item(record.key);
    const { rowDigest: _none, ...older } = whole;
    const spoilt = [{ rowDigest: { N: '1' } }, { rowDigest: { S: '' } }, { schemaVersion: { N: '2' } }].map(
      (change) => ({ ...whole, ...change }),
    );

    for (const one of [older, ...spoilt]) {
      await dynamodb.client.send(new PutItemCommand({ TableName: access().table, Item: one }));
      const found = await tableStore().readMany([record.key], recognising(read));
      expect(found.get(record.key)).not.toHaveProperty('isFromWebhook');
    }
  });

  it('is not kept of an erased transaction, as a digest can confirm a guess', async () => {
    const { record } = shown();
    await tableStore().write(record, 0);
    expect(await item(record.key)).toHaveProperty('rowDigest');

    await tableStore().write(eraseTransaction(record, '2026-03-01T00:00:00.000Z'), 1);

    expect(await item(record.key)).not.toHaveProperty('rowDigest');
  });
});

describe('readMany', () => {
  it('requests again the keys that DynamoDB leaves unprocessed', async () => {
    const records = [newRecord(), newRecord({}, largePayload(500)), newRecord()];
    for (const record of records) await tableStore().write(record, 0);
    const store = createTransactionStore({ ...access(), client: oneByOne(), shopperField: 'none' });

    const found = await store.readMany(records.map(({ key }) => key));

    expect([...found.values()]).toMatchObject(records.map((value) => ({ value })));
  });

  it('fails, to be tried again, if DynamoDB keeps leaving keys unprocessed: a key that was not read is not absent', async () => {
    const client = {
      send: ({ input }: BatchGetItemCommand) => Promise.resolve({ UnprocessedKeys: input.RequestItems }),
    } as unknown as DynamoDBClient;
    const store = createTransactionStore({ ...access(), client, shopperField: 'none' });

    await expect(store.readMany(['order#1'])).rejects.toThrow(RetryableError);
  });
});

describe('scanPublished', () => {
  it('finds what was modified in the range, large or small, without parts, over any number of pages', async () => {
    const at = (modifiedDate: string, payload?: unknown) => newRecord({ modifiedDate }, payload);
    const inside = [at('2031-05-01T00:00:00Z'), at('2031-05-31T23:59:59Z', largePayload(500))];
    const outside = [at('2031-04-30T23:59:59Z'), at('2031-06-01T00:00:00Z')];
    for (const record of [...inside, ...outside]) await tableStore().write(record, 0);

    const published = await collect(
      scanPublished(
        { ...access(), client: oneByOne() },
        { start: '2031-05-01T00:00:00Z', end: '2031-06-01T00:00:00Z' },
      ),
    );

    const keys = published.map((one) => (one.kind === 'transaction' ? one.head.pk : 'a checkout'));
    expect(keys.sort()).toEqual(inside.map(({ key }) => key).sort());
  });

  it('finds the checkouts that were stored in the range', async () => {
    const put = (btnRef: string, storedAt: string) =>
      createCheckoutStore(access()).put(
        { eventId: `hook-${btnRef}`, btnRef, shopper: 'user-1', commerceOrganization: null, eventDate: null },
        new Date(storedAt),
      );
    await put('ref-in', '2032-05-31T23:59:59.999Z');
    await put('ref-before', '2032-04-30T23:59:59.999Z');
    await put('ref-behind', '2032-06-01T00:00:00.000Z');

    const published = await collect(
      scanPublished(access(), { start: '2032-05-01T00:00:00Z', end: '2032-06-01T00:00:00Z' }),
    );

    expect(published.map((one) => (one.kind === 'checkout' ? one.checkout.btnRef : one.head.pk))).toEqual([
      'ref-in',
    ]);
  });
});

describe('eraseShopper', () => {
  const eraseCheckout = () => Promise.reject(new Error('there is no checkout here'));

  it('leaves no personal data of that shopper in the table, parts included, and changes nobody else’s (S17)', async () => {
    const shopper = { publisherCustomerId: 'SENTINEL-shopper' };
    const payload = { publisher_customer_id: 'SENTINEL-shopper' };
    const mine = [
      newRecord(shopper, payload),
      newRecord({ ...shopper, status: 'validated' }, { ...payload, ...largePayload(500) }),
    ];
    const theirs = newRecord({ publisherCustomerId: 'somebody-else' });
    for (const record of [...mine, theirs]) await tableStore().write(record, 0);

    const found = await eraseShopper(shopper, { ...erasing(), eraseCheckout });

    const left = await scanned();
    expect(found).toBe(2);
    expect(JSON.stringify(left)).not.toContain('SENTINEL-shopper');
    expect(left.filter((it) => it.kind === 'part' && mine.some(({ key }) => key === it.partOf))).toEqual([]);
    expect((await tableStore().read(theirs.key))?.value).toEqual(theirs);
    const { totals } = await shopperTotals(access(), 'SENTINEL-shopper', { now: () => new Date() });
    expect(totals).toEqual([]);
  });

  it('removes what a writer has left in the meantime when it runs again', async () => {
    const record = newRecord({ pubRef: 'SENTINEL-ref' });
    await tableStore().write(record, 0);
    await eraseShopper({ pubRef: 'SENTINEL-ref' }, { ...erasing(), eraseCheckout });
    await dynamodb.client.send(
      new PutItemCommand({
        TableName: dynamodb.tables.transactions,
        Item: marshall({ pk: `${record.key}#part-x-1`, partOf: record.key, bytes: Buffer.from('SENTINEL') }),
      }),
    );

    const found = await eraseShopper({ pubRef: 'SENTINEL-ref' }, { ...erasing(), eraseCheckout });

    expect(found).toBe(0);
    expect(await partsOf(record.key)).toEqual([]);
  });

  it('finds every shopper whom an earlier version named (S17)', async () => {
    const record = newRecord({ publisherCustomerId: 'SENTINEL-earlier' });
    const { buttonOrderId } = record.candidates[0].transaction;
    const later = { buttonOrderId, publisherCustomerId: 'other', modifiedDate: '2026-01-09T00:00:00Z' };
    await tableStore().write(mergeTransaction(record, observation(later)).record, 0);

    expect(
      await eraseShopper({ publisherCustomerId: 'SENTINEL-earlier' }, { ...erasing(), eraseCheckout }),
    ).toBe(1);
    expect(JSON.stringify((await tableStore().read(record.key))?.value)).not.toContain('SENTINEL-earlier');
  });

  it('erases what a webhook has just changed (D10)', async () => {
    const record = newRecord({ publisherCustomerId: 'racing-shopper' });
    await tableStore().write(record, 0);
    const stale = await scanned();
    const { buttonOrderId } = record.candidates[0].transaction;
    const changed = observation({
      buttonOrderId,
      status: 'validated',
      publisherCustomerId: 'racing-shopper',
    });
    await tableStore().write(mergeTransaction(record, changed).record, 1);

    await eraseShopper(
      { publisherCustomerId: 'racing-shopper' },
      { ...erasing(), eraseCheckout, all: iterate(stale) },
    );

    const after = (await tableStore().read(record.key))?.value;
    expect(after).toMatchObject({ version: 2, erasedAt: '2026-03-01T00:00:00.000Z' });
    expect(JSON.stringify(after)).not.toContain('racing-shopper');
  });
});

/** Personal data that was stored more than 14 days before 29 January 2020 has expired. */
const RETENTION = {
  personalDataDays: 14,
  windows: new Map<string, number>(),
  finalizationDays: 9,
  graceDays: 5,
  at: '2020-01-29T00:00:00Z',
};
/** A record whose version was seen and stored then. */
const seenRecord = (seenAt: string, changes: Partial<Transaction>, payload?: unknown): TransactionRecord => {
  const { transaction, ...rest } = observation({ createdDate: '2020-01-01T00:00:00Z', ...changes }, payload);
  nextOrder += 1;
  const own = { ...transaction, buttonOrderId: `btnorder-${nextOrder}` };
  return { ...mergeTransaction(undefined, { ...rest, transaction: own, seenAt }).record, storedAt: seenAt };
};

describe('expirePersonalData', () => {
  it('erases what is old, final or pending, and keeps what is recent, whatever date Button gives', async () => {
    const old = seenRecord('2020-01-01T00:00:00Z', { status: 'validated' });
    const open = seenRecord('2020-01-01T00:00:00Z', { modifiedDate: '2099-01-01T00:00:00Z' });
    const recent = seenRecord('2020-01-20T00:00:00Z', {
      status: 'validated',
      modifiedDate: '2000-01-01T00:00:00Z',
    });
    const expected = seenRecord('2020-01-01T00:00:00Z', { createdDate: '2020-01-20T00:00:00Z' });
    for (const record of [old, open, recent, expected]) await tableStore().write(record, 0);
    const windows = new Map([['org-1', 40 * 1440]]);

    await expirePersonalData({ ...RETENTION, windows }, erasing());
    const erasedAt = async () =>
      Promise.all(
        [old, open, recent, expected].map(async ({ key }) => (await tableStore().read(key))?.value.erasedAt),
      );
    const whileWaiting = await erasedAt();
    await expirePersonalData(RETENTION, erasing());

    const expired = '2026-03-01T00:00:00.000Z';
    expect(whileWaiting).toEqual([expired, undefined, undefined, undefined]);
    expect(await erasedAt()).toEqual([expired, expired, undefined, expired]);
  });

  it('keeps a conflict until the last of its versions is old enough (D4)', async () => {
    const record = seenRecord('2020-01-01T00:00:00Z', { status: 'validated' });
    const { transaction } = record.candidates[0];
    const contradiction = observation({ ...transaction, status: 'declined' });
    const conflict = mergeTransaction(record, { ...contradiction, seenAt: '2020-02-01T00:00:00Z' }).record;
    await tableStore().write(conflict, 0);
    const erasedAt = async () => (await tableStore().read(record.key))?.value.erasedAt;

    await expirePersonalData(RETENTION, erasing());
    const afterTheFirst = await erasedAt();
    await expirePersonalData({ ...RETENTION, at: '2020-02-16T00:00:00Z' }, erasing());

    expect(conflict.candidates).toHaveLength(2);
    expect([afterTheFirst, await erasedAt()]).toEqual([undefined, '2026-03-01T00:00:00.000Z']);
  });

  it(
    'has the same result page by page as in one go: the parts of an expired transaction are gone wherever its head is (S17)',
    { tags: ['long'] },
    async () => {
      const old = () => seenRecord('2020-01-01T00:00:00Z', { status: 'validated' }, largePayload(500));
      const expiring = Array.from({ length: 6 }, old);
      const open = seenRecord('2020-02-01T00:00:00Z', {}, largePayload(500));
      for (const record of [...expiring, open]) await tableStore().write(record, 0);
      const openParts = await partsOf(open.key);

      let [pages, expired] = [0, 0];
      let after: string | undefined;
      do {
        const page = await scanPage(access(), after);
        expired += await expirePersonalData(RETENTION, { ...erasing(), all: page.scanned });
        pages += 1;
        after = page.next;
      } while (after !== undefined);

      const left = await scanned();
      const keys = new Set(expiring.map(({ key }) => key));
      expect(pages).toBeGreaterThan(2);
      expect(expired).toBe(6);
      expect(left.filter((it) => it.kind === 'part' && keys.has(it.partOf))).toEqual([]);
      expect(openParts.length).toBeGreaterThan(1);
      expect(await partsOf(open.key)).toEqual(openParts);
      expect((await tableStore().read(open.key))?.value).toEqual(open);
    },
  );
});

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

async function* iterate<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  for (const item of items) yield await Promise.resolve(item);
}

/** A table that returns one item at a time, whatever is requested at once. */
function oneByOne(): Pick<DynamoDBClient, 'send'> {
  const { client, tables } = dynamodb;
  const send = async (command: unknown): Promise<unknown> => {
    if (command instanceof ScanCommand) return client.send(new ScanCommand({ ...command.input, Limit: 1 }));
    if (!(command instanceof BatchGetItemCommand)) return client.send(command as GetItemCommand);
    const [first, ...rest] = command.input.RequestItems?.[tables.transactions]?.Keys ?? [];
    const taken = { [tables.transactions]: { Keys: first ? [first] : [] } };
    const answer = await client.send(new BatchGetItemCommand({ RequestItems: taken }));
    return { ...answer, UnprocessedKeys: rest.length > 0 ? { [tables.transactions]: { Keys: rest } } : {} };
  };
  return { send: send as DynamoDBClient['send'] };
}

/** A client that dies instead of putting certain items. */
function failingAt(client: DynamoDBClient, isFatal: (item: object) => boolean): Pick<DynamoDBClient, 'send'> {
  const send = (command: PutItemCommand) =>
    isFatal(command.input.Item ?? {}) ? Promise.reject(new Error('died')) : client.send(command);
  return { send: send as DynamoDBClient['send'] };
}
