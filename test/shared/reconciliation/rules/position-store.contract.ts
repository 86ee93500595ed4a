import { randomUUID } from 'node:crypto';

import { beforeEach, describe, expect, it } from 'vitest';

import type { ConflictNote } from '../../../../shared/reconciliation/rules/conflict-note.ts';
import type { Position } from '../../../../shared/reconciliation/rules/position.ts';
import type { PositionStore } from '../../../../shared/reconciliation/store/position-store.ts';

/** A store, and a way to corrupt its items, as a manual edit might. */
export type PositionStoreUnderTest = {
  store: PositionStore;
  spoil: (account: string, stream: string) => Promise<void>;
  leave: (notes: readonly ConflictNote[]) => Promise<void>;
};

let account: string;

function position(changes: Partial<Position> = {}): Position {
  return {
    account,
    stream: 'incremental',
    fence: 0,
    readThrough: '2026-06-01T00:00:00Z',
    historicalBefore: null,
    ...changes,
  };
}

const everything: Partial<Position> = {
  historicalBefore: '2026-01-01T00:00:00Z',
  timeField: 'created_date',
  readFrom: '2026-01-01T00:00:00Z',
  readUntil: '2026-07-01T00:00:00Z',
  window: {
    start: '2026-06-01T00:00:00Z',
    end: '2026-06-02T00:00:00Z',
    next: { cursor: 'cXw=', printed: '/v1/affiliation/acc-1/transactions?cursor=cXw%3D' },
    trail: { markedPage: 2, rows: 'digest', next: 'digest', emptyPages: 1 },
    pages: 3,
    rows: 300,
    repaired: 2,
    restarts: 1,
    failures: 2,
    smaller: { size: 10, failed: 100 },
    endAtButton: '2026-06-01T23:00:00Z',
  },
  maxWindowSeconds: 900,
  narrowUntil: '2026-06-01T06:00:00Z',
  evenUntil: '2026-06-01T05:00:00Z',
  notBefore: '2026-06-01T00:00:01Z',
  lastGap: { end: '2026-06-01T00:00:01Z', seconds: 1 },
  pageSize: 25,
  failedPageSize: { size: 100, failedAt: '2026-06-01T12:00:00.000Z' },
  learnt: { form: 'cursor-alone', learntAt: '2026-06-01T12:00:00.000Z' },
  retryAt: '2026-06-01T12:00:00.000Z',
  drift: { rows: 3, 'missingAmountMinor#USD': 1200 },
  createdAt: '2026-06-01T00:00:00.000Z',
  completedAt: '2026-06-01T00:10:00.000Z',
};

const report = { day: '2026-06-01', retentionDays: 400 };

/** What every position store promises. */
export function describePositionStore(where: string, open: () => PositionStoreUnderTest): void {
  describe(`positions ${where}`, () => {
    let store: PositionStore;
    let spoil: PositionStoreUnderTest['spoil'];
    let leave: PositionStoreUnderTest['leave'];

    beforeEach(() => {
      ({ store, spoil, leave } = open());
      account = `acc-${randomUUID()}`;
    });

    async function created(changes: Partial<Position> = {}): Promise<Position> {
      const one = position(changes);
      await store.create(one);
      return one;
    }

    it('hold one note for each conflict, however often it is noted, and return the latest', async () => {
      const note = { key: 'order#1', account, createdDate: '2026-05-01T00:00:00Z' };
      const [first, again] = ['2026-06-01T00:00:00.000Z', '2026-06-01T00:05:00.000Z'].map((since) => ({
        ...note,
        since,
      }));
      const other = { ...note, key: 'order#2', since: '2026-06-01T00:00:00.000Z' };

      await leave([first ?? other, other]);
      await leave([again ?? other]);

      const ours = (await store.conflictNotes()).filter((one) => one.account === account);
      expect(ours.sort((one, two) => (one.key < two.key ? -1 : 1))).toEqual([again, other]);
      expect(await store.list(account)).toEqual([]);
    });

    it('hold a note of an account whose id is longer than a key', async () => {
      const long = account.padEnd(2048, 'x');
      const createdDate = '2026-05-01T00:00:00Z';
      const note = { key: 'order#1', account: long, createdDate, since: '2026-06-01T00:00:00.000Z' };

      await leave([note]);

      expect(await store.conflictNotes()).toContainEqual(note);
    });

    it('read back as they were created, with every field', async () => {
      const whole = await created(everything);

      expect(await store.read(account, 'incremental')).toEqual(whole);
      expect(await store.read(account, 'sweep-daily')).toBeUndefined();
    });

    it('are created once', async () => {
      const first = await created();

      expect(await store.create(position({ readThrough: '2020-01-01T00:00:00Z' }))).toBe(false);
      expect(await store.read(account, 'incremental')).toEqual(first);
    });

    it('are claimed by one of two workers, and an overtaken worker saves nothing more (E5, E6)', async () => {
      const begun = await created();

      const [one, other] = await Promise.all([store.take(begun), store.take(begun)]);

      const winner = one ?? other;
      if (!winner) throw new Error('nobody took the position');
      expect([one, other]).toContain(undefined);
      expect(await store.save({ ...begun, readThrough: '2027-01-01T00:00:00Z' })).toBe(false);
      expect(await store.save({ ...winner, readThrough: '2026-06-02T00:00:00Z' })).toBe(true);
      expect(await store.read(account, 'incremental')).toMatchObject({
        fence: 1,
        readThrough: '2026-06-02T00:00:00Z',
      });
    });

    it('are claimed as they are stored now, not as they were read: none is moved back (E6)', async () => {
      const read = await created();
      await store.save({ ...read, readThrough: '2026-06-02T00:00:00Z' });

      expect(await store.take(read)).toMatchObject({ fence: 1, readThrough: '2026-06-02T00:00:00Z' });
      expect(await store.read(account, 'incremental')).toMatchObject({ readThrough: '2026-06-02T00:00:00Z' });
    });

    it('forget, when claimed, that Button once asked to wait', async () => {
      const waiting = await created({ retryAt: '2026-06-01T12:00:00.000Z' });

      expect(await store.take(waiting)).not.toHaveProperty('retryAt');
    });

    it('are not saved if there is none', async () => {
      expect(await store.save(position())).toBe(false);
    });

    it('are listed by account, without its reports', async () => {
      const streams = ['backfill-march', 'incremental', 'sweep-daily', 'sweep-weekly'];
      for (const stream of streams) await created({ stream });
      await store.saveAndReport(position({ drift: { rows: 1 } }), report);

      const listed = await store.list(account);

      expect(listed.map(({ stream }) => stream)).toEqual(streams);
      expect(listed[1]?.position).toEqual(position());
    });

    it('add what was found to the report of the day', async () => {
      const begun = await created({ drift: { rows: 2, missing: 1, 'missingAmountMinor#USD': 100 } });

      await store.saveAndReport(begun, report);
      await store.saveAndReport(position({ drift: { rows: 3, 'missingAmountMinor#GBP': 5 } }), report);
      await store.saveAndReport(position({ drift: {} }), report);

      expect(await store.readReport({ account, day: report.day })).toEqual({
        rows: 5,
        missing: 1,
        'missingAmountMinor#USD': 100,
        'missingAmountMinor#GBP': 5,
      });
      expect(await store.readReport({ account, day: '2026-06-02' })).toBeUndefined();
      expect(await store.read(account, 'incremental')).toEqual(position());
    });

    it('report nothing for an overtaken worker', async () => {
      await created({ fence: 7 });

      expect(await store.saveAndReport(position({ drift: { rows: 2 } }), report)).toBe(false);
      expect(await store.readReport({ account, day: report.day })).toBeUndefined();
    });

    it('are reported as unreadable when they make no sense, and then replaced once (E4)', async () => {
      await created({ fence: 3 });
      await spoil(account, 'incremental');
      const again = position({ fence: 1_800_000_000 });

      const spoilt = [await store.read(account, 'incremental'), await store.list(account)];
      const replaced = [
        await store.replaceUnreadable(again),
        await store.replaceUnreadable({ ...again, readThrough: '2020-01-01T00:00:00Z' }),
      ];

      expect(spoilt).toEqual(['unreadable', [{ stream: 'incremental', position: 'unreadable' }]]);
      expect(replaced).toEqual([true, false]);
      expect(await store.read(account, 'incremental')).toEqual(again);
      expect(await store.save(position({ fence: 3 }))).toBe(false);
    });

    it('remember every account that was ever listed, apart from its positions', async () => {
      const [one, two] = [`${account}-1`, `${account}-2`];
      const ofThisTest = (accounts: string[]) => accounts.filter((id) => id.startsWith(account)).sort();

      await Promise.all([store.rememberAccounts([one]), store.rememberAccounts([one])]);
      const grown = await store.rememberAccounts([two]);
      const emptied = await store.rememberAccounts([]);

      expect([ofThisTest(grown), ofThisTest(emptied)]).toEqual([
        [one, two],
        [one, two],
      ]);
      expect(await store.list('*')).toEqual([]);
    });

    it('keep the first mark of the deployment', async () => {
      const first = await store.markDeployment('2026-06-01T00:00:00.000Z');

      expect(await store.markDeployment('2026-07-01T00:00:00.000Z')).toBe(first);
    });
  });
}
