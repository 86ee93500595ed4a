import type { ApiResult, TransactionsApi } from '../../shared/button/transactions-api.ts';
import { repairsIn, sumTallies } from '../../shared/domain/drift.ts';
import type { Metrics } from '../../shared/domain/metrics.ts';
import { followTrail } from '../../shared/domain/page-trail.ts';
import { DEFAULT_FORM, type PagingForm } from '../../shared/domain/paging-form.ts';
import {
  afterPage,
  boundBy,
  readAgain,
  readHalf,
  withoutWindow,
  type Position,
  type ReadWindow,
  type WindowPolicy,
} from '../../shared/domain/position.ts';
import type { PositionStore } from '../../shared/store/position-store.ts';
import { fetchPage } from './fetch-page.ts';
import { storeRows, type StoreRowsPorts } from './store-rows.ts';

/** What reading a page needs. */
export type ReadPagePorts = StoreRowsPorts & {
  positions: Pick<PositionStore, 'save'>;
  metrics: Metrics;
  windows: WindowPolicy;
  /** At most 100, so that one batch read looks them all up. */
  pageSize: number;
};

/** Where reading a page has led: the position as it is saved now, and why to stop, if so. */
export type PageStep = {
  position: Position;
  /** Button's clock when it answered. */
  serverTime?: Date;
  stop?: { outcome: 'overtaken' } | { outcome: 'partial'; reason: string };
};

/**
 * A window is two million rows at the most; what goes on longer is taken for a list without end and read in
 * halves. A window that is truly that long is read in halves too, so this bounds requests and loses nothing.
 */
const MAX_PAGES = 20_000;

/**
 * Reads and stores the window's next page.
 *
 * The position is saved after the rows, never before. Throws if a table cannot be reached.
 */
export async function readPage(
  { position, window }: { position: Position; window: ReadWindow },
  api: TransactionsApi,
  ports: ReadPagePorts,
): Promise<PageStep> {
  const { now, pageSize, windows } = ports;
  const { start, end, next: asked } = window;
  const readStartedAt = now().toISOString();
  const timeField = position.timeField ?? 'modified_date';
  const query = { accountId: position.account, timeField, start, end, pageSize } as const;
  const reading = await fetchPage({ query, next: asked, learnt: position.learnt }, { api, now });
  if (!reading.ok) return afterRefusal({ position, window, reading }, ports);

  const { rows, next } = reading.value;
  const trail = next ? followTrail(window.trail, { number: window.pages + 1, rows, next }) : undefined;
  if (trail === 'endless' || (next !== null && window.pages >= MAX_PAGES)) {
    return goOnWith(readAgain(position, window), { position, reason: 'endless_pages' }, ports);
  }
  const drift = await storeRows({ rows, position, readStartedAt }, ports);
  const { serverTime } = reading;
  const bound = serverTime ? boundBy(window, serverTime, windows) : window;
  const page = { next, rows: rows.length, repaired: repairsIn(drift), storedAt: now() };
  const learning = learn(withDrift(position, drift), reading.form, now());
  const moved = afterPage(learning, bound, { ...page, ...(trail ? { trail } : {}) });
  if (!(await ports.positions.save(moved))) return { position, stop: { outcome: 'overtaken' } };
  return { position: moved, ...(serverTime ? { serverTime } : {}) };
}

/** The position with the form that has just worked; the form that is tried first anyway need not be remembered. */
function learn(position: Position, form: PagingForm | undefined, now: Date): Position {
  const { learnt, ...rest } = position;
  if (form === undefined || form === learnt?.form) return position;
  return form === DEFAULT_FORM ? rest : { ...rest, learnt: { form, learntAt: now.toISOString() } };
}

function withDrift(position: Position, drift: NonNullable<Position['drift']>): Position {
  return { ...position, drift: sumTallies([position.drift ?? {}, drift]) };
}

type Refusal = Extract<ApiResult<unknown>, { ok: false }>;

async function afterRefusal(
  { position, window, reading }: { position: Position; window: ReadWindow; reading: Refusal },
  ports: ReadPagePorts,
): Promise<PageStep> {
  if (reading.reason === 'unavailable' && reading.afterMs !== undefined) {
    const retryAt = new Date(ports.now().getTime() + reading.afterMs).toISOString();
    return saveAndStop({ ...position, retryAt }, reading.detail, ports);
  }
  if (reading.reason !== 'refused') {
    const reason = reading.reason === 'unavailable' ? reading.detail : reading.reason;
    return { position, stop: { outcome: 'partial', reason } };
  }
  // A cursor that is refused has expired; without one, it may be the window that is too long. An unknown account is neither.
  if (window.next !== null) {
    return goOnWith(readAgain(position, window), { position, reason: 'cursor_refused' }, ports);
  }
  const half = reading.status === 404 ? undefined : readHalf(position, window);
  return goOnWith(half, { position, reason: `refused_${reading.status}` }, ports);
}

/** Goes on from `next`; where there is none, everything has been tried, and the next tick cuts its window anew. */
async function goOnWith(
  next: Position | undefined,
  { position, reason }: { position: Position; reason: string },
  ports: ReadPagePorts,
): Promise<PageStep> {
  if (!next) return saveAndStop(withoutWindow(position), reason, ports);
  ports.metrics.add({ name: 'ReconcilerWindowsRestarted', value: 1 });
  if (!(await ports.positions.save(next))) return { position, stop: { outcome: 'overtaken' } };
  return { position: next };
}

async function saveAndStop(position: Position, reason: string, ports: ReadPagePorts): Promise<PageStep> {
  const saved = await ports.positions.save(position);
  return { position, stop: saved ? { outcome: 'partial', reason } : { outcome: 'overtaken' } };
}
