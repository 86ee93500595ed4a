import type { DriftTally } from './drift.ts';
import { largerPages, learntPageSize, type FailedPageSize, type SmallerPages } from './page-size.ts';
import type { PageTrail } from './page-trail.ts';
import type { LearntForm, NextPage } from './paging-form.ts';

/**
 * The part of an account's history that is being read: `start` inclusive, `end` exclusive, whole seconds,
 * UTC.
 */
export type ReadWindow = {
  start: string;
  end: string;
  /** Where the next page is; null for the first page. */
  next: NextPage | null;
  /** Pages stored so far. */
  pages: number;
  rows: number;
  /** Rows with new content. */
  repaired: number;
  /** How often it was begun again. */
  restarts?: number;
  /** Shows whether its pages come to an end. */
  trail?: PageTrail;
  /** How often a page of it could not be read. */
  failures?: number;
  /** Its pages are smaller than usual, because larger ones got no answer. */
  smaller?: SmallerPages;
  /** Its end by Button's clock, if that is behind ours: changes there after the read are on no page of it. */
  endAtButton?: string;
};

/**
 * How far one stream of one account has been read. It says what to read next, so a worker can be killed at
 * any moment. All instants are ISO 8601 UTC.
 */
export type Position = {
  account: string;
  /** `incremental`, `sweep-daily`, `sweep-weekly`, `backfill-<id>`, or `cross-check` of all accounts. */
  stream: string;
  /** Rises whenever a worker takes the position: a worker that has lost it can store nothing more. */
  fence: number;
  /** The chain of read messages that is reading the stream, or that did so last. */
  chain?: string;
  /**
   * When a worker left the rest to the next message of the chain, which is on the queue; absent once that has
   * arrived.
   */
  handedOnAt?: string;
  /** Everything before this instant is stored. */
  readThrough: string;
  /**
   * Transactions created before this instant are historical, because they are older than this system; null:
   * none are.
   */
  historicalBefore: string | null;
  /** The date that windows are cut by; `modified_date` unless given. */
  timeField?: 'created_date';
  /** Where a stream with an end began. */
  readFrom?: string;
  /** Where a stream with an end is over. */
  readUntil?: string;
  /** The window being read, as it was first requested. */
  window?: ReadWindow;
  /** The longest window to read, because a longer one could not be read to its end. */
  maxWindowSeconds?: number;
  /**
   * A window up to here could not be read. Until this is passed, a window that fails is read in shorter ones
   * at once.
   */
  narrowUntil?: string;
  /**
   * A window up to here failed, and Button asked for a pause. Until this is passed, windows stay as short as
   * they are: each one that fails costs another pause.
   */
  evenUntil?: string;
  /** No window begins before this: the range just before is passed over. */
  notBefore?: string;
  /** The last range of time that was passed over. */
  lastGap?: { end: string; seconds: number };
  /**
   * The page size, if it is smaller than usual because a page was too large or got no answer, or its size was
   * refused.
   */
  pageSize?: number;
  /** Pages do not grow up to this size. */
  failedPageSize?: FailedPageSize;
  /** The paging form for the account's pages, if it is not the first one to try. */
  learnt?: LearntForm;
  /** Nothing is read before this instant. */
  retryAt?: string;
  /** Findings that are in no report yet. */
  drift?: DriftTally;
  createdAt?: string;
  /** When the position last moved. */
  completedAt?: string;
  /** When DynamoDB deletes it: only a gap that has been read is deleted. */
  expiresAtEpochSeconds?: number;
};

/** How windows are cut. */
export type WindowPolicy = { overlapMs: number; lagMs: number };

const SECOND_MS = 1000;
const DAY_MS = 86_400 * SECOND_MS;

/** The longest window near now; it limits what has to be read again when Button refuses a cursor. */
const MAX_WINDOW_MS = DAY_MS;

/** The longest window far back, for a first read of years in which little or nothing happened. */
const MAX_HISTORY_WINDOW_MS = 31 * DAY_MS;

/** The most by which our own clocks may differ. */
const CLOCK_TOLERANCE_MS = 60 * SECOND_MS;

/**
 * The window to read next: the open one, or else the next one; undefined if there is none, because the stream
 * is over. Pure.
 *
 * `clock` is the earlier of our time and Button's. A new window of a stream without an end overlaps what is
 * done by `overlapMs`, because changes can become visible late, and ends `lagMs` before `clock`, including
 * the second that has begun.
 */
export function windowToRead(position: Position, clock: Date, policy: WindowPolicy): ReadWindow | undefined {
  if (position.window) return position.window;
  if (isFinished(position)) return undefined;
  const readThroughMs = Date.parse(position.readThrough);
  const start = toSecond(startMs(position, policy));
  const end = toSecond(
    Math.min(lastEndMs(position, clock, policy), readThroughMs + longestMs(position, clock)),
  );
  return start < end ? { start, end, next: null, pages: 0, rows: 0, repaired: 0 } : undefined;
}

/** Past a failure nothing is read twice: the unreadable part would fail every window that overlaps it. */
function startMs(position: Position, { overlapMs }: WindowPolicy): number {
  const { readThrough, readUntil, notBefore = '' } = position;
  const readThroughMs = Date.parse(readThrough);
  if (readUntil !== undefined || isNarrow(position)) return readThroughMs;
  return Math.max(readThroughMs - overlapMs, Math.min(readThroughMs, Date.parse(notBefore) || 0));
}

/** Whether the position is within a window that could not be read as a whole. Pure. */
export function isNarrow({ narrowUntil, readThrough }: Position): boolean {
  return narrowUntil !== undefined && Date.parse(readThrough) < Date.parse(narrowUntil);
}

/** Whether the stream's last read failed, or it is reading what failed before. Pure. */
export function hasFailed(position: Position): boolean {
  return position.retryAt !== undefined || isNarrow(position) || (position.window?.failures ?? 0) > 0;
}

function longestMs({ readThrough, maxWindowSeconds }: Position, clock: Date): number {
  const isHistory = clock.getTime() - Date.parse(readThrough) > MAX_HISTORY_WINDOW_MS;
  const longest = isHistory ? MAX_HISTORY_WINDOW_MS : MAX_WINDOW_MS;
  return maxWindowSeconds === undefined ? longest : Math.min(longest, maxWindowSeconds * SECOND_MS);
}

/** Whether everything is stored that could be read at `clock`. Pure. */
export function isCaughtUp(position: Position, clock: Date, policy: WindowPolicy): boolean {
  return !position.window && Date.parse(position.readThrough) >= lastEndMs(position, clock, policy);
}

/** Whether the stream has an end and is over. Pure. */
export function isFinished({ window, readThrough, readUntil }: Position): boolean {
  return !window && readUntil !== undefined && Date.parse(readThrough) >= Date.parse(readUntil);
}

/** Whether the position is impossible: it says that something was read before it happened. Pure. */
export function isInFuture({ readThrough, completedAt, window }: Position, now: Date): boolean {
  const claims = [readThrough, completedAt, window?.end].filter((instant) => instant !== undefined);
  return claims.some((instant) => Date.parse(instant) > now.getTime() + CLOCK_TOLERANCE_MS);
}

/** The end of the last window that the stream can read at `clock`, in milliseconds since the epoch. Pure. */
export function lastEndMs(
  { readUntil }: Pick<Position, 'readUntil'>,
  clock: Date,
  policy: WindowPolicy,
): number {
  const latest = latestEndMs(clock, policy);
  return readUntil === undefined ? latest : Math.min(latest, Date.parse(readUntil));
}

/** The end of the latest window that can be read at `clock`, in milliseconds since the epoch. Pure. */
export function latestEndMs(clock: Date, { lagMs }: WindowPolicy): number {
  return Math.floor((clock.getTime() - lagMs) / SECOND_MS) * SECOND_MS + SECOND_MS;
}

/** The window whose first page Button returned at `serverTime`, by its own clock. Pure. */
export function boundBy(window: ReadWindow, serverTime: Date, policy: WindowPolicy): ReadWindow {
  const endAtButton = toSecond(latestEndMs(serverTime, policy));
  return window.next === null && endAtButton < window.end ? { ...window, endAtButton } : window;
}

/**
 * The position after a page of `window` has been stored. Pure.
 *
 * Only the last page (`next` null) moves `readThrough`, and never back.
 */
export function afterPage(
  position: Position,
  window: ReadWindow,
  page: { next: NextPage | null; trail?: PageTrail; rows: number; repaired: number; storedAt: Date },
): Position {
  const read = {
    ...window,
    ...(page.trail ? { trail: page.trail } : {}),
    next: page.next,
    pages: window.pages + 1,
    rows: window.rows + page.rows,
    repaired: window.repaired + page.repaired,
  };
  if (page.next !== null) return { ...position, window: read };
  const readUntil = window.endAtButton ?? window.end;
  const isEven = Date.parse(readUntil) < Date.parse(position.evenUntil ?? readUntil);
  const wider = isEven ? withoutWindow(position) : widen(withoutWindow(position), read, page.storedAt);
  const closed = { ...wider, ...learntPageSize(read, page.storedAt) };
  if (Date.parse(readUntil) <= Date.parse(position.readThrough)) return closed;
  const moved = { ...closed, readThrough: readUntil, completedAt: page.storedAt.toISOString() };
  const { narrowUntil: _passed, evenUntil: _too, ...wide } = moved;
  return isNarrow(moved) ? moved : wide;
}

/**
 * A window of twice the length may have twice as many pages: one with more than this number is long enough.
 */
const MOST_PAGES_TO_WIDEN = 5000;

/** After a window without trouble, the next window may be twice as long, and its pages larger. */
function widen(position: Position, { restarts = 0, pages }: ReadWindow, now: Date): Position {
  const { maxWindowSeconds, pageSize: _size, failedPageSize: _failed, ...rest } = position;
  if (restarts > 0) return position;
  const larger = largerPages(position, now);
  if (maxWindowSeconds === undefined) return { ...rest, ...larger };
  if (pages > MOST_PAGES_TO_WIDEN) return { ...rest, ...larger, maxWindowSeconds };
  const wider = maxWindowSeconds * 2;
  const isWide = wider * SECOND_MS >= MAX_HISTORY_WINDOW_MS;
  return { ...rest, ...larger, ...(isWide ? {} : { maxWindowSeconds: wider }) };
}

/** A message that continues a stream and has not arrived by then is lost. */
const LOST_AFTER_MS = 15 * 60 * SECOND_MS;

/**
 * Whether the stream is left to a message of another chain, which is on the queue. Then there is nothing to
 * do; otherwise each run of the planner would add a chain to a read that takes longer than the time between
 * two runs. Pure.
 */
export function isLeftToAnother(
  { chain, handedOnAt }: Pick<Position, 'chain' | 'handedOnAt'>,
  ownChain: string | undefined,
  now: Date,
): boolean {
  if (handedOnAt === undefined || chain === ownChain) return false;
  return Math.abs(now.getTime() - Date.parse(handedOnAt)) < LOST_AFTER_MS;
}

/** The position with no window open: the next one begins where the position is. Pure. */
export function withoutWindow(position: Position): Position {
  const { window: _dropped, ...rest } = position;
  return rest;
}

/** RFC 3339 in whole seconds: Button's dates have no more. */
export function toSecond(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
