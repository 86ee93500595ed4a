import { conflictNotes, type ConflictNote } from '../reconciliation/rules/conflict-note.ts';
import {
  mergeTransaction,
  takeOver,
  takePlace,
  UNWRITTEN,
  type MergeOutcome,
  type Storing,
} from './rules/merge-transaction.ts';
import type { Observation, TransactionRecord } from '@button-serverless/validation/webhooks';
import type { FinalizationMinutes } from './store/cached-finalization-windows.ts';
import type { Metrics } from '../runtime/metric-definitions.ts';
import { RetryableError } from '../runtime/errors.ts';
import type { TransactionStore } from './store/transaction-store.ts';
import type { Versioned } from '../dynamodb/versioned-item.ts';
import { locate, type Place } from './locate-transaction.ts';

/** What storing a version needs. */
export type ApplyTransactionPorts = {
  transactions: TransactionStore;
  /** The categories for which users are rewarded; `REWARDABLE_CATEGORIES` unless given. */
  rewardableCategories?: readonly string[];
  /** Has a conflict read again; unless given, the next sweep finds it. */
  noteConflicts?: (notes: readonly ConflictNote[]) => Promise<void>;
  /** The finalization window of a brand; unless given, the stored one stays. */
  finalizationMinutes?: FinalizationMinutes;
  metrics?: Metrics;
  now: () => Date;
};

const MAX_MERGES = 5;

/**
 * The one way to store a version, for webhooks, deferred webhooks and the reconciler: find the purchase that
 * it belongs to, merge it with the record, and make one conditional write, or none if nothing is new. A
 * writer that loses a race merges again with the stored record.
 *
 * `known` is the result of a lookup that was just made for the version's key, and saves that read. Throws
 * `RetryableError` if the race is lost too often, and whatever the store throws; doing it again completes
 * what was left half done.
 */
export async function applyTransaction(
  ports: ApplyTransactionPorts,
  observation: Observation,
  known?: Versioned<TransactionRecord> | 'absent',
): Promise<{ outcome: MergeOutcome; before: TransactionRecord | undefined; after: TransactionRecord }> {
  const { transactions: store, rewardableCategories, noteConflicts, now } = ports;
  let place: Place | undefined;
  for (let attempt = 0; attempt < MAX_MERGES; attempt += 1) {
    const reading = { known: attempt === 0 ? known : undefined, consistent: attempt > 0 };
    place ??= await locate(observation, reading, { transactions: store, now });
    if (!place) continue;
    const storing = {
      storedAt: now().toISOString(),
      key: place.key,
      foundBy: place.foundBy,
      ...(rewardableCategories ? { rewardableCategories } : {}),
    };
    const before = place.stored?.value;
    const base = absorb(place, storing);
    const { record, outcome } = mergeTransaction(base, observation, storing);
    if (before && base === before && UNWRITTEN.includes(outcome)) return { outcome, before, after: before };
    const after = await withWindow(record, ports);

    // Before the conflict itself: if the writer dies in between, it leaves a harmless note, and never a
    // conflict without a note.
    const notes = conflictNotes(before, after, storing.storedAt);
    if (notes.length > 0) await noteConflicts?.(notes);
    const result = await store.write(after, place.stored?.revision ?? 0);
    if (result.ok) {
      countOlder(place, after, ports.metrics);
      return { outcome, before, after };
    }
    const { current } = result;
    const isThere = current?.value.key === place.key && current.value.mergedInto === undefined;
    place = isThere ? { ...place, stored: current } : undefined;
  }
  throw new RetryableError('Too many writers at one transaction');
}

/** The record with the window of its brand, as far as both are known. */
async function withWindow(
  record: TransactionRecord,
  { finalizationMinutes: windowOf }: ApplyTransactionPorts,
): Promise<TransactionRecord> {
  const { commerceOrganization } = record.candidates[0].transaction;
  const minutes = commerceOrganization === null ? undefined : await windowOf?.(commerceOrganization);
  return minutes === undefined ? record : { ...record, finalizationMinutes: minutes };
}

/** A reward of a live purchase is taken back once an older transaction shows that it is historical. */
function countOlder({ stored, others }: Place, after: TransactionRecord, metrics: Metrics | undefined): void {
  const isNew = ({ key }: TransactionRecord): boolean => stored?.value.otherKeys.includes(key) !== true;
  const wasLive = [stored?.value, ...others.filter(isNew)].some((record) => record?.delivery === 'live');
  if (wasLive && after.delivery === 'historical')
    metrics?.add({ name: 'TransactionsFoundHistorical', value: 1 });
}

/** The record with what other records of the same purchase have seen. */
function absorb({ key, stored, others }: Place, storing: Storing): TransactionRecord | undefined {
  let record = stored?.value;
  for (const other of others) {
    record = record ? takeOver(record, other, storing) : takePlace(key, other, storing);
  }
  return record;
}
