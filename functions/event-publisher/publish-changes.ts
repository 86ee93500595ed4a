import { transactionChanged, type TransactionChanged } from '../../shared/domain/transaction-changed.ts';
import type { Metrics } from '../../shared/domain/metrics.ts';
import type { PutEvents } from '../../shared/events/event-bus.ts';
import { TRANSACTIONS_TABLE } from '../../shared/store/table.ts';
import { TransactionHeadSchema, type TransactionHead } from '../../shared/store/transaction-item.ts';

/** One change of an item, as the table's stream tells it. Values are DynamoDB's JSON. */
export type StreamChange = {
  sequenceNumber: string;
  before: StreamImage | undefined;
  after: StreamImage | undefined;
};

/** An item as the stream tells it: numbers as text, binary as base64. */
export type StreamImage = Readonly<Record<string, { S?: string | undefined; N?: string | undefined }>>;

/** What publishing needs. */
export type PublishChangesPorts = {
  putEvents: PutEvents;
  metrics: Metrics;
  includePersonalFields: boolean;
};

/**
 * Publishes one event for each new version of a transaction. Removals, changes that raise no version, and parts of large
 * transactions make none.
 *
 * Returns the sequence number of the first change whose event was not taken, or undefined if all were: what follows in the shard is
 * delivered again, and consumers drop repeats by version.
 */
export async function publishChanges(
  changes: readonly StreamChange[],
  { putEvents, metrics, includePersonalFields }: PublishChangesPorts,
): Promise<string | undefined> {
  const news = changes.flatMap((change) => {
    const event = toEvent(change, includePersonalFields);
    return event ? [{ event, sequenceNumber: change.sequenceNumber }] : [];
  });
  if (news.length === 0) return undefined;

  const taken = await putEvents(news.map(({ event }) => event));
  const firstLost = news.find((_, index) => taken[index] !== true);
  const conflicts = news.filter(({ event }) => event.type === 'transaction.conflict');
  metrics.add({ name: 'TransactionConflicts', value: conflicts.length });
  metrics.add({ name: 'EventsPublished', value: taken.filter(Boolean).length });
  return firstLost?.sequenceNumber;
}

function toEvent(
  { before, after }: StreamChange,
  includePersonalFields: boolean,
): TransactionChanged | undefined {
  if (!after || TRANSACTIONS_TABLE.partOf in after) return undefined;
  const now = readHead(after);
  const previously = before && readHead(before);
  return previously?.version === now.version
    ? undefined
    : transactionChanged(previously, now, { includePersonalFields });
}

/** Throws on an item that the transaction store did not write. */
function readHead(image: StreamImage): TransactionHead {
  const attributes = Object.entries(image).map(([name, { S: text, N: number }]) => [
    name,
    number === undefined ? text : Number(number),
  ]);
  return TransactionHeadSchema.parse(Object.fromEntries(attributes));
}
