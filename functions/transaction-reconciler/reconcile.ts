import { createHash } from 'node:crypto';

import type { ApiKeyProblem } from '../../shared/button/api-key.ts';
import { readTransaction } from '../../shared/button/transaction-wire.ts';
import type { TransactionsApi } from '../../shared/button/transactions-api.ts';
import {
  afterPage,
  isCaughtUp,
  windowToRead,
  type Position,
  type ReadWindow,
  type WindowPolicy,
} from '../../shared/domain/position.ts';
import { transactionKey, type Observation, type TransactionRecord } from '../../shared/domain/transaction.ts';
import { nextSliceWakeUp, type WakeUp, type WakeUpMessage } from '../../shared/domain/wake-up.ts';
import { applyTransaction } from '../../shared/ingest/apply-transaction.ts';
import type { Metrics } from '../../shared/domain/metrics.ts';
import type { PositionStore } from '../../shared/store/position-store.ts';
import type { QuarantineStore } from '../../shared/store/quarantine-store.ts';
import type { TransactionStore } from '../../shared/store/transaction-store.ts';

/** What came of one slice of work. Only `complete` is success. */
export type ReconcileOutcome =
  /** Everything up to now is stored. */
  | { outcome: 'complete' }
  /** The slice's time was over; a new wake-up goes on. */
  | { outcome: 'handed-on' }
  /** Button could not be read; what is stored stays stored, and the next tick goes on from there. */
  | { outcome: 'partial'; reason: string }
  /** Another worker has taken the stream. */
  | { outcome: 'overtaken' }
  | { outcome: 'not-configured' }
  /** The planner gives positions; without one there is nothing to read. */
  | { outcome: 'unknown-stream' };

/** What reconciling needs. */
export type ReconcilePorts = {
  /** Without the API key, the reason. */
  api: TransactionsApi | ApiKeyProblem;
  positions: Pick<PositionStore, 'read' | 'take' | 'save'>;
  transactions: TransactionStore;
  quarantine: QuarantineStore;
  send: (messages: readonly WakeUpMessage[]) => Promise<void>;
  metrics: Metrics;
  windows: WindowPolicy;
  /** At most 100, so that one batch read looks them all up. */
  pageSize: number;
  /** False once the slice's time is over. */
  timeLeft: () => boolean;
  now: () => Date;
};

/** Rows that are written at the same time: enough to hide the table's latency behind the API's. */
const CONCURRENT_WRITES = 16;
/** What one BatchGetItem may ask for. */
const MAX_BATCH_KEYS = 100;

/**
 * Reads one stream of one account for a slice of time: window by window, page by page; every row goes through the same merge as a
 * webhook; the position is saved after every page and never before its rows are stored.
 *
 * Throws if the table or the queue cannot be reached: the wake-up then stays on its queue.
 */
export async function reconcile(wakeUp: WakeUp, ports: ReconcilePorts): Promise<ReconcileOutcome> {
  if (typeof ports.api === 'string') return { outcome: 'not-configured' };
  const standing = await ports.positions.read(wakeUp.account, wakeUp.stream);
  if (!standing) return { outcome: 'unknown-stream' };
  const taken = await ports.positions.take(standing);
  if (!taken) return { outcome: 'overtaken' };

  const outcome = await readSlice(taken, ports.api, ports);
  ports.metrics.add({ name: METRIC_OF_OUTCOME[outcome.outcome], value: 1 });
  return outcome;
}

const METRIC_OF_OUTCOME = {
  complete: 'ReconcilerSlicesComplete',
  'handed-on': 'ReconcilerSlicesHandedOn',
  partial: 'ReconcilerSlicesPartial',
  overtaken: 'ReconcilerSlicesOvertaken',
  'not-configured': 'ReconcilerNotConfigured',
  'unknown-stream': 'ReconcilerUnknownStreams',
} as const satisfies Record<ReconcileOutcome['outcome'], string>;

async function readSlice(
  taken: Position,
  api: TransactionsApi,
  ports: ReconcilePorts,
): Promise<ReconcileOutcome> {
  const { now, timeLeft, windows } = ports;
  const begunAt = now();
  let position = taken;
  for (;;) {
    const window = windowToRead(position, begunAt, windows);
    if (!window) return { outcome: 'complete' };
    if (!timeLeft()) {
      await ports.send([nextSliceWakeUp(position, { fence: position.fence, pages: window.pages })]);
      return { outcome: 'handed-on' };
    }
    const page = await readPage({ position, window, api, ports });
    if ('outcome' in page) return page;
    position = page;
    if (isCaughtUp(position, begunAt, windows)) return { outcome: 'complete' };
  }
}

/** Reads and stores the window's next page; returns the position as it was saved. */
async function readPage({
  position,
  window,
  api,
  ports,
}: {
  position: Position;
  window: ReadWindow;
  api: TransactionsApi;
  ports: ReconcilePorts;
}): Promise<Position | ReconcileOutcome> {
  const { positions, now, pageSize } = ports;
  const { start, end, cursor } = window;
  const readBegunAt = now().toISOString();
  const reading = await api.listTransactions({ accountId: position.account, start, end, pageSize, cursor });
  if (!reading.read) {
    if (reading.reason === 'refused' && cursor !== null) return restart(position, window, positions);
    return { outcome: 'partial', reason: reading.reason };
  }
  const { rows, nextCursor } = reading.value;
  // A cursor that does not move would be read for ever.
  if (nextCursor !== null && nextCursor === cursor) return { outcome: 'partial', reason: 'repeated_cursor' };

  const repaired = await storeRows({ rows, position, readBegunAt, ports });
  const moved = afterPage(position, window, { nextCursor, rows: rows.length, repaired, storedAt: now() });
  return (await positions.save(moved)) ? moved : { outcome: 'overtaken' };
}

/** A cursor that Button refuses has expired: the window begins again, which costs reads and changes nothing. */
async function restart(
  position: Position,
  window: ReadWindow,
  positions: ReconcilePorts['positions'],
): Promise<ReconcileOutcome> {
  const saved = await positions.save({ ...position, window: { ...window, cursor: null } });
  return saved ? { outcome: 'partial', reason: 'cursor_refused' } : { outcome: 'overtaken' };
}

/** Stores a page's rows; returns how many told something new. Rows that have not changed cost half a read unit and no write. */
async function storeRows({
  rows,
  position,
  readBegunAt,
  ports,
}: {
  rows: readonly unknown[];
  position: Position;
  readBegunAt: string;
  ports: ReconcilePorts;
}): Promise<number> {
  const observations: Observation[] = [];
  for (const row of rows) {
    const observation = await observe(row, { position, readBegunAt, ports });
    if (observation) observations.push(observation);
  }
  ports.metrics.add({ name: 'RowsReconciled', value: rows.length });

  let repaired = 0;
  for (const chunk of inChunks(observations, MAX_BATCH_KEYS)) repaired += await storeChunk(chunk, ports);
  return repaired;
}

async function storeChunk(observations: readonly Observation[], ports: ReconcilePorts): Promise<number> {
  const { transactions, metrics } = ports;
  // Rows of one order are stored one after the other: each must see what the one before has written.
  const byKey = [...Map.groupBy(observations, ({ transaction }) => transactionKey(transaction))];
  const known = await transactions.readMany(byKey.map(([key]) => key));
  let repaired = 0;
  for (const group of inChunks(byKey, CONCURRENT_WRITES)) {
    const stored = await Promise.all(
      group.map(async ([key, [first, ...more]]) => {
        const applied = first
          ? [await applyTransaction(transactions, first, known.get(key) ?? 'absent')]
          : [];
        for (const observation of more) applied.push(await applyTransaction(transactions, observation));
        return applied;
      }),
    );
    const news = stored.flat().filter(({ before, after }) => before?.version !== after.version);
    for (const { before, after } of news) countRepair(before, after, metrics);
    repaired += news.length;
  }
  return repaired;
}

/** A difference found here is one that no webhook has brought (yet). */
function countRepair(
  before: TransactionRecord | undefined,
  after: TransactionRecord,
  metrics: Metrics,
): void {
  metrics.add({ name: before ? 'StaleTransactionsRepaired' : 'MissingTransactionsRepaired', value: 1 });
  const { currency, amountMinor } = after.candidates[0].transaction;
  const previous = before?.candidates[0].transaction.amountMinor ?? 0;
  const value = Math.abs((amountMinor ?? 0) - previous);
  metrics.add({
    name: 'DriftAmountMinor',
    value,
    dimensions: { Currency: currency ?? 'unknown' },
  });
}

/** Undefined for a row that is not understood: it is kept in quarantine, and the rows beside it go on. */
async function observe(
  row: unknown,
  { position, readBegunAt, ports }: { position: Position; readBegunAt: string; ports: ReconcilePorts },
): Promise<Observation | undefined> {
  const reading = readTransaction(row);
  const seenAt = ports.now().toISOString();
  if (!reading.understood) {
    const bytes = JSON.stringify(row);
    await ports.quarantine.keep({
      kind: 'transaction-row',
      id: createHash('sha256').update(bytes).digest('hex'),
      bytes,
      reasons: reading.faults.map(({ path, code }) => ({
        code,
        path,
        problem: 'The row was not understood here',
      })),
      refusedAt: seenAt,
      origin: `account:${position.account}`,
    });
    ports.metrics.add({ name: 'RowsQuarantined', value: 1 });
    return undefined;
  }
  const isHistorical =
    position.historicalBefore !== null &&
    Date.parse(reading.transaction.modifiedDate) < Date.parse(position.historicalBefore);
  return {
    transaction: reading.transaction,
    payload: row,
    source: { kind: 'api', readBegunAt },
    seenAt,
    delivery: isHistorical ? 'historical' : 'live',
  };
}

function inChunks<Item>(items: readonly Item[], size: number): Item[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size));
}
