import { commissionChanges } from '../../shared/domain/commission-change.ts';
import {
  transactionChanged,
  type EventSettings,
  type PublishedState,
} from '../../shared/domain/transaction-changed.ts';
import type { Metrics } from '../../shared/domain/metrics.ts';
import type { PutEvents } from '../../shared/events/event-bus.ts';
import { TRANSACTIONS_TABLE } from '../../shared/store/table.ts';
import { readHead, type TransactionHead } from '../../shared/store/transaction-item.ts';

/** One change of an item, as the table's stream tells it. Values are DynamoDB's JSON. */
export type StreamChange = {
  sequenceNumber: string;
  before: StreamImage | undefined;
  after: StreamImage | undefined;
};

/** An item as the stream tells it: numbers as text, binary as base64. */
export type StreamImage = Readonly<
  Record<string, { S?: string | undefined; N?: string | undefined; B?: string | Uint8Array | undefined }>
>;

/** What publishing needs. */
export type PublishChangesPorts = {
  putEvents: PutEvents;
  metrics: Metrics;
} & EventSettings;

/**
 * Publishes one event for each new version of a transaction. Removals, changes that raise no version, and parts of large
 * transactions make none.
 *
 * Returns the sequence number of the first change whose event was not taken, or undefined if all were: what follows in the shard is
 * delivered again, and consumers drop repeats by version.
 */
export async function publishChanges(
  changes: readonly StreamChange[],
  { putEvents, metrics, ...settings }: PublishChangesPorts,
): Promise<string | undefined> {
  const versionChanges = changes.flatMap(readVersionChange);
  if (versionChanges.length === 0) return undefined;

  const taken = await putEvents(
    versionChanges.map(({ before, after }) => transactionChanged(before, after, settings)),
  );
  const firstFailed = versionChanges.findIndex((_, index) => taken[index] !== true);
  metrics.add({ name: 'EventsPublished', value: taken.filter(Boolean).length });
  // What follows comes again, and is counted then.
  measure(firstFailed < 0 ? versionChanges : versionChanges.slice(0, firstFailed), metrics);
  return versionChanges[firstFailed]?.sequenceNumber;
}

/** A new version of a transaction. */
type VersionChange = { sequenceNumber: string; before: PublishedState | undefined; after: PublishedState };

function readVersionChange({ sequenceNumber, before, after }: StreamChange): VersionChange[] {
  if (!after || TRANSACTIONS_TABLE.partOf in after || TRANSACTIONS_TABLE.aliasOf in after) return [];
  const now = readImage(after);
  const previously = before && readImage(before);
  return previously?.version === now.version ? [] : [{ sequenceNumber, before: previously, after: now }];
}

const METRIC_OF_STATUS = {
  pending: 'PendingCommissionChangeMinor',
  validated: 'ValidatedCommissionChangeMinor',
  declined: 'DeclinedCommissionMinor',
} as const;

function measure(versionChanges: readonly VersionChange[], metrics: Metrics): void {
  const conflicts = versionChanges.filter(({ after }) => after.status === 'conflict');
  metrics.add({ name: 'TransactionConflicts', value: conflicts.length });
  const held = versionChanges.filter(
    ({ after: { notRewardableReason } }) => notRewardableReason === 'category_unknown',
  );
  if (held.length > 0) metrics.add({ name: 'TransactionsOfUnknownCategory', value: held.length });
  for (const { before, after } of versionChanges) {
    for (const { status, currency, amountMinor } of commissionChanges(before, after)) {
      metrics.add({
        name: METRIC_OF_STATUS[status],
        value: amountMinor,
        dimensions: { Currency: currency },
      });
    }
  }
}

/** Throws on an item that the transaction store did not write. */
function readImage(image: StreamImage): TransactionHead {
  const attributes = Object.entries(image).map(([name, value]): [string, unknown] => [
    name,
    readValue(value),
  ]);
  return readHead(Object.fromEntries(attributes));
}

function readValue({ S: text, N: number, B: bytes }: StreamImage[string]): unknown {
  if (bytes !== undefined) return typeof bytes === 'string' ? Buffer.from(bytes, 'base64') : bytes;
  return number === undefined ? text : Number(number);
}
