import type { Doubt, NewestVersion, Progress } from './order-ledger.ts';

/** How long to wait before trying again. */
export type RetryPolicy = {
  quietTimeMs: number;
  retryBaseMs: number;
  retryMaxMs: number;
  /** A number from 0 to 1 that spreads the waits. */
  jitter: () => number;
};

/** The instant a number of milliseconds after another; ISO 8601 UTC. Pure. */
export function later(now: Date, ms: number): string {
  return new Date(now.getTime() + ms).toISOString();
}

/**
 * Doubles from the base up to the maximum. The upper half is random, so that the orders of an outage do not
 * all come back at once.
 */
export function backoffMs(attempts: number, { retryBaseMs, retryMaxMs, jitter }: RetryPolicy): number {
  const full = Math.min(retryMaxMs, retryBaseMs * 2 ** Math.min(attempts, 30));
  return Math.round(full * (0.5 + jitter() / 2));
}

/**
 * The doubt after a call about a version that may have been carried out. `shown` is the id of the order that
 * the answer showed. Pure.
 */
export function unclearAbout(
  { hash, kind }: Pick<NewestVersion, 'hash' | 'kind'>,
  progress: Progress,
  { now, shown }: { now: Date; shown?: string | undefined },
): Doubt {
  const before = progress.state === 'claimed' ? progress.doubt : undefined;
  const isAmongOthers = before?.kind === 'unclear' && (before.hash !== hash || before.amongOthers);
  const sentAt = kind === 'cancelled' ? before?.sentAt : now.toISOString();
  const shownId = shown ?? before?.shownId;
  return {
    kind: 'unclear',
    hash,
    ...(isAmongOthers && { amongOthers: true }),
    ...(sentAt !== undefined && { sentAt }),
    ...(shownId !== undefined && { shownId }),
  };
}
