import { backfillPosition, type BackfillRange } from './rules/begin-stream.ts';
import { isGap } from './rules/gap.ts';
import type { Measured } from '../runtime/metric-definitions.ts';
import { isFinished, latestEndMs, toSecond, type Position } from './rules/position.ts';
import { MAX_TRIES } from './rules/window-failure.ts';
import { reconcile, type ReconcilePorts } from './reconcile.ts';

/** What to read again: every row of one account that was modified in the range (`BackfillRange`). */
export type RangeToRead = Omit<BackfillRange, 'id' | 'timeField'>;

/** What reading a range needs. */
export type ReadRangePorts = Pick<
  ReconcilePorts,
  'api' | 'transactions' | 'rewardableCategories' | 'noteConflicts' | 'quarantine' | 'pageSize' | 'now'
>;

/** The number of rows by result. */
export type RowCounts = { changed: number; unchanged: number; quarantined: number };

/**
 * The result of the read. After `partial`, `notRead` is the rest of the range; rows that are stored stay
 * stored.
 */
export type ReadRangeOutcome = RowCounts &
  (
    | { outcome: 'complete' }
    | { outcome: 'partial'; reason: string; notRead: readonly { from: string; to: string }[] }
  );

/** Keeps the stream's state, and its findings, in memory. */
function createPositions(): { positions: ReconcilePorts['positions']; all: Map<string, Position> } {
  const all = new Map<string, Position>();
  const save = (position: Position): Promise<boolean> => {
    all.set(position.stream, position);
    return Promise.resolve(true);
  };
  const positions: ReconcilePorts['positions'] = {
    read: (_account, stream) => Promise.resolve(all.get(stream)),
    create: (position) => (all.has(position.stream) ? Promise.resolve(false) : save(position)),
    take: ({ retryAt: _over, ...position }) => Promise.resolve(position),
    save,
    saveAndReport: save,
    replaceUnreadable: () => Promise.resolve(false),
  };
  return { positions, all };
}

/**
 * Reads a range of an account at once, with the reconciler's own code: lost transactions are restored,
 * correct ones stay unchanged, and a conflict that was recorded before is settled. The position is kept in
 * memory, so only transactions, notes of conflicts and quarantine are written; with stores that keep writes
 * in memory, nothing is written.
 *
 * Throws if a table cannot be reached; it is safe to run it again.
 */
export async function readRange(range: RangeToRead, ports: ReadRangePorts): Promise<ReadRangeOutcome> {
  // Nothing has been modified later than now.
  const latest = toSecond(latestEndMs(ports.now(), WINDOWS));
  const to = range.to < latest ? range.to : latest;
  const begun = backfillPosition({ ...range, to, id: 'now' });
  const { positions, all } = createPositions();
  await positions.create(begun);
  const measured: Measured[] = [];
  const slice = {
    ...ports,
    positions,
    windows: WINDOWS,
    metrics: { add: (one: Measured) => measured.push(one) },
    send: () => Promise.resolve(),
    driftRetentionDays: 1,
    timeLeft: () => true,
  };
  let result = await reconcile(begun, slice);
  for (let tries = 1; tries < MAX_TRIES && result.outcome === 'partial'; tries += 1)
    result = await reconcile(begun, slice);
  const counts = countRows([...all.values()], measured);
  const notRead = [...all.values()]
    .filter((position) => !isFinished(position))
    .map(({ readThrough, readUntil = to }) => ({ from: readThrough, to: readUntil }));
  if (notRead.length === 0) return { ...counts, outcome: 'complete' };
  const isPassedOver = [...all.values()].some(isGap);
  const reason = 'reason' in result ? result.reason : isPassedOver ? 'passed_over' : result.outcome;
  return { ...counts, outcome: 'partial', reason, notRead };
}

/** A range whose changes Button has had the time to show. */
const WINDOWS = { overlapMs: 0, lagMs: 0 };

const CHANGES = ['missing', 'stale', 'settledConflicts', 'newConflicts', 'imported'] as const;

function countRows(positions: readonly Position[], measured: readonly Measured[]): RowCounts {
  const sum = (counter: string): number =>
    positions.reduce((total, { drift = {} }) => total + (drift[counter] ?? 0), 0);
  const changed = CHANGES.reduce((total, counter) => total + sum(counter), 0);
  // Each is measured; as 0 if it was in quarantine already.
  const quarantined = measured.filter(({ name }) => name === 'RowsQuarantined').length;
  return { changed, unchanged: sum('rows') - changed, quarantined };
}
