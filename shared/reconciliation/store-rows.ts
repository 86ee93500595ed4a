import { hash } from 'node:crypto';

import {
  type Observation,
  readTransaction,
  readTransactionKey,
  type Transaction,
  transactionFlags,
} from '@button-serverless/validation/webhooks';
import type { ConflictNote } from './rules/conflict-note.ts';
import { deliveryOf, cutOverAt } from '../transactions/rules/delivery.ts';
import { driftAmountsMinor, sumTallies, tallyOf, type DriftTally, type RowOutcome } from './rules/drift.ts';
import type { Metrics } from '../runtime/metric-definitions.ts';
import type { Position, WindowPolicy } from './rules/position.ts';
import { shownAfterMs } from '../transactions/rules/clocks.ts';
import { applyTransaction } from '../transactions/apply-transaction.ts';
import { errorName, log } from '../runtime/logger.ts';
import type { QuarantineEntry, QuarantineReason, QuarantineStore } from '../quarantine/quarantine-store.ts';
import type { FinalizationMinutes } from '../transactions/store/cached-finalization-windows.ts';
import { asUnchangedRow, digestOfRow, type UnchangedRow } from '../transactions/rules/unchanged-row.ts';
import type { AsUnchanged, FoundRow, TransactionStore } from '../transactions/store/transaction-store.ts';
import { reportUnreadable, UnreadableItemError } from '../dynamodb/unreadable-item.ts';

/** What storing rows needs. */
export type StoreRowsPorts = {
  transactions: TransactionStore;
  quarantine: QuarantineStore;
  metrics: Metrics;
  /**
   * Transactions created before this instant (ISO 8601 UTC) are historical; unless set, those created before
   * the deployment.
   */
  liveFrom?: string;
  /** The categories for which users are rewarded; `REWARDABLE_CATEGORIES` unless given. */
  rewardableCategories?: readonly string[];
  /** Has a conflict read again; unless given, the next sweep finds it. */
  noteConflicts?: (notes: readonly ConflictNote[]) => Promise<void>;
  /** The finalization window of a brand; unless given, the stored one stays. */
  finalizationMinutes?: FinalizationMinutes;
  /** How much later than a change Button may show it. */
  windows: Pick<WindowPolicy, 'lagMs'>;
  now: () => Date;
};

/** Rows of one response of Button's, the stream they belong to, and when the request began (ISO 8601 UTC). */
export type ReadRows = {
  rows: readonly unknown[];
  position: Pick<Position, 'account' | 'stream' | 'historicalBefore'>;
  readStartedAt: string;
};

/** How many rows are written at the same time: enough to hide the table's latency behind the API's. */
const CONCURRENT_WRITES = 16;
/** The limit of one BatchGetItem. */
const MAX_BATCH_KEYS = 100;

/**
 * Stores rows with the same merge as webhooks; returns what they showed. Rows that have not changed cost half
 * a read unit and no write, and are recognised before they are read as a whole.
 *
 * An unreadable row goes to quarantine, and the other rows continue. Throws if a table cannot be reached.
 */
export async function storeRows(read: ReadRows, ports: StoreRowsPorts): Promise<DriftTally> {
  const context = readContextOf(read, ports);
  const outcomes: RowResult[] = [];
  for (const chunk of inChunks(read.rows, MAX_BATCH_KEYS)) {
    outcomes.push(...(await storeChunk(chunk, context, ports)));
  }
  const tallies = outcomes.map(tallyOf);
  const tally = sumTallies(tallies);
  measure(tally, ports.metrics);
  const late = tallies.filter((one) => 'missing' in one || 'stale' in one);
  const delays = late.map((one) => one['repairSeconds'] ?? 0);
  if (delays.length > 0) ports.metrics.add({ name: 'RepairDelaySeconds', value: Math.max(...delays) });
  ports.metrics.add({ name: 'RowsReconciled', value: read.rows.length });
  return tally;
}

type StoreChunkPorts = Omit<StoreRowsPorts, 'windows' | 'liveFrom'>;

/** A row that can be looked up, and the digest of its JSON. */
type KeyedRow = { row: unknown; key: string; digest: string };

/** What a row showed. */
type RowResult = RowOutcome | UnchangedRow;

async function storeChunk(
  rows: readonly unknown[],
  context: ReadContext,
  ports: StoreChunkPorts,
): Promise<RowResult[]> {
  const keyed: KeyedRow[] = [];
  for (const row of rows) {
    const one = withKey(row);
    if (one) keyed.push(one);
    else await quarantineUnreadable(row, context, ports);
  }
  const byKey = Map.groupBy(keyed, ({ key }) => key);
  const asUnchanged: AsUnchanged = (key, summary) => {
    const [first] = byKey.get(key) ?? [];
    return first && asUnchangedRow(first.digest, summary, ports.rewardableCategories);
  };
  const known = await ports.transactions.readMany([...byKey.keys()], asUnchanged);
  const outcomes: RowResult[] = [];
  for (const group of inChunks([...byKey], CONCURRENT_WRITES)) {
    const stored = await Promise.all(
      // Rows of one order are stored one after the other: each must see what the previous one wrote.
      group.map(async ([key, same]) => {
        const done: RowResult[] = [];
        for (const [index, one] of same.entries()) {
          const current = index === 0 ? (known.get(key) ?? 'absent') : undefined;
          const outcome = await storeRow({ ...one, current }, context, ports);
          if (outcome) done.push(outcome);
        }
        return done;
      }),
    );
    outcomes.push(...stored.flat());
  }
  return outcomes;
}

/** What a row showed; undefined if it went to quarantine. */
async function storeRow(
  { row, key, digest, current }: KeyedRow & { current: FoundRow | 'absent' | undefined },
  context: ReadContext,
  ports: StoreChunkPorts,
): Promise<RowResult | undefined> {
  if (typeof current === 'object' && 'isFromWebhook' in current) return current;
  const reading = readTransaction(row);
  if (!reading.ok) return quarantineUnreadable(row, context, ports);
  const observation = observe({ row, digest, transaction: reading.transaction }, context);
  return storeOrQuarantine({ observation, current, key }, ports);
}

type KnownRow = {
  observation: Observation;
  current: Exclude<FoundRow, UnchangedRow> | 'absent' | undefined;
  key: string;
};

/**
 * Stores a row. A row that fails although the store works, most likely because its stored item is unreadable,
 * goes to quarantine, and the other rows continue. Returns undefined in that case.
 */
async function storeOrQuarantine(
  { observation, current, key }: KnownRow,
  ports: StoreChunkPorts,
): Promise<RowOutcome | undefined> {
  const { transaction, seenAt } = observation;
  try {
    if (current === 'unreadable') throw new UnreadableItemError(key);
    const { before, after } = await applyTransaction(ports, observation, current);
    if (after !== before) countFlags(observation, { before, after }, ports.metrics);
    return { transaction, before, after, seenAt };
  } catch (error) {
    if (!isAboutRow(error)) throw error;
    log.error('row_not_applied', { key, error: errorName(error) });
    const isUnreadable = error instanceof UnreadableItemError;
    if (isUnreadable) reportUnreadable(ports.metrics)(error.key);
    const reason = isUnreadable ? unreadableReason(error.key) : NOT_APPLIED;
    const bytes = JSON.stringify(observation.payload);
    const origin = `account:${transaction.accountId ?? 'unknown'}`;
    await quarantineRow({ bytes, reasons: [reason], refusedAt: seenAt, origin }, ports);
    return undefined;
  }
}

/**
 * An error that will be the same at every attempt: an unreadable item, a write that the table can never
 * accept, or a fault of this code.
 */
function isAboutRow(error: unknown): boolean {
  const isFault = error instanceof TypeError || error instanceof RangeError;
  const isRefused = error instanceof Error && error.name === 'ValidationException';
  return error instanceof UnreadableItemError || isRefused || isFault;
}

function unreadableReason(key: string): QuarantineReason {
  return {
    code: 'stored_item_unreadable',
    problem: `The item ${key} of the transactions table is unreadable`,
    fix: 'Put the item right or delete it; the next read of its account stores the row',
  };
}

const NOT_APPLIED = {
  code: 'not_applied',
  problem: 'The row could not be stored, by a fault of ours',
  fix: 'Fix the cause, which the log of this function names; the next read of its account stores the row',
};

async function quarantineRow(
  { bytes, ...row }: Pick<QuarantineEntry, 'bytes' | 'reasons' | 'refusedAt' | 'origin'>,
  { quarantine, metrics }: Pick<StoreRowsPorts, 'quarantine' | 'metrics'>,
): Promise<void> {
  const id = hash('sha256', bytes);
  const { isNew } = await quarantine.put({ kind: 'transaction-row', id, bytes, ...row });
  metrics.add({ name: 'RowsQuarantined', value: isNew ? 1 : 0 });
}

/** A row without new content was counted when it had some. */
function countFlags(
  { flags = [] }: Observation,
  { before, after }: Pick<RowOutcome, 'before' | 'after'>,
  metrics: Metrics,
): void {
  const hasNewId = before !== undefined && after.buttonIds.length > before.buttonIds.length;
  for (const flag of hasNewId ? [...flags, 'several_button_ids'] : flags)
    metrics.add({ name: 'RowFlags', value: 1, dimensions: { Flag: flag } });
}

/** What the rows of one read have in common. */
type ReadContext = {
  readStartedAt: string;
  visibleUntil: string;
  seenAt: string;
  cutOver: string | null;
  account: string;
};

function readContextOf({ position, readStartedAt }: ReadRows, ports: StoreRowsPorts): ReadContext {
  const visibleUntilMs = Date.parse(readStartedAt) - shownAfterMs(ports.windows.lagMs);
  return {
    readStartedAt,
    visibleUntil: new Date(visibleUntilMs).toISOString(),
    seenAt: ports.now().toISOString(),
    cutOver: cutOverAt(position, ports.liveFrom),
    account: position.account,
  };
}

function observe(
  { row, digest, transaction }: { row: unknown; digest: string; transaction: Transaction },
  { readStartedAt, visibleUntil, seenAt, cutOver }: ReadContext,
): Observation {
  return {
    transaction,
    payload: row,
    source: { kind: 'api', readStartedAt, visibleUntil, row: digest },
    seenAt,
    delivery: deliveryOf(transaction, cutOver),
    flags: transactionFlags(transaction, row),
  };
}

/** Undefined for an unreadable row, or for one that is nested too deeply to be written as JSON again. */
function withKey(row: unknown): KeyedRow | undefined {
  const key = readTransactionKey(row);
  const text = toJson(row);
  return key === undefined || text === undefined ? undefined : { row, key, digest: digestOfRow(text) };
}

async function quarantineUnreadable(
  row: unknown,
  { seenAt, account }: ReadContext,
  ports: StoreChunkPorts,
): Promise<undefined> {
  const reading = readTransaction(row);
  const text = toJson(row);
  const faults = reading.ok || text === undefined ? [{ path: '$', code: 'too_deep' }] : reading.faults;
  // Of a row that cannot be written as JSON again, only the id can be kept.
  const bytes = text ?? JSON.stringify({ id: reading.ok ? reading.transaction.id : null });
  const problem = 'The row was not understood here';
  const reasons = faults.map(({ path, code }) => ({ code, path, problem }));
  await quarantineRow({ bytes, reasons, refusedAt: seenAt, origin: `account:${account}` }, ports);
  return undefined;
}

function toJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

const METRIC_OF_COUNTER = {
  missing: 'MissingTransactionsRepaired',
  stale: 'StaleTransactionsRepaired',
  corrected: 'PendingTransactionsCorrected',
  settledConflicts: 'SettledConflicts',
  imported: 'TransactionsImported',
} as const;

/** A difference found here is one that no webhook has brought (yet). */
function measure(tally: DriftTally, metrics: Metrics): void {
  for (const [counter, name] of Object.entries(METRIC_OF_COUNTER)) {
    const value = tally[counter];
    if (value !== undefined) metrics.add({ name, value });
  }
  for (const [currency, value] of driftAmountsMinor(tally)) {
    metrics.add({ name: 'DriftAmountMinor', value, dimensions: { Currency: currency } });
  }
}

function inChunks<Item>(items: readonly Item[], size: number): Item[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size));
}
