import type { TransactionPage } from '../button/api-result.ts';
import type { TransactionsApi } from '../button/transactions-api.ts';
import { repairsIn, sumTallies } from './rules/drift.ts';
import { GAP_RETRY_MS, isGap } from './rules/gap.ts';
import { followTrail } from './rules/page-trail.ts';
import { learnForm, type PagingForm } from './rules/paging-form.ts';
import { afterPage, boundBy, type Position, type ReadWindow } from './rules/position.ts';
import { afterFailure, hasTooManyPages, type WindowFailure } from './rules/window-failure.ts';
import { failureOf, fetchPage, reasonOf, type FetchedPage } from './fetch-page.ts';
import type { PageStep, ReadPagePorts } from './page-step.ts';
import { passOverWindow } from './pass-over-window.ts';
import { storeRows } from './store-rows.ts';

type Reading = { position: Position; window: ReadWindow };

/**
 * Reads and stores the window's next page. `afterFailure` decides what to do if that fails.
 *
 * The position is saved after the rows, never before. Throws if a table cannot be reached.
 */
export async function readPage(
  { position, window }: Reading,
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
    pageSize: Math.min(position.pageSize ?? ports.pageSize, ports.pageSize),
  } as const;
  const reading = await fetchPage({ query, next: window.next, learnt: position.learnt }, { api, now });
  if (!reading.ok) return afterRefusal({ position, window }, reading, { api, ports });

  const { rows, next } = reading.value;
  const trail = trailOf({ position, window }, reading.value);
  if (trail === 'endless' || trail === 'too-many-pages')
    return recover({ position, window, failure: trail, reason: 'endless_pages' }, api, ports);
  const drift = await storeRows({ rows, position, readStartedAt }, ports);
  const { serverTime } = reading;
  const bound = serverTime ? boundBy(window, serverTime, ports.windows) : window;
  const page = { next, rows: rows.length, repaired: repairsIn(drift), storedAt: now() };
  const found = learn({ ...position, drift: sumTallies([position.drift ?? {}, drift]) }, reading.form, now());
  const moved = afterPage(found, bound, { ...page, ...(trail ? { trail } : {}) });
  if (!(await ports.positions.save(moved))) return { position, stop: { outcome: 'overtaken' } };
  return { position: moved, ...(serverTime ? { serverTime } : {}) };
}

/** Undefined for the last page. */
function trailOf({ position, window }: Reading, { rows, next }: TransactionPage) {
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
  { position, window }: Reading,
  answer: Extract<FetchedPage, { ok: false }>,
  { api, ports }: { api: TransactionsApi; ports: ReadPagePorts },
): Promise<PageStep> {
  const failure = failureOf(answer, { isFirstPage: window.next === null });
  const reason = reasonOf(answer, failure);
  const afterMs = answer.reason === 'unavailable' ? answer.afterMs : undefined;
  if (afterMs !== undefined) {
    const next = failure
      ? afterFailure({ position, window, pageSize: ports.pageSize }, failure).position
      : position;
    const retryAt = new Date(ports.now().getTime() + afterMs).toISOString();
    return saveAndStop({ ...next, retryAt }, reason, ports);
  }
  if (!failure) return { position, stop: { outcome: 'partial', reason } };
  return recover({ position, window, failure, reason }, api, ports);
}

async function recover(
  { position, window, failure, reason }: Reading & { failure: WindowFailure; reason: string },
  api: TransactionsApi,
  ports: ReadPagePorts,
): Promise<PageStep> {
  const { then, position: next } = afterFailure({ position, window, pageSize: ports.pageSize }, failure);
  if (then === 'read-on') {
    ports.metrics.add({ name: 'ReconcilerWindowsRestarted', value: 1 });
    const isSaved = await ports.positions.save(next);
    return isSaved ? { position: next } : { position, stop: { outcome: 'overtaken' } };
  }
  const passed =
    then === 'pass-over' ? await passOverWindow({ position: next, reason }, api, ports) : 'stuck';
  if (passed !== 'stuck') return passed;
  const retryAt = new Date(ports.now().getTime() + GAP_RETRY_MS).toISOString();
  return saveAndStop({ ...next, ...(isGap(next) ? { retryAt } : {}) }, reason, ports);
}

async function saveAndStop(position: Position, reason: string, ports: ReadPagePorts): Promise<PageStep> {
  const saved = await ports.positions.save(position);
  return { position, stop: saved ? { outcome: 'partial', reason } : { outcome: 'overtaken' } };
}
