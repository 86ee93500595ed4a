import { DEFAULT_PAGE_SIZE, pageSizeOf, withSmallerPages } from './page-size.ts';
import { isNarrow, withoutWindow, type Position, type ReadWindow } from './position.ts';

/** Why a window could not be read any further, as far as it decides what to do. */
export type WindowFailure =
  /** No usable response: a 5xx, a timeout, a lost connection, a body that is not a page. */
  | 'no-page'
  /** The page is larger than what is held in memory. */
  | 'too-large'
  /** Button refuses the first page of the window. */
  | 'refused'
  /** Button refuses a later page in every form: the cursor has expired, for example. */
  | 'page-refused'
  /** The pages lead in a circle. */
  | 'endless'
  /** There are more pages than one window may have. */
  | 'too-many-pages';

/** What is done about a failure, and the position to save with it. */
export type AfterFailure =
  /** Read on at once, from this position. */
  | { then: 'read-on'; position: Position }
  /** The next tick tries the window again. */
  | { then: 'wait'; position: Position }
  /** The window has the minimum length, and has been tried often enough. */
  | { then: 'pass-over'; position: Position };

/** Tries of a window at its full length, one in each run, before it is read in shorter ones. */
export const MAX_TRIES = 2;

/** Tries of a window of one second before it is passed over. */
const MAX_TRIES_OF_A_SECOND = 3;

/** How often a window whose pages failed is begun again at its length: a cursor may have expired. */
const MAX_RESTARTS = 2;

/** A window with more pages is read in shorter ones. */
const MAX_PAGES = 20_000;

/**
 * A window of one second cannot be read in shorter ones. The limit is twenty million rows, if pages are full.
 */
const MAX_PAGES_OF_A_SECOND = 200_000;

/** Windows with too many pages are cut into this number of parts, others into two. */
const MANY = 16;

/**
 * The number of parts if each part that fails costs a pause: two cuts lead from an hour to the second that
 * fails, four from a month.
 */
const MANY_IF_PAUSED = 64;

/** Whether the window may have no further page. Pure. */
export function hasTooManyPages(position: Position, window: ReadWindow): boolean {
  const most = lengthSeconds(position, window) <= 1 ? MAX_PAGES_OF_A_SECOND : MAX_PAGES;
  return window.pages >= most;
}

/**
 * What to do about a window of which a page could not be read. `pageSize` is the configured one. Pure.
 *
 * A window is tried in two runs, because Button may be down. Then it is cut shorter and shorter, down to one
 * second, within one slice, and the readable parts are read. A second that fails three times, each time in
 * smaller pages, is passed over.
 * A failure that cannot pass by itself, such as a refusal, is not waited for.
 *
 * `isPaused`: Button asked for a pause with the failure, so nothing is read on in this slice. Then the window
 * is cut into more parts, because each failure costs a pause.
 */
export function afterFailure(
  { position, window, pageSize, isPaused = false }: FailedWindow,
  failure: WindowFailure,
): AfterFailure {
  const failures = (window.failures ?? 0) + 1;
  const failed = { ...position, window: { ...window, failures } };
  if (lengthSeconds(position, window) <= 0) return { then: 'wait', position: withoutWindow(position) };

  const smaller = smallerPages(failed, { failure, pageSize });
  if (smaller) return { then: 'read-on', position: smaller };
  if (isWaitedFor(failed, failure)) return { then: 'wait', position: failed };
  if (isBegunAgain(failed, failure)) {
    const restarts = (window.restarts ?? 0) + 1;
    return {
      then: 'read-on',
      position: { ...failed, window: beginAgain({ ...window, failures, restarts }) },
    };
  }
  const parts = isPaused ? MANY_IF_PAUSED : failure === 'too-many-pages' ? MANY : 2;
  const shorter = readShorter(position, window, parts);
  if (shorter)
    return { then: 'read-on', position: { ...shorter, ...(isPaused ? { evenUntil: window.end } : {}) } };
  const size = pageSizeOf(position, window, pageSize);
  const small = failure === 'no-page' ? withSmallerPages(window, size) : window;
  const again = { ...failed, window: beginAgain({ ...small, failures }) };
  const isTriedEnough = failures >= MAX_TRIES_OF_A_SECOND || failure === 'too-many-pages';
  return { then: isTriedEnough ? 'pass-over' : 'read-on', position: again };
}

type FailedWindow = { position: Position; window: ReadWindow; pageSize: number; isPaused?: boolean };

/** Whether the position's window is passed over if it fails once more. Pure. */
export function isAtLastTry(position: Position): boolean {
  const { window } = position;
  if (!window || lengthSeconds(position, window) > 1) return false;
  return (window.failures ?? 0) + 1 >= MAX_TRIES_OF_A_SECOND;
}

type Failed = Position & { window: ReadWindow & { failures: number } };

/** Waiting helps in an outage. Within a window that has failed already, the parts are tried at once. */
function isWaitedFor(position: Failed, failure: WindowFailure): boolean {
  return failure === 'no-page' && !isNarrow(position) && position.window.failures < MAX_TRIES;
}

function isBegunAgain(position: Failed, failure: WindowFailure): boolean {
  const isOfPages = failure === 'page-refused' || failure === 'endless';
  return isOfPages && !isNarrow(position) && (position.window.restarts ?? 0) < MAX_RESTARTS;
}

/**
 * Half the rows for each page if a page is too large; Button's default number if it refuses a list from its
 * first page.
 */
function smallerPages(
  position: Failed,
  { failure, pageSize }: { failure: WindowFailure; pageSize: number },
): Position | undefined {
  const size = pageSizeOf(position, position.window, pageSize);
  if (failure === 'too-large' && size > 1) return withPages(position, Math.floor(size / 2));
  if (failure === 'refused' && size > DEFAULT_PAGE_SIZE) return withPages(position, DEFAULT_PAGE_SIZE);
  return undefined;
}

function withPages({ window, ...position }: Failed, pageSize: number): Position {
  const { failures: _failures, ...rest } = window;
  return { ...position, pageSize, window: beginAgain(rest) };
}

/**
 * The position from which one of that number of parts of the window is read, without the overlap; undefined
 * if the window has the minimum length. Pure.
 */
export function readShorter(position: Position, window: ReadWindow, parts: number): Position | undefined {
  const length = lengthSeconds(position, window);
  const overlaps = Date.parse(window.start) < Math.floor(Date.parse(position.readThrough) / 1000) * 1000;
  if (length <= 1 && !overlaps) return undefined;
  const narrowUntil = isNarrow(position) ? (position.narrowUntil ?? window.end) : window.end;
  const maxWindowSeconds = Math.max(1, Math.floor(length / parts));
  return { ...withoutWindow(position), maxWindowSeconds, narrowUntil };
}

/** The window from its first page on. */
function beginAgain({ trail: _trail, ...window }: ReadWindow): ReadWindow {
  return { ...window, next: null, pages: 0, rows: 0, repaired: 0 };
}

/** The length of its new part, without the overlap, which has been read before. */
function lengthSeconds({ readThrough }: Position, { end }: ReadWindow): number {
  return Math.ceil((Date.parse(end) - Date.parse(readThrough)) / 1000);
}
