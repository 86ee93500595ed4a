import { NO_STALE_PENDING, type StalePending } from './stale-pending.ts';

/** One pass over all transactions, in as many runs as it takes. Instants in ISO 8601 UTC. */
export type ExpiryPass = {
  /** Ages are told from here on, in every run: when a run comes decides nothing. */
  startedAt: string;
  /** The key behind which it goes on; absent before the first page and after the last. */
  after?: string;
  /** Absent until the last page is done. */
  finishedAt?: string;
  /** What is counted so far. */
  stalePending: StalePending;
};

/** From one beginning to the next, unless a pass takes longer. */
const PASS_EVERY_MS = 7 * 86_400_000;

/** Clocks may differ by a little; a pass that began later than that is a mistake. */
const CLOCKS_DIFFER_MS = 86_400_000;

/**
 * The pass to work on: one that is not finished, or else a new one a week after the last began, or where the last one claims to have
 * begun in the future. Undefined if nothing is due. Pure.
 */
export function duePass(last: ExpiryPass | undefined, now: Date): ExpiryPass | undefined {
  const isInFuture = last && Date.parse(last.startedAt) > now.getTime() + CLOCKS_DIFFER_MS;
  if (isInFuture) return { startedAt: now.toISOString(), stalePending: NO_STALE_PENDING };
  if (last && last.finishedAt === undefined) return last;
  if (last && now.getTime() < Date.parse(last.startedAt) + PASS_EVERY_MS) return undefined;
  return { startedAt: now.toISOString(), stalePending: NO_STALE_PENDING };
}
