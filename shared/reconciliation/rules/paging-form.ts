/** What Button's response says about the next page. */
export type NextPage = {
  /** The cursor in `meta.next`; null if it has none. */
  cursor: string | null;
  /**
   * `meta.next` as a path with its query, at Button's own host; null if it leads out of the Affiliation API.
   */
  printed: string | null;
};

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

/**
 * Whether the rows show that Button did not apply the filters: one row is older than the window, or all are
 * newer. Single newer rows prove nothing, because a row that changes during paging shows its new date. Pure.
 */
export function areOutside(rows: readonly unknown[], { timeField, start, end }: WindowFilter): boolean {
  const dates = rows.map((row) => dateOf(row, timeField)).filter((date) => !Number.isNaN(date));
  if (dates.length === 0) return false;
  return dates.some((date) => date < Date.parse(start)) || dates.every((date) => date >= Date.parse(end));
}

function dateOf(row: unknown, timeField: WindowFilter['timeField']): number {
  const isRow = typeof row === 'object' && row !== null;
  const date: unknown = isRow ? Reflect.get(row, timeField) : undefined;
  return typeof date === 'string' ? Date.parse(date) : NaN;
}
