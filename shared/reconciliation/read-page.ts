import type { TransactionPage } from '../button/api-result.ts';
import { ASKED_TO_WAIT } from '../button/key-wait.ts';
import type { TransactionsApi } from '../button/transactions-api.ts';
import { repairsIn, sumTallies } from './rules/drift.ts';
import { GAP_RETRY_MS, isGap } from './rules/gap.ts';
import { pageSizeOf } from './rules/page-size.ts';
import { followTrail } from './rules/page-trail.ts';
import { learnForm, type PagingForm } from './rules/paging-form.ts';
import { afterPage, boundBy, type Position, type ReadWindow } from './rules/position.ts';
import { afterFailure, hasTooManyPages, type WindowFailure } from './rules/window-failure.ts';
import { failureOf, fetchPage, reasonOf, type FetchedPage } from './fetch-page.ts';
import type { PageStep, ReadPagePorts } from './page-step.ts';
import { canReadLatest, passOverWindow } from './pass-over-window.ts';
import { requestFirst, type ListQuery } from './request-page.ts';
import { storeRows } from './store-rows.ts';

/** `isLatestShown`: Button has just returned the account's latest second. */
type Reading = { position: Position; window: ReadWindow; isLatestShown: boolean };

/**
 * Reads and stores the window's next page. `afterFailure` decides what to do if that fails.
 *
 * The position is saved after the rows, never before. Throws if a table cannot be reached.
 */
export async function readPage(
  { position, window, isLatestShown }: Reading,
  api: TransactionsApi,
  ports: ReadPagePorts,
): Promise<PageStep> {
  const { now } = ports;
  const readStartedAt = now().toISOString();
  const query = {
    accountId: position.account,
    timeField: position.timeField ?? 'modified_date',
    start: window.start,
    end: window.end,
    pageSize: pageSizeOf(position, window, ports.pageSize),
  } as const;
  const reading = await fetchPage({ query, next: window.next, learnt: position.learnt }, { api, now });
  if (!reading.ok) return afterRefusal({ position, window, isLatestShown }, reading, { api, ports });

  const { rows, next } = reading.value;
  const trail = trailOf({ position, window }, reading.value);
  if (trail === 'endless' || trail === 'too-many-pages')
    return recover({ position, window, isLatestShown, failure: trail, reason: 'endless_pages' }, api, ports);
  const shown = await compareSizes({ position, window, query }, api, ports);
  const drift = await storeRows({ rows, position, readStartedAt }, ports);
  const { serverTime } = reading;
  const bound = serverTime ? boundBy(shown, serverTime, ports.windows) : shown;
  const page = { next, rows: rows.length, repaired: repairsIn(drift), storedAt: now() };
  const found = learn({ ...position, drift: sumTallies([position.drift ?? {}, drift]) }, reading.form, now());
  const moved = afterPage(found, bound, { ...page, ...(trail ? { trail } : {}) });
  if (!(await ports.positions.save(moved))) return { position, stop: { outcome: 'overtaken' } };
  return { position: moved, ...(serverTime ? { serverTime } : {}) };
}

/**
 * The window whose first page Button has just returned in a smaller size. If the usual size gets no answer
 * even now, the size makes the difference, and not an outage that is over.
 */
async function compareSizes(
  { position, window, query }: Omit<Reading, 'isLatestShown'> & { query: ListQuery },
  api: TransactionsApi,
  { pageSize, timeLeft }: ReadPagePorts,
): Promise<ReadWindow> {
  const { smaller, next } = window;
  const usual = pageSizeOf(position, undefined, pageSize);
  if (!smaller || next !== null || usual <= smaller.size || !timeLeft()) return window;
  const answer = await requestFirst({ ...query, pageSize: usual }, api);
  const hasFailed = !answer.ok && failureOf(answer, { isFirstPage: true }) === 'no-page';
  return hasFailed ? { ...window, smaller: { ...smaller, failed: usual } } : window;
}

/** Undefined for the last page. */
function trailOf(
  { position, window }: Pick<Reading, 'position' | 'window'>,
  { rows, next }: TransactionPage,
) {
  if (next === null) return undefined;
  if (hasTooManyPages(position, window)) return 'too-many-pages' as const;
  return followTrail(window.trail, { number: window.pages + 1, rows, next });
}

/** The position with the form that has just worked. */
function learn(position: Position, form: PagingForm | undefined, now: Date): Position {
  if (form === undefined) return position;
  const { learnt, ...rest } = position;
  const renewed = learnForm(form, learnt, now);
  return { ...rest, ...(renewed ? { learnt: renewed } : {}) };
}

async function afterRefusal(
  reading: Reading,
  answer: Extract<FetchedPage, { ok: false }>,
  { api, ports }: { api: TransactionsApi; ports: ReadPagePorts },
): Promise<PageStep> {
  const { position, window } = reading;
  const found = failureOf(answer, { isFirstPage: window.next === null });
  const failure = found === 'denied' ? await afterDenial(position, api, ports) : found;
  const reason = reasonOf(answer, failure);
  const afterMs = answer.reason === 'unavailable' ? answer.afterMs : undefined;
  const pause = afterMs === undefined ? {} : { retryAt: later(ports, afterMs) };
  if (failure) return recover({ ...reading, ...pause, failure, reason }, api, ports);
  // The wait for the key is kept with the key. Here it marks the stream that caused it.
  if (afterMs === undefined || reason === ASKED_TO_WAIT)
    return { position, stop: { outcome: 'partial', reason } };
  return saveAndStop({ ...position, ...pause }, reason, ports);
}

/** If Button returns the account's latest second, it refuses this window only, as a 5xx does. */
async function afterDenial(
  position: Position,
  api: TransactionsApi,
  ports: ReadPagePorts,
): Promise<WindowFailure | undefined> {
  return (await canReadLatest(position, api, ports)) ? 'no-page' : undefined;
}

type Recovery = Reading & { failure: WindowFailure; reason: string; retryAt?: string };

/** With `retryAt` Button wants no request before then: the position is changed, and read from later. */
async function recover(
  { position, window, isLatestShown, failure, reason, retryAt }: Recovery,
  api: TransactionsApi,
  ports: ReadPagePorts,
): Promise<PageStep> {
  const isPaused = retryAt !== undefined;
  const decided = afterFailure({ position, window, pageSize: ports.pageSize, isPaused }, failure);
  const next = isPaused ? { ...decided.position, retryAt } : decided.position;
  if (decided.then === 'read-on') {
    ports.metrics.add({ name: 'ReconcilerWindowsRestarted', value: 1 });
    if (isPaused) return saveAndStop(next, reason, ports);
    const isSaved = await ports.positions.save(next);
    return isSaved ? { position: next } : { position, stop: { outcome: 'overtaken' } };
  }
  const passed =
    decided.then === 'pass-over'
      ? await passOverWindow({ position: next, reason, isLatestShown }, api, ports)
      : 'stuck';
  if (passed !== 'stuck') return isPaused ? { stop: { outcome: 'partial', reason }, ...passed } : passed;
  return saveAndStop(
    { ...next, ...(isGap(next) ? { retryAt: later(ports, GAP_RETRY_MS) } : {}) },
    reason,
    ports,
  );
}

function later({ now }: ReadPagePorts, afterMs: number): string {
  return new Date(now().getTime() + afterMs).toISOString();
}

async function saveAndStop(position: Position, reason: string, ports: ReadPagePorts): Promise<PageStep> {
  const saved = await ports.positions.save(position);
  return { position, stop: saved ? { outcome: 'partial', reason } : { outcome: 'overtaken' } };
}
