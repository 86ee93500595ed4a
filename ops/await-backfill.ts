import { setTimeout as delay } from 'node:timers/promises';

import type { BackfillProgress } from '../shared/transactions/backfill.ts';
import type { StartProgress } from './progress.ts';

/** Reads how far a backfill has got. */
export type ReadBackfill = () => Promise<BackfillProgress | 'unreadable' | undefined>;

const HOUR_MS = 3_600_000;
const POLL_MS = 5000;

/** Waits until a backfill is finished; returns at once if there is none, or it is unreadable. */
export async function awaitBackfill(
  read: ReadBackfill,
  progress: StartProgress,
  wait: (ms: number) => Promise<unknown> = (ms) => delay(ms),
): ReturnType<ReadBackfill> {
  let backfill = await read();
  if (!isRunning(backfill)) return backfill;
  let hours = hoursLeft(backfill);
  const advance = progress('hours of the range', hours);
  while (isRunning(backfill)) {
    await wait(POLL_MS);
    backfill = await read();
    if (!isRunning(backfill)) break;
    advance(hours - hoursLeft(backfill));
    hours = hoursLeft(backfill);
  }
  return backfill;
}

function isRunning(backfill: Awaited<ReturnType<ReadBackfill>>): backfill is BackfillProgress {
  return typeof backfill === 'object' && !backfill.finished;
}

function hoursLeft({ readThrough, readUntil }: BackfillProgress): number {
  return (Date.parse(readUntil) - Date.parse(readThrough)) / HOUR_MS;
}
