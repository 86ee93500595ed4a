/** The part of an account's history that is being read: `start` inclusive, `end` exclusive, on `modified_date`, whole seconds, UTC. */
export type ReadWindow = {
  start: string;
  end: string;
  /** Where the next page begins; null for the first page. */
  cursor: string | null;
  /** Pages stored so far. */
  pages: number;
  rows: number;
  /** Rows that held something we did not know. */
  repaired: number;
};

/**
 * How far one stream of one account has been read. It says what to read next, so a worker can be killed at any moment. All instants
 * are ISO 8601 UTC.
 */
export type Position = {
  account: string;
  /** `live`, `sweep` or `backfill-<id>`. */
  stream: string;
  /** Rises whenever a worker takes the position: a worker that lost it can store nothing more. */
  fence: number;
  /** Everything modified before this instant is stored. */
  doneUntil: string;
  /** Rows modified before this instant were there before this system was deployed; null: none were. */
  historicalBefore: string | null;
  /** The window being read, as it was requested first. */
  window?: ReadWindow;
  /** When the last window was completed. */
  completedAt?: string;
};

/** How the transactions are imported that an account held before this system was deployed. */
export type FirstRead = 'historical' | 'live' | 'none';

/**
 * Where the live stream of an account begins. Pure.
 *
 * An account that was there at deployment is read as `firstRead` says, because an older system may have rewarded what it holds; one
 * that appears later is live from its beginning. Instants are ISO 8601 UTC.
 */
export function livePosition(
  account: string,
  first: { firstRead: FirstRead; readFrom: string; deployedAt: string; wasThere: boolean },
): Position {
  const { firstRead, readFrom, deployedAt, wasThere } = first;
  return {
    account,
    stream: 'live',
    fence: 0,
    doneUntil: wasThere && firstRead === 'none' ? deployedAt : readFrom,
    // Cut to the second, as Button's dates are: what changes in the second of deployment is live.
    historicalBefore: wasThere && firstRead !== 'live' ? toSecond(Date.parse(deployedAt)) : null,
  };
}

/** How windows are cut. */
export type WindowPolicy = { overlapMs: number; lagMs: number };

const SECOND_MS = 1000;
const DAY_MS = 86_400 * SECOND_MS;

/** The longest window near now; it bounds what has to be read again when Button refuses a cursor. */
const MAX_WINDOW_MS = DAY_MS;

/** The longest window far back, where a first read passes years in which little or nothing happened. */
const MAX_HISTORY_WINDOW_MS = 31 * DAY_MS;

/**
 * The window to read next: the one that is open, else the next one; undefined if there is none, because the position lies in the
 * future. Pure.
 *
 * A new window overlaps what is done by `overlapMs`, because changes can become visible late, and ends `lagMs` before now with the
 * second that has begun.
 */
export function windowToRead(position: Position, now: Date, policy: WindowPolicy): ReadWindow | undefined {
  if (position.window) return position.window;
  const doneUntilMs = Date.parse(position.doneUntil);
  const isHistory = now.getTime() - doneUntilMs > MAX_HISTORY_WINDOW_MS;
  const longestEndMs = doneUntilMs + (isHistory ? MAX_HISTORY_WINDOW_MS : MAX_WINDOW_MS);
  const start = toSecond(doneUntilMs - policy.overlapMs);
  const end = toSecond(Math.min(latestEndMs(now, policy), longestEndMs));
  return start < end ? { start, end, cursor: null, pages: 0, rows: 0, repaired: 0 } : undefined;
}

/** Whether everything is stored that could be read at `now`. Pure. */
export function isCaughtUp(position: Position, now: Date, policy: WindowPolicy): boolean {
  return !position.window && Date.parse(position.doneUntil) >= latestEndMs(now, policy);
}

function latestEndMs(now: Date, { lagMs }: WindowPolicy): number {
  return Math.floor((now.getTime() - lagMs) / SECOND_MS) * SECOND_MS + SECOND_MS;
}

/**
 * The position after a page of `window` has been stored. Pure.
 *
 * Only the last page (`nextCursor` null) moves `doneUntil`, and never back.
 */
export function afterPage(
  position: Position,
  window: ReadWindow,
  page: { nextCursor: string | null; rows: number; repaired: number; storedAt: Date },
): Position {
  const read = {
    ...window,
    cursor: page.nextCursor,
    pages: window.pages + 1,
    rows: window.rows + page.rows,
    repaired: window.repaired + page.repaired,
  };
  if (page.nextCursor !== null) return { ...position, window: read };
  const { window: _closed, ...rest } = position;
  const isFurther = Date.parse(window.end) > Date.parse(position.doneUntil);
  const doneUntil = isFurther ? window.end : position.doneUntil;
  return { ...rest, doneUntil, completedAt: page.storedAt.toISOString() };
}

/** RFC 3339 in whole seconds: Button's dates have no more. */
function toSecond(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
