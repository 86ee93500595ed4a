// @module-tag volume
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { storeRows } from '../../../../shared/reconciliation/store-rows.ts';
import { tallyOf } from '../../../../shared/reconciliation/rules/drift.ts';
import { eraseTransaction } from '../../../../shared/transactions/rules/erase-transaction.ts';
import {
  giveWayTo,
  mergeTransaction,
  renewVersion,
  settleTransaction,
  UNWRITTEN,
} from '../../../../shared/transactions/rules/merge-transaction.ts';
import {
  asUnchangedRow,
  digestOfRow,
  rowDigestOf,
} from '../../../../shared/transactions/rules/unchanged-row.ts';
import type { Measured } from '../../../../shared/runtime/metric-definitions.ts';
import type { TransactionStore } from '../../../../shared/transactions/store/transaction-store.ts';
import type { Observation, TransactionRecord } from '../../../../shared/validation/webhooks/transaction.ts';
import { readTransaction } from '../../../../shared/validation/webhooks/transaction-wire.ts';
import { canonicalJson } from '../../../../shared/validation/json/canonical-json.ts';
import firstPage from '../../../fixtures/button/transactions-page-1.json' with { type: 'json' };
import { createInMemoryTransactions, rowSummary } from '../../../fakes/in-memory-transactions.ts';
import { volume } from '../../../volume.ts';

type Row = Readonly<Record<string, unknown>>;

const ORDER = {
  ...{ id: 'tx-1', button_order_id: 'btnorder-1', account_id: 'acc-1', status: 'pending' },
  ...{ category: 'new-user-order', amount: 600, currency: 'USD', order_total: 6000, order_currency: 'USD' },
  ...{ created_date: '2026-01-01T10:00:00Z', modified_date: '2026-01-01T10:00:00Z' },
  ...{ commerce_organization: 'org-1', publisher_customer_id: 'user-1' },
} satisfies Row;

/** Of the number of the rules, and of what is read from the sample rows. */
const READINGS = 'caecc472d1961bdccc4ffbb28e881471433df8af17bf5b9a474095afa1189875';

function webhookData(name: string): unknown {
  const text = readFileSync(new URL(`../../../fixtures/button/${name}.json`, import.meta.url), 'utf8');
  return (JSON.parse(text) as { data: unknown }).data;
}

/** The instant this many minutes after the start. */
function minute(count: number): string {
  return new Date(Date.parse('2026-01-02T00:00:00Z') + count * 60_000).toISOString();
}

type Sighting = { row: Row; at: number; by: 'webhook' | 'api' };

/** What a webhook brought or a read of the API showed at that minute; Button's lag is two minutes. */
function observe({ row, at, by }: Sighting): Observation {
  const reading = readTransaction(row);
  if (!reading.ok) throw new Error('Every row of this test can be read');
  return {
    transaction: reading.transaction,
    payload: row,
    source:
      by === 'webhook'
        ? { kind: 'webhook', eventId: `hook-${at}` }
        : {
            kind: 'api',
            readStartedAt: minute(at),
            visibleUntil: minute(at - 2),
            row: digestOfRow(JSON.stringify(row)),
          },
    seenAt: minute(at),
    delivery: 'live',
  };
}

const CATEGORIES = [['new-user-order'], ['gift-card', 'new-user-order']] as const;
const storing = (at: number, categories: 0 | 1 = 0) => ({
  storedAt: minute(at),
  rewardableCategories: CATEGORIES[categories],
});

/** The record in the table after these sightings. */
function recordOf(sightings: readonly Sighting[], categories: 0 | 1 = 0): TransactionRecord {
  let record: TransactionRecord | undefined;
  for (const one of sightings) {
    const merged = mergeTransaction(record, observe(one), storing(one.at, categories));
    if (!record || !UNWRITTEN.includes(merged.outcome)) ({ record } = merged);
  }
  if (!record) throw new Error('nothing was merged');
  return record;
}

/** Whether a row that is read at this minute is recognised as one that changes nothing. */
function recognise(record: TransactionRecord, row: Row, categories: 0 | 1 = 0) {
  const summary = rowSummary(record);
  return summary && asUnchangedRow(digestOfRow(JSON.stringify(row)), summary, CATEGORIES[categories]);
}

const LINES = [{ identifier: 'a', total: 6000 }];
/** The same lines, as Button may spell them: the names of $0 lines are not stable. */
const WITH_SAMPLE = [...LINES, { identifier: 'b', total: 0 }];
const WITH_SAMPLE_OTHERWISE = [{ identifier: 'another name', total: 0 }, ...LINES];
const WITH_NAME = { ...ORDER, commerce_organization_name: 'A Brand' };

const row: fc.Arbitrary<Row> = fc
  .record({
    id: fc.constantFrom('tx-1', 'tx-1', 'tx-1', 'tx-1', 'tx-2'),
    button_order_id: fc.constantFrom('btnorder-1', 'btnorder-1', 'btnorder-1', null),
    status: fc.constantFrom('pending', 'pending', 'validated', 'declined'),
    category: fc.constantFrom('new-user-order', 'new-user-order', 'gift-card'),
    amount: fc.constantFrom(600, 600, 400, null),
    modified_date: fc.constantFrom('10:00:00Z', '10:00:00.512Z', '10:00:00.777Z', '10:00:01Z'),
    order_purchase_date: fc.constantFrom(null, null, '09:00:00Z', '09:00:00.1Z', '09:00:00.2Z'),
    commerce_organization_name: fc.constantFrom(null, 'A Brand'),
    publisher_customer_id: fc.constantFrom('user-1', 'user-1', null),
    order_line_items: fc.constantFrom(null, LINES, WITH_SAMPLE, WITH_SAMPLE_OTHERWISE),
    extra: fc.constantFrom(undefined, undefined, 1, 22),
  })
  .map((changes) => ({
    ...ORDER,
    ...changes,
    modified_date: `2026-01-01T${changes.modified_date}`,
    order_purchase_date: changes.order_purchase_date && `2026-01-01T${changes.order_purchase_date}`,
  }));

/** A few rows that are read repeatedly, as in a sweep. */
const story = fc
  .tuple(
    fc.array(row, { minLength: 1, maxLength: 2 }),
    fc.array(
      fc.record({ nth: fc.nat(2), at: fc.nat(12), by: fc.constantFrom('webhook' as const, 'api' as const) }),
      { minLength: 2, maxLength: 8 },
    ),
  )
  .map(([rows, sightings]) => {
    const withAnotherField: Row = { ...rows[0], unread: 'by us' };
    return sightings.map(({ nth, ...one }): Sighting => ({ ...one, row: rows[nth] ?? withAnotherField }));
  });

/** Other events in the life of a record. */
const afterwards = fc.constantFrom(
  (record: TransactionRecord) => record,
  (record: TransactionRecord) => record,
  (record: TransactionRecord) => renewVersion(record, storing(900)),
  (record: TransactionRecord) =>
    settleTransaction(record, { id: 'tx-1', reason: 'asked Button' }, storing(900)) ?? record,
  (record: TransactionRecord) => eraseTransaction(record, minute(900)),
  (record: TransactionRecord) => giveWayTo('order#other', record, storing(900)),
);

describe('a row that is recognised as unchanged', () => {
  it('is one for which the merge writes nothing, and counts the same, whatever the record has seen', () => {
    let recognised = 0;
    fc.assert(
      fc.property(
        story,
        afterwards,
        fc.constantFrom(0 as const, 1 as const),
        (sightings, then, categories) => {
          const last = sightings.at(-1);
          if (!last) return;
          const record = then(recordOf(sightings.slice(0, -1)));
          const read = observe({ ...last, by: 'api' });
          const unchanged = recognise(record, last.row, categories);
          if (!unchanged) return;

          recognised += 1;
          const merged = mergeTransaction(record, read, {
            ...storing(last.at, categories),
            foundBy: [record.key],
          });
          expect(UNWRITTEN).toContain(merged.outcome);
          const { transaction, seenAt } = read;
          expect(tallyOf(unchanged)).toEqual(tallyOf({ transaction, before: record, after: record, seenAt }));
        },
      ),
      { numRuns: volume({ short: 1000, long: 20_000 }) },
    );
    expect(recognised).toBeGreaterThan(50);
  });

  it('has the same result as merging every row in full: records, counters and metrics', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(story, { minLength: 1, maxLength: 3 }), async (stories) => {
        const reads = stories.flatMap((sightings, number) =>
          sightings.map((one) => ({
            ...one,
            row: {
              ...one.row,
              button_order_id: one.row['button_order_id'] && `btnorder-${number}`,
              id: `${String(one.row['id'])}-${number}`,
            },
          })),
        );

        const fast = createInMemoryTransactions();
        const full = createInMemoryTransactions();
        const merging: TransactionStore = { ...full, readMany: (keys) => full.readMany(keys) };

        expect(await readAll(reads, fast)).toEqual(await readAll(reads, merging));
        expect(fast.all()).toEqual(full.all());
        expect(fast.changes()).toEqual(full.changes());
      }),
      { numRuns: volume({ short: 50, long: 2000 }) },
    );
  });
});

/** Stores each row as a separate page, twice. Returns the counts. */
async function readAll(reads: readonly Sighting[], transactions: TransactionStore): Promise<unknown> {
  const measured: Measured[] = [];
  const tallies = [];
  for (const { row: one, at } of [...reads, ...reads.map((read) => ({ ...read, at: read.at + 60 }))]) {
    const position = { account: 'acc-1', stream: 'live', historicalBefore: null };
    tallies.push(
      await storeRows(
        { rows: [one], position, readStartedAt: minute(at) },
        {
          transactions,
          quarantine: { put: () => Promise.reject(new Error('Every row can be read')) },
          metrics: { add: (metric) => measured.push(metric) },
          windows: { lagMs: 120_000 },
          now: () => new Date(minute(at)),
        },
      ),
    );
  }
  return { tallies, measured };
}

describe('the row of', () => {
  it('a purchase that only reads have shown is recognised, and was not brought by a webhook', () => {
    const record = recordOf([{ row: WITH_NAME, at: 0, by: 'api' }]);

    expect(recognise(record, WITH_NAME)).toEqual({ isFromWebhook: false });
    expect(recognise(renewVersion(record, storing(9)), WITH_NAME)).toEqual({ isFromWebhook: false });
  });

  it.each([
    ['without milliseconds', ORDER],
    [
      'with milliseconds, which its row does not have',
      { ...ORDER, modified_date: '2026-01-01T10:00:00.512Z' },
    ],
    ['with lines', { ...ORDER, order_line_items: LINES }],
    ['final', { ...ORDER, status: 'validated', modified_date: '2026-01-01T10:00:00.512Z' }],
  ])('a purchase that a webhook brought, %s, is recognised once a read has shown it', (_, webhook) => {
    const shown = {
      ...webhook,
      modified_date: '2026-01-01T10:00:00Z',
      commerce_organization_name: 'A Brand',
    };
    const before = recordOf([{ row: webhook, at: 0, by: 'webhook' }]);
    const after = recordOf([
      { row: webhook, at: 0, by: 'webhook' },
      { row: shown, at: 9, by: 'api' },
    ]);

    expect(recognise(before, shown)).toBeUndefined();
    expect(recognise(after, shown)).toEqual({ isFromWebhook: true });
  });

  it('a purchase is merged if anything about it is new: a field, another date, a field unknown to us', () => {
    const record = recordOf([{ row: WITH_NAME, at: 0, by: 'api' }]);

    expect(recognise(record, { ...WITH_NAME, amount: 601 })).toBeUndefined();
    expect(recognise(record, { ...WITH_NAME, modified_date: '2026-01-01T10:00:01Z' })).toBeUndefined();
    expect(recognise(record, { ...WITH_NAME, new_field: 1 })).toBeUndefined();
  });

  it('a purchase is merged while a webhook came after the last read: the row may overrule it', () => {
    const later = { ...WITH_NAME, amount: 400, modified_date: '2026-01-01T11:00:00Z' };
    const sightings: Sighting[] = [
      { row: WITH_NAME, at: 0, by: 'api' },
      { row: later, at: 5, by: 'webhook' },
    ];

    expect(rowDigestOf(recordOf(sightings))).toBeUndefined();
    expect(recognise(recordOf([...sightings, { row: later, at: 9, by: 'api' }]), later)).toBeDefined();
  });

  it('a purchase is recognised again by the read after a webhook that brought an older version', () => {
    const sightings: Sighting[] = [
      { row: WITH_NAME, at: 0, by: 'api' },
      { row: { ...ORDER, amount: 1, modified_date: '2026-01-01T09:00:00Z' }, at: 5, by: 'webhook' },
    ];
    const record = recordOf([...sightings, { row: WITH_NAME, at: 9, by: 'api' }]);

    expect(rowDigestOf(recordOf(sightings))).toBeUndefined();
    expect(recognise(record, WITH_NAME)).toBeDefined();
    expect(
      recordOf([...sightings, ...[9, 20].map((at) => ({ row: WITH_NAME, at, by: 'api' as const }))]),
    ).toEqual(record);
  });

  it('a purchase is merged if the setting of rewardable categories has come to name its category', () => {
    const gift = { ...WITH_NAME, category: 'gift-card' };
    const record = recordOf([{ row: gift, at: 0, by: 'api' }]);

    expect(recognise(record, gift, 0)).toBeDefined();
    expect(recognise(record, gift, 1)).toBeUndefined();
  });

  it('a purchase is merged if the setting of rewardable categories names its category no more', () => {
    const gift = { ...WITH_NAME, category: 'gift-card' };
    const record = recordOf([{ row: gift, at: 0, by: 'api' }], 1);

    expect(recognise(record, gift, 1)).toBeDefined();
    expect(recognise(record, gift, 0)).toBeUndefined();
  });

  it('a purchase in conflict, of several ids, erased or merged into another is always merged', () => {
    const record = recordOf([{ row: WITH_NAME, at: 0, by: 'api' }]);
    const twoIds = recordOf([
      { row: WITH_NAME, at: 0, by: 'api' },
      { row: { ...WITH_NAME, id: 'tx-2' }, at: 1, by: 'api' },
    ]);
    const conflict = recordOf([
      { row: { ...WITH_NAME, status: 'validated' }, at: 0, by: 'webhook' },
      { row: { ...WITH_NAME, status: 'declined' }, at: 1, by: 'api' },
    ]);

    expect(twoIds.buttonIds).toHaveLength(2);
    expect(conflict.candidates).toHaveLength(2);
    for (const one of [
      twoIds,
      conflict,
      eraseTransaction(record, minute(9)),
      giveWayTo('order#other', record, storing(9)),
    ])
      expect(rowDigestOf(one)).toBeUndefined();
  });
});

describe('the number of the rules', () => {
  it('stands for what is read from a row: if that changes, raise RULES, and put the new digest here', () => {
    const webhooks = ['tx-pending-adjusted', 'tx-validated', 'app-install', 'line-item-edge-cases'];
    const rows = [...firstPage.objects, ...webhooks.map((name) => webhookData(`webhook-${name}`))];

    const readings = rows.map((one) => readTransaction(one));

    expect(readings.every(({ ok }) => ok)).toBe(true);
    expect(hash('sha256', canonicalJson([digestOfRow(''), readings]))).toBe(READINGS);
  });
});
