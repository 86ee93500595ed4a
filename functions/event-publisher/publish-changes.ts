import { commissionChanges } from '../../shared/transactions/rules/commission-change.ts';
import {
  checkoutReceived,
  type CheckoutReceived,
  type EventSettings,
  isPublishable,
  type PublishedState,
  transactionChanged,
  type TransactionChanged,
} from '@button-serverless/validation/webhooks';
import type { Metrics } from '../../shared/runtime/metric-definitions.ts';
import { errorName, log } from '../../shared/runtime/logger.ts';
import type { PutEvents } from '../../shared/transactions/event-bus.ts';
import { TRANSACTIONS_TABLE } from '../../shared/dynamodb/table.ts';
import { readCheckoutItem } from '../../shared/transactions/store/checkout-item.ts';
import type { CheckoutStore } from '../../shared/transactions/store/checkout-store.ts';
import {
  readHead,
  readState,
  type TransactionHead,
} from '../../shared/transactions/store/transaction-item.ts';
import { reportUnreadable } from '../../shared/dynamodb/unreadable-item.ts';

/** One change of an item, from the table's stream. Values are DynamoDB's JSON. */
export type StreamChange = {
  sequenceNumber: string;
  before: StreamImage | undefined;
  after: StreamImage | undefined;
};

/**
 * An item in the stream: numbers as text, binary as base64. The attributes that this code reads have no other
 * types.
 */
export type StreamImage = Readonly<Record<string, StreamValue>>;

type StreamValue = {
  S?: string | undefined;
  N?: string | undefined;
  B?: string | Uint8Array | undefined;
  L?: readonly StreamValue[] | undefined;
};

/** What publishing needs. */
export type PublishChangesPorts = {
  putEvents: PutEvents;
  checkouts: Pick<CheckoutStore, 'follow'>;
  metrics: Metrics;
} & EventSettings;

/**
 * Publishes one event for each new version of a transaction. Removals, changes that raise no version, and
 * parts of large transactions publish none.
 *
 * An item that is unreadable, or from which no event can be made, is skipped: it is counted, and the log has
 * its key. Once the item is fixed, its next version is published.
 *
 * Returns the sequence number of the first change whose event was not accepted, or undefined if all were. The
 * rest of the shard is delivered again, and consumers drop repeats by version.
 */
export async function publishChanges(
  changes: readonly StreamChange[],
  { putEvents, checkouts, metrics, ...settings }: PublishChangesPorts,
): Promise<string | undefined> {
  const onUnreadable = reportUnreadable(metrics);
  const announced = changes.flatMap((change) => {
    const reading = readChange(change, settings);
    if (reading === 'unreadable') onUnreadable(change.after?.[TRANSACTIONS_TABLE.partitionKey]?.S ?? '');
    return reading === 'unreadable' || reading === 'no-event' ? [] : [reading];
  });
  if (announced.length === 0) return undefined;

  const taken = await putEvents(announced.map(({ event }) => event));
  const firstFailed = announced.findIndex((_, index) => taken[index] !== true);
  metrics.add({ name: 'EventsPublished', value: taken.filter(Boolean).length });
  // The following changes are delivered again, and counted then.
  const done = firstFailed < 0 ? announced : announced.slice(0, firstFailed);
  const published = done.flatMap((one) => ('after' in one ? [one] : []));
  measure(published, metrics);
  await followCheckouts(published, { checkouts, metrics });
  return announced[firstFailed]?.sequenceNumber;
}

/** A new version of a transaction. The previous version is `unknown` if it is unreadable. */
type VersionChange = {
  sequenceNumber: string;
  before: PublishedState | undefined | 'unknown';
  after: TransactionHead;
  event: TransactionChanged;
};

/** A new checkout. */
type NewCheckout = { sequenceNumber: string; event: CheckoutReceived };

function readChange(
  { sequenceNumber, before, after }: StreamChange,
  settings: EventSettings,
): VersionChange | NewCheckout | 'no-event' | 'unreadable' {
  if (!after || TRANSACTIONS_TABLE.partOf in after || TRANSACTIONS_TABLE.aliasOf in after) return 'no-event';
  if (TRANSACTIONS_TABLE.checkoutOf in after) {
    if (before) return 'no-event';
    const checkout = readCheckoutItem(after);
    return checkout ? { sequenceNumber, event: checkoutReceived(checkout, settings) } : 'unreadable';
  }
  const now = readImage(after, readHead);
  if (!now) return 'unreadable';
  const previously = before && (readImage(before, readState) ?? 'unknown');
  if (previously !== 'unknown' && previously?.version === now.version) return 'no-event';
  const event = transactionChanged(previously, now, settings);
  return isPublishable(event) ? { sequenceNumber, before: previously, after: now, event } : 'unreadable';
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
    // The previous version's share is unknown, and was counted then.
    if (before === 'unknown') continue;
    for (const { status, currency, amountMinor } of commissionChanges(before, after)) {
      metrics.add({
        name: METRIC_OF_STATUS[status],
        value: amountMinor,
        dimensions: { Currency: currency },
      });
    }
  }
}

/**
 * Counts the checkouts whose transactions have arrived. Never throws: no event waits for a share on a
 * dashboard, and the transaction's next version finds its checkout.
 */
async function followCheckouts(
  versionChanges: readonly VersionChange[],
  { checkouts, metrics }: Pick<PublishChangesPorts, 'checkouts' | 'metrics'>,
): Promise<void> {
  const keyByToken = new Map(
    versionChanges.flatMap(({ after: { btnRef, mergedInto, pk } }): [string, string][] =>
      btnRef === undefined ? [] : [[btnRef, mergedInto ?? pk]],
    ),
  );
  if (keyByToken.size === 0) return;
  try {
    const followed = await checkouts.follow(keyByToken);
    if (followed > 0) metrics.add({ name: 'CheckoutsFollowed', value: followed });
  } catch (error) {
    log.warn('checkouts_not_followed', { error: errorName(error) });
  }
}

/** Undefined for an item that the transaction store did not write. */
function readImage<State>(
  image: StreamImage,
  read: (attributes: Readonly<Record<string, unknown>>) => State,
): State | undefined {
  const attributes = Object.entries(image).map(([name, value]): [string, unknown] => [
    name,
    readValue(value),
  ]);
  try {
    return read(Object.fromEntries(attributes));
  } catch {
    return undefined;
  }
}

function readValue({ S: text, N: number, B: bytes, L: list }: StreamValue): unknown {
  if (list !== undefined) return list.map(readValue);
  if (bytes !== undefined) return typeof bytes === 'string' ? Buffer.from(bytes, 'base64') : bytes;
  return number === undefined ? text : Number(number);
}
