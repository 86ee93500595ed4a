import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { mergeTransaction } from '../../../../shared/transactions/rules/merge-transaction.ts';
import {
  isExpired,
  type RetentionPolicy,
} from '../../../../shared/transactions/rules/personal-data-expiry.ts';
import type { Transaction, TransactionRecord } from '../../../../shared/validation/webhooks/transaction.ts';
import { webhook } from '../../../fakes/observation.ts';

const DAY_MS = 86_400_000;
const STORED_AT = '2026-03-01T10:00:00.000Z';
const STORED_MS = Date.parse(STORED_AT);
const POLICY = {
  personalDataDays: 400,
  windows: new Map<string, number>(),
  finalizationDays: 90,
  graceDays: 30,
};

const daysLater = (days: number): string => new Date(STORED_MS + days * DAY_MS).toISOString();

/** A purchase that was seen and stored at `STORED_AT`. */
function recordOf(
  changes: Partial<Transaction>,
  { seenAt = STORED_AT, finalizationMinutes }: { seenAt?: string; finalizationMinutes?: number } = {},
): TransactionRecord {
  const dates = { createdDate: '2026-03-01T09:00:00Z', modifiedDate: '2026-03-01T09:00:00Z' };
  const observation = webhook(0, { ...dates, ...changes }, { seenAt });
  const { record } = mergeTransaction(undefined, observation, { storedAt: STORED_AT });
  return finalizationMinutes === undefined ? record : { ...record, finalizationMinutes };
}

/** The days after its storing for which a record is kept. */
function keptDays(record: TransactionRecord, policy: Partial<RetentionPolicy> = {}): number {
  const isKept = (days: number): boolean => !isExpired(record, { ...POLICY, ...policy, at: daysLater(days) });
  let days = 0;
  while (isKept(days)) days += 1;
  return days;
}

describe('the expiry of personal data', () => {
  it.each(['pending', 'validated', 'declined'] as const)(
    'comes once the days of the setting have passed, for a transaction that is %s',
    (status) => {
      expect(keptDays(recordOf({ status }))).toBe(401);
    },
  );

  it('waits until a pending transaction is overdue by the window of its brand', () => {
    const windows = new Map([['org-1', 540 * 1440]]);

    expect(keptDays(recordOf({}), { windows })).toBe(570);
    expect(keptDays(recordOf({ status: 'validated' }), { windows })).toBe(401);
    expect(keptDays(recordOf({ commerceOrganization: 'org-2' }), { windows })).toBe(401);
  });

  it('goes by the window that was stored with the transaction if Button’s list is not known', () => {
    expect(keptDays(recordOf({}, { finalizationMinutes: 540 * 1440 }))).toBe(570);
  });

  it('counts from the time when the last version was seen, if that changed nothing else', () => {
    const record = recordOf({ status: 'validated' });
    const seenLater = record.seen.map((version) => ({ ...version, seenAt: daysLater(100) }));

    expect(keptDays({ ...record, seen: [...record.seen, ...seenLater] })).toBe(501);
  });

  it('never comes early and always comes, whatever dates Button gives', () => {
    const date = fc
      .date({
        min: new Date('1971-01-01T00:00:00Z'),
        max: new Date('2099-01-01T00:00:00Z'),
        noInvalidDate: true,
      })
      .map((at) => at.toISOString());
    const days = fc.integer({ min: 1, max: 1000 });
    fc.assert(
      fc.property(
        fc.record({ createdDate: date, modifiedDate: date }),
        fc.constantFrom('pending', 'validated', 'declined'),
        fc.record({ personalDataDays: days, finalizationDays: days, graceDays: days }),
        fc.option(days, { nil: undefined }),
        fc.integer({ min: 0, max: 5000 }),
        (dates, status, policy, brandsDays, after) => {
          const windows = new Map(brandsDays === undefined ? [] : [['org-1', brandsDays * 1440]]);
          const record = recordOf({ ...dates, status });
          const expired = isExpired(record, { ...policy, windows, at: daysLater(after) });

          const overdueDays = (brandsDays ?? policy.finalizationDays) + policy.graceDays;
          const waitsMs = Math.min(Date.parse(dates.createdDate), STORED_MS) + overdueDays * DAY_MS;
          const isDue = after > policy.personalDataDays;
          const isWaiting = status === 'pending' && waitsMs >= Date.parse(daysLater(after));
          expect(expired).toBe(isDue && !isWaiting);
          if (after > Math.max(policy.personalDataDays, overdueDays)) expect(expired).toBe(true);
        },
      ),
    );
  });
});
