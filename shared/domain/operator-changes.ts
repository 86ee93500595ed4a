import type { LedgerEntry } from './order-ledger.ts';

/** Longer than any quiet time: by then an unclear call has been carried out, or never will be. */
const LONGEST_QUIET_MS = 900_000;

/**
 * The report of an order that an operator wants to be tried at once, also one that was refused; undefined if
 * there is nothing to try, or a run is trying it. What is in doubt still waits for its quiet time. Pure.
 */
export function retryNow(report: LedgerEntry, now: Date): LedgerEntry | undefined {
  const { progress } = report;
  const dueAt = now.toISOString();
  switch (progress.state) {
    case 'settled':
    case 'claimed':
      return undefined;
    case 'waiting':
      return { ...report, progress: { ...progress, dueAt: earlier(progress.dueAt, dueAt) } };
    case 'in-doubt': {
      const quietUntil = new Date(now.getTime() + LONGEST_QUIET_MS).toISOString();
      return { ...report, progress: { ...progress, dueAt: earlier(progress.dueAt, quietUntil) } };
    }
    case 'refused': {
      const { reason, doubt } = progress;
      return {
        ...report,
        progress: doubt ? { state: 'in-doubt', dueAt, reason, doubt } : { state: 'waiting', dueAt, reason },
      };
    }
  }
}

/**
 * The report of an order whose newest version an operator gives up; undefined if Button holds it, it is given
 * up already, or a run is trying it. A newer version starts afresh. Pure.
 */
export function abandon(report: LedgerEntry): LedgerEntry | undefined {
  const { progress } = report;
  if (progress.state !== 'waiting' && progress.state !== 'in-doubt') return undefined;
  const doubt = progress.state === 'in-doubt' ? { doubt: progress.doubt } : {};
  return { ...report, progress: { state: 'refused', reason: 'abandoned', ...doubt } };
}

function earlier(one: string, other: string): string {
  return one < other ? one : other;
}
