import {
  CROSS_CHECK,
  crossCheckPosition,
  incrementalPosition,
  sweepPosition,
  type FirstRead,
  type Sweep,
} from '../../shared/reconciliation/rules/begin-stream.ts';
import { isGap } from '../../shared/reconciliation/rules/gap.ts';
import { sizesOf } from '../../shared/reconciliation/rules/page-size.ts';
import type { Metrics } from '../../shared/runtime/metric-definitions.ts';
import {
  hasFailed,
  isFinished,
  isInFuture,
  type Position,
} from '../../shared/reconciliation/rules/position.ts';
import { log } from '../../shared/runtime/logger.ts';
import type { PositionStore, StoredStream } from '../../shared/reconciliation/store/position-store.ts';

/** What preparing needs. */
export type PrepareStreamsPorts = {
  positions: Pick<PositionStore, 'list' | 'read' | 'create' | 'take' | 'save' | 'replaceUnreadable'>;
  metrics: Metrics;
  firstRead: FirstRead;
  /** Where an account's first read begins; ISO 8601 UTC. */
  readFrom: string;
  now: () => Date;
};

/** The account to prepare, the sweeps that are due, and when this system was deployed (ISO 8601 UTC). */
export type Preparation = { account: string; sweeps: readonly Sweep[]; deployedAt: string };

/**
 * The streams of the account that have something to read; those that could not be read before, with the
 * instant until which they waited after that, if any; when its incremental stream was last complete, or
 * began; and the number of gaps that are still unread. Instants are ISO 8601 UTC.
 */
export type PreparedAccount = {
  account: string;
  streams: string[];
  failed: ReadonlyMap<string, string | undefined>;
  lastCompletedAt: string;
  gaps: number;
};

/**
 * Gives an account's streams the positions that they lack. A new account gets one for its incremental stream,
 * and each due sweep gets a new one. A position that is unreadable or in the future is replaced by one at the
 * stream's beginning, which costs reads and loses nothing.
 *
 * A sweep that is still being read continues. Two runs at once do the same, and neither moves a position back
 * that a worker has moved meanwhile. Throws if the table cannot be reached.
 */
export async function prepareStreams(
  preparation: Preparation,
  ports: PrepareStreamsPorts,
): Promise<PreparedAccount> {
  const { account, sweeps, deployedAt } = preparation;
  const current = await ports.positions.list(account);
  // Only now: to a run that has stalled since it read the clock, positions that were moved meanwhile would
  // lie in the future.
  const now = ports.now();
  const beginning = {
    ...incrementalPosition(account, { firstRead: ports.firstRead, readFrom: ports.readFrom, deployedAt }),
    createdAt: now.toISOString(),
  };
  const unusable = current.filter(({ position }) => !isUsable(position, now));
  for (const { stream, position } of unusable) {
    ports.metrics.add({ name: 'UnusablePositions', value: 1 });
    log.warn('position_unusable', {
      account,
      stream,
      problem: position === 'unreadable' ? 'unreadable' : 'in_the_future',
    });
  }

  const incremental = current.find(({ stream }) => stream === 'incremental')?.position;
  await ensurePosition({ current: incremental, beginning, isDue: false, now }, ports.positions);
  for (const sweep of sweeps) {
    const swept = current.find(({ stream }) => stream === sweep.stream)?.position;
    const again = {
      ...sweepPosition(beginning, sweep, now),
      ...(isUsable(incremental, now) && incremental.learnt ? { learnt: incremental.learnt } : {}),
      ...(isUsable(incremental, now) ? sizesOf(incremental) : {}),
      createdAt: now.toISOString(),
    };
    await ensurePosition({ current: swept, beginning: again, isDue: true, now }, ports.positions);
  }
  const due = ['incremental', ...sweeps.map(({ stream }) => stream)];
  return {
    account,
    streams: [...new Set([...due, ...unfinished(current, now)])],
    failed: new Map(
      current.flatMap(({ stream, position }) =>
        isUsable(position, now) && hasFailed(position) ? [[stream, position.retryAt]] : [],
      ),
    ),
    lastCompletedAt: isUsable(incremental, now)
      ? (incremental.completedAt ?? incremental.createdAt ?? deployedAt)
      : now.toISOString(),
    gaps: current.filter(
      ({ position }) => isUsable(position, now) && isGap(position) && !isFinished(position),
    ).length,
  };
}

/**
 * Gives the cross-check its position, unless the previous cross-check is still running. Throws if the table
 * cannot be reached.
 */
export async function prepareCrossCheck(
  deployedAt: string,
  ports: Pick<PrepareStreamsPorts, 'positions' | 'firstRead' | 'now'>,
): Promise<{ account: string; streams: string[] }> {
  const { account, stream } = CROSS_CHECK;
  const current = await ports.positions.read(account, stream);
  const now = ports.now();
  const beginning = crossCheckPosition({ firstRead: ports.firstRead, deployedAt }, now);
  await ensurePosition({ current, beginning, isDue: true, now }, ports.positions);
  return { account, streams: [stream] };
}

/**
 * Streams with an end that an earlier run has begun and nobody has finished. A stream that waits is left
 * alone.
 */
function unfinished(current: readonly StoredStream[], now: Date): string[] {
  return current
    .filter(
      ({ position }) =>
        isUsable(position, now) &&
        position.readUntil !== undefined &&
        !isFinished(position) &&
        Date.parse(position.retryAt ?? now.toISOString()) <= now.getTime(),
    )
    .map(({ stream }) => stream);
}

type StoredPosition = StoredStream['position'] | undefined;

/**
 * Writes `beginning` if there is no valid position, or if a finished stream is due again. Throws if the table
 * cannot be reached.
 */
export async function ensurePosition(
  {
    current,
    beginning,
    isDue,
    now,
  }: { current: StoredPosition; beginning: Position; isDue: boolean; now: Date },
  positions: PrepareStreamsPorts['positions'],
): Promise<void> {
  if (current === undefined) {
    await positions.create(beginning);
  } else if (current === 'unreadable') {
    // A worker may still hold a fence of the old position. It must not match this one.
    await positions.replaceUnreadable({ ...beginning, fence: Math.floor(now.getTime() / 1000) });
  } else if (isInFuture(current, now) || (isDue && isFinished(current))) {
    await replace(current, beginning, positions);
  }
}

/** Takes the position like a worker, so that the worker that holds it can store nothing more. */
async function replace(
  current: Position,
  beginning: Position,
  positions: PrepareStreamsPorts['positions'],
): Promise<void> {
  const taken = await positions.take(current);
  if (taken) await positions.save({ ...beginning, fence: taken.fence });
}

function isUsable(position: StoredPosition, now: Date): position is Position {
  return position !== undefined && position !== 'unreadable' && !isInFuture(position, now);
}
