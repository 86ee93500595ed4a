import { toSecond, type Position } from './position.ts';

/** How transactions older than this deployment are imported. */
export type FirstRead = 'historical' | 'live' | 'none';

/** What a first read goes by: the settings, and when this system was deployed. Instants are ISO 8601 UTC. */
export type FirstReadSettings = { firstRead: FirstRead; readFrom: string; deployedAt: string };

/**
 * Where the live stream of an account begins. Pure.
 *
 * `firstRead` says how what is older than the deployment comes in, because an older system may have rewarded
 * it, whenever Button lists the account for the first time. An account that is newer holds nothing older: it
 * is live from its beginning.
 */
export function livePosition(account: string, first: FirstReadSettings): Position {
  const { firstRead, readFrom, deployedAt } = first;
  return {
    account,
    stream: 'live',
    fence: 0,
    readThrough: firstRead === 'none' ? deployedAt : readFrom,
    historicalBefore: historyEnd(first),
  };
}

/** Cut to the second, as Button's dates are: what is created in the second of deployment is live. */
function historyEnd({ firstRead, deployedAt }: Omit<FirstReadSettings, 'readFrom'>): string | null {
  return firstRead === 'live' ? null : toSecond(Date.parse(deployedAt));
}

/**
 * The wider sweeps: they read again what slipped out of the live stream's windows, or was never seen in them.
 */
export type Sweep = { stream: 'sweep-daily' | 'sweep-weekly'; days: number };

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * Where a sweep begins: so many days back, though never before the place where the live stream began; the
 * last hour is the live stream's alone. Pure.
 *
 * The weekly one is cut by `created_date`, which never changes: no row moves while it is being paged,
 * whatever Button's cursors are (docs/decisions/0009-sweeps.md).
 */
export function sweepPosition(live: Position, { stream, days }: Sweep, now: Date): Position {
  const readUntilMs = now.getTime() - HOUR_MS;
  const readFromMs = Math.max(Date.parse(live.readThrough), now.getTime() - days * DAY_MS);
  const readFrom = toSecond(Math.min(readFromMs, readUntilMs));
  return {
    account: live.account,
    stream,
    fence: 0,
    readThrough: readFrom,
    historicalBefore: live.historicalBefore,
    ...(stream === 'sweep-weekly' ? { timeField: 'created_date' as const } : {}),
    readFrom,
    readUntil: toSecond(readUntilMs),
  };
}

/** The stream that compares the lists of all accounts; `*` is no account of Button's. */
export const CROSS_CHECK = { account: '*', stream: 'cross-check' } as const;

/**
 * Where the comparison of the lists begins: what was created in the day up to an hour ago, by a date that
 * never changes. Pure.
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
  /** Tells it from other backfills of the account: 1 to 64 letters, digits and hyphens. */
  id: string;
  from: string;
  to: string;
  /** `historical` where an older system may have rewarded what is new here. */
  delivery: 'live' | 'historical';
  /** Which date has to lie in the range; `modified_date` unless given. */
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
