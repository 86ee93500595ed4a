import type { Transaction, TransactionRecord } from '@button-serverless/validation/webhooks';
import { isOverdue, type OverduePolicy } from './stale-pending.ts';

/** How long personal data is kept after the last change, in days, and when a transaction is overdue. */
export type RetentionPolicy = OverduePolicy & { personalDataDays: number };

const DAY_MS = 86_400_000;

/**
 * Whether the personal data of a record has expired: the days of the setting have passed since this system
 * stored the last change, and no pending version may still be validated in time. An erased purchase rewards
 * nobody.
 *
 * What counts is when a version was seen and stored, because the dates that Button gives may be wrong: even
 * if a creation is dated in the future, its record expires. Pure.
 */
export function isExpired(record: TransactionRecord, policy: RetentionPolicy): boolean {
  const changes = [record.storedAt, ...record.seen.map(({ seenAt }) => seenAt)].map((at) => Date.parse(at));
  const expiresMs = Math.max(...changes) + policy.personalDataDays * DAY_MS;
  return (
    expiresMs < Date.parse(policy.at) &&
    record.candidates.every(({ transaction }) => !isExpected(transaction, record, policy))
  );
}

function isExpected(
  { status, createdDate, commerceOrganization }: Transaction,
  { storedAt, finalizationMinutes }: TransactionRecord,
  policy: RetentionPolicy,
): boolean {
  const reported = { createdDate: createdDate > storedAt ? storedAt : createdDate, commerceOrganization };
  return status === 'pending' && !isOverdue({ ...reported, finalizationMinutes }, policy);
}
