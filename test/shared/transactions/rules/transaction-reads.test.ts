// @module-tag volume
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  giveWayTo,
  mergeTransaction as merge,
  settleTransaction,
  takeOver,
  UNWRITTEN,
} from '../../../../shared/transactions/rules/merge-transaction.ts';
import {
  recordStatus,
  type Observation,
  type Transaction,
  type TransactionRecord,
} from '../../../../shared/validation/webhooks/transaction.ts';
import { mergeTransaction } from '../../../fakes/merge-first.ts';
import { minute, webhook } from '../../../fakes/observation.ts';
import { volume } from '../../../volume.ts';

/** A read that started at this minute. Button's lag is two minutes. */
function read(at: number, changes: Partial<Transaction>) {
  const source = { kind: 'api', readStartedAt: minute(at), visibleUntil: minute(at - 2) } as const;
  return { ...webhook(at, changes), source };
}

function mergeAll(observations: readonly Observation[]): TransactionRecord {
  let record: TransactionRecord | undefined;
  for (const one of observations) record = mergeTransaction(record, one).record;
  if (!record) throw new Error('nothing was merged');
  return record;
}

/** The record in the table. */
function asStored(observations: readonly Observation[]): TransactionRecord {
  let stored: TransactionRecord | undefined;
  for (const one of observations) {
    const { record, outcome } = mergeTransaction(stored, one);
    if (!stored || !UNWRITTEN.includes(outcome)) stored = record;
  }
  if (!stored) throw new Error('nothing was merged');
  return stored;
}

const amounts = ({ candidates }: TransactionRecord) =>
  candidates.map(({ transaction: it }) => it.amountMinor).sort();
const validated = { status: 'validated', modifiedDate: '2026-01-01T11:00:00Z' } as const;
const declined = { status: 'declined', modifiedDate: '2026-01-01T11:00:00Z' } as const;

describe('a category that was added to the setting', () => {
  it('has its reward released by the next read, in a new version', () => {
    const storing = (rewardableCategories: readonly string[]) => ({
      storedAt: minute(0),
      rewardableCategories,
    });
    const held = merge(undefined, webhook(0, { category: 'gift-card' }), storing(['new-user-order'])).record;

    const { record } = merge(held, read(9, { category: 'gift-card' }), storing(['gift-card']));
    const again = merge(record, read(19, { category: 'gift-card' }), storing(['gift-card']));

    expect(held.notRewardableReason).toBe('category_unknown');
    expect(record).not.toHaveProperty('notRewardableReason');
    expect(record.version).toBeGreaterThan(held.version);
    expect(again).toMatchObject({ outcome: 'confirmed', record: { version: record.version } });
  });
});

describe('a read of the API', () => {
  it('settles a conflict only if it started after every version was seen, plus the lag', () => {
    const conflict = [webhook(0, validated), webhook(1, declined)];

    expect(recordStatus(mergeAll([...conflict, read(2, validated)]))).toBe('conflict');
    expect(recordStatus(mergeAll([...conflict, read(3, validated)]))).toBe('conflict');
    expect(recordStatus(mergeAll([...conflict, read(4, validated)]))).toBe('validated');
  });

  it('settles at once a conflict that it brings itself, if everything else was seen before it', () => {
    const shown = mergeTransaction(mergeAll([webhook(0, validated)]), read(10, declined));

    expect(shown.outcome).toBe('declined');
    expect(shown.record.candidates).toHaveLength(1);
    expect(recordStatus(mergeAll([webhook(0, validated), read(1, declined)]))).toBe('conflict');
  });

  it('settles different contents of one date, and repeats of what it ruled out change nothing (D3)', () => {
    const settled = mergeAll([
      webhook(0, { amountMinor: 100 }),
      webhook(0, { amountMinor: 200 }),
      read(9, { amountMinor: 200 }),
    ]);

    expect(amounts(settled)).toEqual([200]);
    const again = mergeTransaction(settled, webhook(20, { amountMinor: 100 }));
    expect(again).toMatchObject({ outcome: 'duplicate', record: settled });
  });

  it('keeps a final version that it does not see yet (D4, D12)', () => {
    expect(recordStatus(mergeAll([webhook(0, validated), read(10, {})]))).toBe('validated');
    const conflict = mergeAll([webhook(0, validated), webhook(0, declined), read(10, {})]);
    expect(recordStatus(conflict)).toBe('conflict');
  });

  it('corrects a pending version whose date is in the future or goes backwards', () => {
    const future = webhook(0, { modifiedDate: '2099-01-01T00:00:00Z', amountMinor: 100 });

    expect(amounts(mergeAll([future, read(10, { amountMinor: 500 })]))).toEqual([500]);
    expect(amounts(mergeAll([future, read(1, { amountMinor: 500 })]))).toEqual([100]);
  });

  it('that is stored late changes nothing that a later one has settled (D9)', () => {
    const settled = mergeAll([webhook(0, validated), webhook(0, declined), read(10, validated)]);

    expect(recordStatus(mergeTransaction(settled, read(9, declined)).record)).toBe('validated');
    expect(recordStatus(mergeTransaction(settled, read(20, declined)).record)).toBe('declined');
  });

  it('that shows what is known needs no write', () => {
    const known = mergeAll([webhook(0, {})]);

    expect(mergeTransaction(known, read(9, {})).outcome).toBe('confirmed');
  });

  it('that shows what is known with less detail is noted once, and changes nothing', () => {
    const known = mergeAll([webhook(0, { modifiedDate: '2026-01-01T10:00:00.123Z' })]);

    const noted = mergeTransaction(known, read(9, { pubRef: null }));
    expect(noted).toMatchObject({
      outcome: 'noted',
      record: { version: known.version, candidates: known.candidates },
    });
    expect(mergeTransaction(noted.record, read(10, { pubRef: null })).outcome).toBe('confirmed');
  });

  it.each([
    ['before it', [webhook(1, validated), webhook(0, validated), read(3, declined)]],
    ['after it', [read(3, declined), webhook(0, validated), webhook(1, validated)]],
  ])('overrules a version that was first seen before it, if it was merged %s', (_when, all) => {
    const seen = [webhook(0, {}), ...all];

    expect(recordStatus(asStored(seen))).toBe('declined');
  });
});

describe('the row that the latest read showed', () => {
  const later = { modifiedDate: '2026-01-01T11:00:00Z' };
  const showing = (row: string | undefined, at: number, changes: Partial<Transaction> = {}): Observation => {
    const { source, ...observation } = read(at, changes);
    return { ...observation, source: { ...source, ...(row === undefined ? {} : { row }) } };
  };

  it.each<[string, Observation[], string | undefined]>([
    ['is that of the only read', [showing('first', 5)], 'first'],
    ['is that of a read after a webhook', [webhook(0, {}), showing('first', 5)], 'first'],
    ['is that of the later read', [showing('first', 5), showing('second', 6, later)], 'second'],
    [
      'is not that of an older read, even if it comes last',
      [showing('new', 6), showing('old', 5, later)],
      'new',
    ],
    ['is, of reads at one time, that of the last', [showing('first', 5), showing('last', 5, later)], 'last'],
    ['stays if a webhook comes', [showing('first', 5), webhook(7, later)], 'first'],
    ['is not known of a webhook', [webhook(0, {})], undefined],
    [
      'is not known if the latest read does not say it',
      [showing('first', 5), showing(undefined, 6, later)],
      undefined,
    ],
  ])('%s', (_, observations, row) => {
    expect(mergeAll(observations).shownRow).toBe(row);
  });

  it('is not known any more once the record has taken over another one', () => {
    const storing = { storedAt: minute(9) };
    const [record, other] = [mergeAll([showing('own', 5)]), mergeAll([showing('other', 6, { id: 'tx-2' })])];

    const joined = takeOver(record, giveWayTo(record.key, { ...other, key: 'tx#tx-2' }, storing), storing);

    expect(joined.seen).toHaveLength(2);
    expect(joined.shownRow).toBeUndefined();
  });
});

describe('equal versions', () => {
  it('keep the values that a later source leaves out', () => {
    const sparse = { currency: null, publisherCustomerId: null, modifiedDate: '2026-01-01T12:00:00Z' };

    const [{ transaction: it }] = mergeAll([
      webhook(0, { attributionDate: '2026-01-01T09:00:00Z', pubRef: 'ref' }),
      read(10, { ...sparse, amountMinor: 700 }),
    ]).candidates;

    expect(it).toMatchObject({
      ...{ amountMinor: 700, currency: 'USD', publisherCustomerId: 'user-1', pubRef: 'ref' },
      ...{ attributionDate: '2026-01-01T09:00:00Z', modifiedDate: '2026-01-01T12:00:00Z' },
    });
  });

  it('are one version if only one source writes the milliseconds: its row makes no event and no conflict', () => {
    const dates = (ms: string) => ({
      ...{ createdDate: `2026-01-01T09:00:00${ms}Z`, attributionDate: `2026-01-01T09:10:00${ms}Z` },
      ...{ purchaseDate: `2026-01-01T09:20:00${ms}Z`, modifiedDate: `2026-01-01T11:00:00${ms}Z` },
    });
    for (const status of ['pending', 'validated'] as const) {
      const whole = webhook(0, { status, ...dates('.123') });
      for (const at of [1, 10]) {
        const after = mergeAll([whole, read(at, { status, ...dates('') })]);
        expect(after).toMatchObject({ version: 1, candidates: [{ transaction: dates('.123') }] });
        expect(mergeAll([read(at, { status, ...dates('') }), whole]).version).toBe(1);
      }
    }
  });

  it('learn the name of the brand from a row without a new version, and change with it afterwards', () => {
    const named = (commerceOrganizationName: string, second: number) =>
      read(10, { commerceOrganizationName, modifiedDate: `2026-01-01T10:00:0${second}Z` });

    const learnt = mergeTransaction(mergeAll([webhook(0, {})]), named('Shop', 0));
    const renamed = mergeTransaction(learnt.record, named('Store', 1));

    expect(learnt).toMatchObject({ outcome: 'noted', record: { version: 1 } });
    expect(renamed.record).toMatchObject({
      version: 2,
      candidates: [{ transaction: { commerceOrganizationName: 'Store' } }],
    });
  });

  it('are ordered by their milliseconds', () => {
    const record = mergeAll([
      webhook(0, { modifiedDate: '2026-01-01T10:00:00.900Z', amountMinor: 2 }),
      webhook(0, { modifiedDate: '2026-01-01T10:00:00.100Z', amountMinor: 1 }),
      webhook(0, { modifiedDate: '2026-01-01T10:00:00Z', amountMinor: 3 }),
    ]);

    expect(amounts(record)).toEqual([2]);
  });
});

describe('versions that differ in their lines alone', () => {
  const withLines = (linesDigest: string) => ({ ...validated, linesDigest });

  it('are one purchase with one reward, never a conflict, whoever brings them and in any order', () => {
    for (const status of [validated, {}]) {
      const all = [
        webhook(0, { ...status, linesDigest: 'a' }),
        webhook(1, { ...status, linesDigest: 'b' }),
        read(1, { ...status, linesDigest: 'c' }),
      ];
      const states = permutations(all).map((order) => {
        const record = mergeAll(order);
        expect(recordStatus(record)).not.toBe('conflict');
        return JSON.stringify(record.candidates);
      });
      expect(new Set(states).size).toBe(1);
    }
  });

  it('are one purchase if Button lists the order under two ids', () => {
    const both = [webhook(0, { linesDigest: 'a' }), webhook(0, { id: 'tx-2', linesDigest: 'b' })];

    expect(recordStatus(mergeAll(both))).toBe('pending');
  });

  it('have the lines that a read showed last, with their payload, and one version for each change', () => {
    const lines = (one: string) => ({ order_line_items: [one] });
    const shown = (at: number, one: string) => ({ ...read(at, withLines(one)), payload: lines(one) });
    const first = mergeAll([{ ...webhook(0, withLines('z')), payload: lines('z') }, shown(9, 'a')]);
    const second = mergeTransaction(first, shown(19, 'b')).record;
    const again = mergeTransaction(second, shown(29, 'b'));
    const back = mergeTransaction(second, shown(29, 'a')).record;

    expect([first, second, back].map(({ version }) => version)).toEqual([2, 3, 4]);
    expect(again).toMatchObject({ outcome: 'confirmed', record: { version: 3 } });
    for (const [record, digest] of [
      [first, 'a'],
      [second, 'b'],
      [back, 'a'],
    ] as const)
      expect(record.candidates).toMatchObject([
        { transaction: { status: 'validated', linesDigest: digest }, payload: lines(digest) },
      ]);
  });

  it('keep the payload with their lines if a later version leaves them out', () => {
    const lines = { order_line_items: ['a'] };
    const known = { ...webhook(0, { linesDigest: 'a' }), payload: lines };
    const sparse = [1, 2, 3].map((at) => read(at * 9, { modifiedDate: `2026-01-01T10:00:0${at}Z` }));

    const { candidates, seen } = mergeAll([known, ...sparse]);

    expect(candidates).toMatchObject([{ transaction: { linesDigest: 'a' }, payload: lines }]);
    expect(seen.filter(({ payload }) => payload !== null)).toHaveLength(1);
  });
});

describe('an order with several of Button’s ids', () => {
  const other = { id: 'tx-2' };

  it('counts equal final versions once, and stays as it is through any reads', () => {
    const record = mergeAll([
      webhook(0, validated),
      webhook(0, { ...validated, ...other }),
      read(9, validated),
    ]);

    expect(recordStatus(record)).toBe('validated');
    // The second id is one more key of the purchase; reads change nothing.
    expect(record.version).toBe(2);
  });

  it('follows the later date while all versions are pending, and the final one once there is one', () => {
    const later = { ...other, modifiedDate: '2026-01-01T10:30:00Z', amountMinor: 200 };
    const pending = mergeAll([webhook(0, later), webhook(0, {})]);

    expect(amounts(pending)).toEqual([200]);
    expect(amounts(mergeTransaction(pending, webhook(1, validated)).record)).toEqual([600]);
    expect(amounts(mergeAll([webhook(0, validated), webhook(1, later), read(9, later)]))).toEqual([600]);
  });

  it('is a stable conflict that names its cause if final ones differ: no read changes it', () => {
    const both = [validated, { ...validated, ...other, amountMinor: 200 }];
    const record = mergeAll(both.map((one) => read(0, one)));
    const readAgain = mergeAll([10, 20, 30].flatMap((at) => both.map((one) => read(at, one))));

    expect(record).toMatchObject({ cause: 'several_transactions', version: 2 });
    expect(readAgain).toMatchObject({ cause: 'several_transactions', version: 2 });
  });

  it('keeps the final version of one id while versions of the other contradict each other', () => {
    const contradicting = mergeAll([
      webhook(0, { ...other, amountMinor: 200 }),
      webhook(0, { ...validated, amountMinor: 500 }),
      webhook(1, validated),
    ]);

    const kept = mergeTransaction(contradicting, webhook(2, { ...declined, ...other }));
    const settled = mergeTransaction(kept.record, read(9, validated));

    expect(recordStatus(contradicting)).toBe('conflict');
    expect(kept.outcome).toBe('noted');
    expect(settled.record).toMatchObject({ cause: 'several_transactions' });
    expect(mergeTransaction(kept.record, webhook(3, { ...declined, ...other })).outcome).toBe('duplicate');
  });

  it('rewards the shopper whom any row of the order names, even if the row that counts names none', () => {
    const nobody = {
      ...validated,
      ...other,
      publisherCustomerId: null,
      modifiedDate: '2026-01-01T12:00:00Z',
    };

    for (const seen of [
      [webhook(0, { pubRef: 'ref' }), webhook(1, nobody)],
      [webhook(0, nobody), webhook(1, { pubRef: 'ref' })],
    ])
      expect(mergeAll(seen).candidates[0].transaction).toMatchObject({
        ...{ id: 'tx-2', status: 'validated', publisherCustomerId: 'user-1', pubRef: 'ref' },
      });
  });

  it('is settled by the operator for good, until another final version arrives', () => {
    const both = [read(0, validated), read(0, { ...validated, ...other, amountMinor: 200 })];
    const storing = { storedAt: minute(60) };

    const settled = settleTransaction(mergeAll(both), { id: 'tx-2', reason: 'asked Button' }, storing);
    if (!settled) throw new Error('not settled');

    expect(amounts(settled)).toEqual([200]);
    expect(settled.settlement).toMatchObject({ id: 'tx-2', reason: 'asked Button', settledAt: minute(60) });
    const repeats = both.map((one) => mergeTransaction(settled, one));
    expect(repeats.map(({ outcome }) => outcome)).toEqual(['duplicate', 'duplicate']);
    const third = mergeTransaction(settled, read(99, { ...validated, id: 'tx-3', amountMinor: 300 }));
    expect(third).toMatchObject({ outcome: 'conflict', record: { cause: 'several_transactions' } });
    expect(settleTransaction(mergeAll(both), { id: 'tx-9', reason: '' }, storing)).toBeUndefined();
    expect(settleTransaction(settled, { id: 'tx-1', reason: '' }, storing)).toBeUndefined();
  });

  it('is settled by the operator among versions of one id that no read shows any more, until a read does', () => {
    const several = mergeAll([
      webhook(0, validated),
      webhook(1, { ...validated, amountMinor: 200 }),
      read(9, { ...validated, ...other, amountMinor: 300 }),
    ]);
    const storing = { storedAt: minute(60) };
    const settle = (choice: object) =>
      settleTransaction(several, { id: 'tx-1', reason: 'asked Button', ...choice }, storing);

    expect(several.cause).toBe('contradiction');
    const settled = settle({ status: 'validated', amountMinor: 200 });
    if (!settled) throw new Error('not settled');
    expect(amounts(settled)).toEqual([200]);
    expect(settled).not.toHaveProperty('cause');
    expect(settle({})).toBeUndefined();
    const another = settleTransaction(several, { id: 'tx-2', reason: 'asked Button' }, storing);
    expect(another && amounts(another)).toEqual([300]);
    const shown = mergeTransaction(settled, read(99, validated)).record;
    expect(shown.cause).toBe('several_transactions');
  });

  it('is not settled in a record that has given way to another', () => {
    const both = [read(0, validated), read(0, { ...validated, ...other, amountMinor: 200 })];
    const storing = { storedAt: minute(60) };
    const gone = giveWayTo('tx#tx-0', mergeAll(both), storing);

    expect(settleTransaction(gone, { id: 'tx-2', reason: 'asked Button' }, storing)).toBeUndefined();
  });
});

/**
 * The state that these observations should lead to, computed differently from the code. For each id, it
 * removes what a read that started late enough contradicts, then what a final or later version beats. Then it
 * compares the ids.
 */
function oracle(all: readonly Observation[]): string {
  const ids = [...new Set(all.map(({ transaction: it }) => it.id))].sort();
  const left = ids.map((id) => survivors(all.filter(({ transaction: it }) => it.id === id)));
  const finals = left.filter(([first]) => first?.status !== 'pending');
  if (finals.some((some) => some.length > 1)) return 'conflict';
  const worths = new Set(finals.flat().map((it) => `${it.status} ${it.amountMinor}`));
  if (worths.size > 0) return worths.size === 1 ? [...worths].join() : 'conflict';
  // A row has no milliseconds: within a second it is the latest.
  const isRow = ({ id, modifiedDate }: Transaction): boolean =>
    all.some(
      ({ source, transaction: it }) =>
        source.kind === 'api' && it.id === id && it.modifiedDate === modifiedDate,
    );
  const lastMs = (it: Transaction): number => Date.parse(it.modifiedDate) + (isRow(it) ? 999 : 0);
  const latestMs = Math.max(...left.flat().map(lastMs));
  const newest = left.flat().filter((it) => lastMs(it) === latestMs);
  const pending = new Set(newest.map((it) => `pending ${it.amountMinor}`));
  return pending.size === 1 ? [...pending].join() : 'conflict';
}

function survivors(all: readonly Observation[]): Transaction[] {
  const name = ({ transaction: it }: Observation) =>
    `${it.status} ${it.amountMinor}${it.status === 'pending' ? ` ${it.modifiedDate}` : ''}`;
  const until = ({ source }: Observation) => (source.kind === 'api' ? (source.visibleUntil ?? '') : '');
  const standing = [...Map.groupBy(all, name).values()].filter((same) => {
    const firstSeen = same.map(({ seenAt }) => seenAt).sort()[0] ?? '';
    const lastShown = same.map(until).sort().at(-1) ?? '';
    const status = same[0]?.transaction.status;
    return !all.some(
      (it) =>
        !same.includes(it) &&
        until(it) > firstSeen &&
        until(it) > lastShown &&
        (status === 'pending' || it.transaction.status !== 'pending'),
    );
  });
  const versions = standing.flatMap(([first]) => (first ? [first.transaction] : []));
  const finals = versions.filter(({ status }) => status !== 'pending');
  if (finals.length > 0) return finals;
  const latest = Math.max(...versions.map((it) => Date.parse(it.modifiedDate)));
  return versions.filter((it) => Date.parse(it.modifiedDate) === latest);
}

function permutations<Item>(items: readonly Item[]): Item[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, index) =>
    permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]),
  );
}

it('a purchase with two pending ids is decided by milliseconds, even if one was modified at a whole second', () => {
  const first = webhook(0, { id: 'tx-2', amountMinor: 0, modifiedDate: '2026-01-01T10:00:00Z' });
  const second = webhook(1, { amountMinor: 150, modifiedDate: '2026-01-01T10:00:00.105Z' });
  const row = read(9, { amountMinor: 150, modifiedDate: '2026-01-01T10:00:00Z' });

  for (const seen of [...permutations([first, second]), ...permutations([first, second, row])])
    expect(amounts(mergeAll(seen))).toEqual([150]);
});

it('a read that is stored after the webhook of its version keeps the time at which it was first seen', () => {
  const contradicting = read(3, { status: 'declined' });
  const seen = [webhook(1, { status: 'validated' }), read(0, { status: 'validated' }), contradicting];

  for (const order of permutations(seen)) expect(recordStatus(asStored(order))).toBe('declined');
});

it('a read that confirms one of two pending ids is noted: within its second, a row wins', () => {
  const dates = { whole: '2026-01-01T10:00:00Z', later: '2026-01-01T10:00:01Z' };
  const other = { id: 'tx-2', amountMinor: 100 };
  const seen = [
    webhook(0, { modifiedDate: dates.whole }),
    webhook(0, { ...other, modifiedDate: dates.later }),
  ];
  const rows = [read(9, { modifiedDate: dates.whole }), read(9, { ...other, modifiedDate: dates.whole })];

  for (const reads of permutations(rows))
    expect(recordStatus(asStored([...seen, ...reads]))).toBe('conflict');
});

describe('promise 3', () => {
  const version = fc.record({
    status: fc.constantFrom('pending', 'pending', 'validated', 'declined'),
    amountMinor: fc.constantFrom(100, 600),
    id: fc.constantFrom('tx-1', 'tx-1', 'tx-2'),
    linesDigest: fc.constantFrom(null, 'a', 'b'),
    modifiedDate: fc.constantFrom('2026-01-01T10:00:00Z', '2026-01-01T10:00:01Z', '2099-01-01T00:00:00Z'),
  });
  const seen = fc
    .tuple(fc.boolean(), fc.integer({ min: 0, max: 9 }), version)
    .map(([isRead, at, changes]) => (isRead ? read(at, changes) : webhook(at, changes)));
  const several = fc.array(seen, { minLength: 1, maxLength: 5 });
  /** The row of this id in a later read. Button does not show a final version as pending again. */
  const readAgain = (id: string, row: Partial<Transaction> | undefined, all: readonly Observation[]) => {
    const shown = all.find(
      ({ source, transaction: it }) => source.kind === 'api' && it.id === id && it.status !== 'pending',
    );
    const isPending = row?.status === 'pending';
    return read(20, { ...row, id, ...(shown && isPending && { status: shown.transaction.status }) });
  };
  const said = (record: TransactionRecord): string => {
    const status = recordStatus(record);
    return status === 'conflict' ? status : `${status} ${record.candidates[0].transaction.amountMinor}`;
  };

  it('holds with reads of the API: every order of the same webhooks and reads has the result of an oracle', () => {
    fc.assert(
      fc.property(several, (all) => {
        const expected = oracle(all);
        for (const order of permutations(all))
          expect(said(mergeAll([...order, ...all.slice(0, 2)]))).toBe(expected);
      }),
      { numRuns: volume({ short: 40, long: 1000 }) },
    );
  });

  it('holds for what is stored, once each of Button’s ids is read again', () => {
    fc.assert(
      fc.property(several, fc.array(version, { minLength: 2, maxLength: 2 }), (all, rows) => {
        const ids = [...new Set(all.map(({ transaction: it }) => it.id))];
        const reads = ids.map((id, index) => readAgain(id, rows[index], all));
        const expected = oracle([...all, ...reads]);
        for (const order of permutations(all)) expect(said(asStored([...order, ...reads]))).toBe(expected);
      }),
      { numRuns: volume({ short: 40, long: 1000 }) },
    );
  });

  it('holds for what is stored of equal versions: it does not depend on which came first', () => {
    const maybe = (value: string) => fc.constantFrom(null, value);
    const version = fc.record({
      attributionDate: maybe('2026-01-01T09:00:00Z'),
      accountId: maybe('acc-1'),
      commerceOrganizationName: maybe('Shop'),
      pubRef: maybe('ref'),
      currency: maybe('USD'),
      linesDigest: fc.constantFrom(null, 'a', 'b'),
    });
    const seen = fc
      .tuple(fc.integer({ min: 0, max: 3 }), version, fc.constantFrom({}, { a: 1 }, { b: 2 }))
      .map(([at, changes, payload]) => ({ ...webhook(at, changes), payload }));
    fc.assert(
      fc.property(fc.array(seen, { minLength: 2, maxLength: 4 }), (all) => {
        const states = permutations(all).map((order) => JSON.stringify(mergeAll(order).candidates));
        expect(new Set(states).size).toBe(1);
      }),
      { numRuns: volume({ short: 40, long: 100 }) },
    );
  });
});
