import { toSecond, type Position } from './position.ts';

/** How transactions older than this deployment are imported. */
export type FirstRead = 'historical' | 'live' | 'none';

/**
 * What a first read depends on: the settings, and when this system was deployed. Instants are ISO 8601 UTC.
 */
export type FirstReadSettings = { firstRead: FirstRead; readFrom: string; deployedAt: string };

/**
 * Where the incremental stream of an account begins. Pure.
 *
 * `firstRead` says how transactions older than the deployment are imported, because an older system may have
 * rewarded them. It applies whenever Button lists an account for the first time. An account that is newer
 * than the deployment has no older transactions: all of them are live.
 */
export function incrementalPosition(account: string, first: FirstReadSettings): Position {
  const { firstRead, readFrom, deployedAt } = first;
  return {
    account,
    stream: 'incremental',
    fence: 0,
    readThrough: firstRead === 'none' ? deployedAt : readFrom,
    historicalBefore: historyEnd(first),
  };
}

/**
 * Cut to the second, as Button's dates are: a transaction created in the second of the deployment is live.
 */
function historyEnd({ firstRead, deployedAt }: Omit<FirstReadSettings, 'readFrom'>): string | null {
  return firstRead === 'live' ? null : toSecond(Date.parse(deployedAt));
}

/** The sweeps read ranges again, for rows that the incremental stream missed or was not shown. */
export type Sweep = { stream: 'sweep-daily' | 'sweep-weekly'; days: number };

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * Where a sweep begins: a number of days back, but never before the place where the incremental stream
 * began. The last hour is left to that stream. Pure.
 *
 * The weekly sweep uses `created_date`, which never changes: no row moves while the sweep is paging, whatever
 * Button's cursors are (docs/decisions/0009-sweeps.md).
 */
export function sweepPosition(incremental: Position, { stream, days }: Sweep, now: Date): Position {
  const readUntilMs = now.getTime() - HOUR_MS;
  const readFromMs = Math.max(Date.parse(incremental.readThrough), now.getTime() - days * DAY_MS);
  const readFrom = toSecond(Math.min(readFromMs, readUntilMs));
  return {
    account: incremental.account,
    stream,
    fence: 0,
    readThrough: readFrom,
    historicalBefore: incremental.historicalBefore,
    ...(stream === 'sweep-weekly' ? { timeField: 'created_date' as const } : {}),
    readFrom,
    readUntil: toSecond(readUntilMs),
  };
}

/** The cross-check's stream; `*` is not an account of Button's. */
export const CROSS_CHECK = { account: '*', stream: 'cross-check' } as const;

/**
 * Where the cross-check begins: at the rows created in the day up to an hour ago, by a date that never
 * changes. Pure.
 */
export function crossCheckPosition(first: Omit<FirstReadSettings, 'readFrom'>, now: Date): Position {
  const readUntilMs = now.getTime() - HOUR_MS;
  const readFrom = toSecond(readUntilMs - DAY_MS);
  return {
    ...CROSS_CHECK,
    fence: 0,
    readThrough: readFrom,
    historicalBefore: historyEnd(first),
    timeField: 'created_date',
    readFrom,
    readUntil: toSecond(readUntilMs),
    maxWindowSeconds: HOUR_MS / 1000,
    createdAt: now.toISOString(),
  };
}

/** What a backfill reads, `from` inclusive, `to` exclusive, ISO 8601 UTC. */
export type BackfillRange = {
  account: string;
  /** Distinguishes the backfill from others of the account: 1 to 64 letters, digits and hyphens. */
  id: string;
  from: string;
  to: string;
  /** `historical` if an older system may have rewarded transactions that are new here. */
  delivery: 'live' | 'historical';
  /** The date that has to be in the range; `modified_date` unless given. */
  timeField?: 'created_date' | 'modified_date';
};

/** Later than any row. */
const EVERYTHING_IS_HISTORICAL = '9999-12-31T23:59:59Z';

/** Where a backfill begins. Pure. */
export function backfillPosition({ account, id, delivery, timeField, ...range }: BackfillRange): Position {
  const readFrom = toSecond(Date.parse(range.from));
  return {
    account,
    stream: backfillStream(id),
    fence: 0,
    readThrough: readFrom,
    historicalBefore: delivery === 'historical' ? EVERYTHING_IS_HISTORICAL : null,
    ...(timeField === 'created_date' ? { timeField } : {}),
    readFrom,
    readUntil: toSecond(Date.parse(range.to)),
  };
}

/** The stream of the backfill with that id. */
export function backfillStream(id: string): string {
  return `backfill-${id}`;
}
