/** What Button's response says about the next page. */
export type NextPage = {
  /** The cursor in `meta.next`; null if it has none. */
  cursor: string | null;
  /**
   * `meta.next` as a path with its query, at Button's own host; null if it leads out of the Affiliation API.
   */
  printed: string | null;
  /** The dates of the page that it follows; absent if no row of the list has had one yet. */
  after?: PageDates;
};

/** The dates of a page's first and last row, in milliseconds since 1970, cut to the second. */
export type PageDates = { first: number; last: number };

/**
 * How the next page is requested. Button's documents disagree about it (docs/button/transactions-api.md,
 * "Paging"):
 *
 * - `cursor-and-filters`: the cursor together with the filters, on the documented path;
 * - `cursor-alone`: only the cursor on the documented path, as in the loops of the official clients;
 * - `printed-url`: `meta.next` as it is printed, at Button's own host.
 */
export type PagingForm = 'cursor-and-filters' | 'cursor-alone' | 'printed-url';

/** The form that works for an account, and when that was found (ISO 8601 UTC). */
export type LearntForm = { form: PagingForm; learntAt: string };

/** The form that is tried first unless the account is known to need another one. */
const DEFAULT_FORM: PagingForm = 'cursor-and-filters';

/** In the order in which they are tried. */
const FORMS: readonly PagingForm[] = [DEFAULT_FORM, 'cursor-alone', 'printed-url'];

/**
 * A form is trusted for a day, so that a wrong conclusion, drawn while Button was failing, lasts no longer.
 */
const BELIEVED_MS = 86_400_000;

/**
 * The forms in which the page behind `next` can be requested, in the order to try them: first the one that
 * worked within the last day. Empty if `next` leads nowhere. Pure.
 */
export function formsToTry(next: NextPage, learnt: LearntForm | undefined, now: Date): PagingForm[] {
  const isLearnt = learnt !== undefined && isBelieved(learnt, now);
  const inOrder = isLearnt ? [learnt.form, ...FORMS.filter((form) => form !== learnt.form)] : FORMS;
  return inOrder.filter((form) => (form === 'printed-url' ? next.printed : next.cursor) !== null);
}

/**
 * What to remember after a page was received in `form`; undefined if that form is tried first anyway. Pure.
 */
export function learnForm(
  form: PagingForm,
  learnt: LearntForm | undefined,
  now: Date,
): LearntForm | undefined {
  if (form === DEFAULT_FORM) return undefined;
  return learnt?.form === form && isBelieved(learnt, now) ? learnt : { form, learntAt: now.toISOString() };
}

function isBelieved({ learntAt }: LearntForm, now: Date): boolean {
  return now.getTime() - Date.parse(learntAt) < BELIEVED_MS;
}

/** Whether both lead to the same page. Pure. */
export function isSamePage(one: NextPage, other: NextPage): boolean {
  return placeOf(one) === placeOf(other);
}

/** What distinguishes the page from others: the cursor, or else the printed URL. Pure. */
export function placeOf({ cursor, printed }: NextPage): string {
  return cursor === null ? `url ${printed ?? ''}` : `cursor ${cursor}`;
}

/** The date that a window is cut by, and its bounds: `start` inclusive, `end` exclusive (RFC 3339). */
export type WindowFilter = { timeField: 'modified_date' | 'created_date'; start: string; end: string };

/** Rows of a list, and where the list goes on; null at its end. */
type Page = { rows: readonly unknown[]; next: NextPage | null };

/**
 * A page of the window, whose next page knows which dates it follows; `outside` if it belongs to another
 * list. `endsWindow` if the list goes on, but not within the window. Pure.
 *
 * Button's cursor may be a position in a list without filters (docs/button/transactions-api.md, "Paging").
 * If it was sent without filters, such a list runs past the window's edge. If its dates run in one direction
 * from the page before on, nothing of the window comes after the edge. Rows past the edge in any other order
 * show that this is another list, after which rows of the window would be missing.
 */
export function pageOfWindow(
  page: Page,
  { filter, request }: { filter: WindowFilter; request?: { form: PagingForm; after: PageDates | undefined } },
): (Page & { endsWindow: boolean }) | 'outside' {
  const dates = datesOf(page.rows, filter);
  const after = pageDates(dates) ?? request?.after;
  const { next } = page;
  const following = { ...page, next: next && after ? { ...next, after } : next, endsWindow: false };
  if (!request || !areOutside(page.rows, filter)) return following;
  if (request.form === DEFAULT_FORM || !request.after) return 'outside';
  const { first, last } = request.after;
  if (!runsPastEdge([first, last, ...dates], filter)) return 'outside';
  return {
    rows: page.rows.filter((row) => isNotPast(dateOf(row, filter.timeField), filter)),
    next: null,
    endsWindow: true,
  };
}

/** Whether the dates run in one direction and past an edge of the window. */
function runsPastEdge(dates: readonly number[], { start, end }: WindowFilter): boolean {
  const pairs = dates.slice(1).map((date, index): [number, number] => [dates[index] ?? date, date]);
  const last = dates.at(-1) ?? NaN;
  if (last < Date.parse(start)) return pairs.every(([one, other]) => one >= other);
  return last >= Date.parse(end) && pairs.every(([one, other]) => one <= other);
}

/** A row without a date is kept, for somebody to look at. */
function isNotPast(date: number, { start, end }: WindowFilter): boolean {
  return !(date < Date.parse(start) || date >= Date.parse(end));
}

function pageDates(dates: readonly number[]): PageDates | undefined {
  const [first, last] = [dates[0], dates.at(-1)];
  return first === undefined || last === undefined ? undefined : { first, last };
}

/**
 * Whether the rows show that Button did not apply the filters: one row is older than the window, or all are
 * newer. Single newer rows prove nothing, because a row that changes during paging shows its new date.
 */
function areOutside(rows: readonly unknown[], filter: WindowFilter): boolean {
  const dates = datesOf(rows, filter);
  if (dates.length === 0) return false;
  const { start, end } = filter;
  return dates.some((date) => date < Date.parse(start)) || dates.every((date) => date >= Date.parse(end));
}

function datesOf(rows: readonly unknown[], { timeField }: WindowFilter): number[] {
  return rows.map((row) => dateOf(row, timeField)).filter((date) => !Number.isNaN(date));
}

/**
 * In whole seconds, as Button's windows are: a list may show the milliseconds of one row and cut off those of
 * its neighbour, whose dates then seem to turn.
 */
function dateOf(row: unknown, timeField: WindowFilter['timeField']): number {
  const isRow = typeof row === 'object' && row !== null;
  const date: unknown = isRow ? Reflect.get(row, timeField) : undefined;
  return typeof date === 'string' ? Math.floor(Date.parse(date) / 1000) * 1000 : NaN;
}
