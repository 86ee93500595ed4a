import { commissionChanges } from '../../shared/transactions/rules/commission-change.ts';
import type { EventSettings } from '@button-serverless/validation/webhooks';
import type { Metrics } from '../../shared/runtime/metric-definitions.ts';
import { errorName, log } from '../../shared/runtime/logger.ts';
import type { PutEvents } from '../../shared/transactions/event-bus.ts';
import { TRANSACTIONS_TABLE } from '../../shared/dynamodb/table.ts';
import type { CheckoutStore } from '../../shared/transactions/store/checkout-store.ts';
import { reportUnreadable } from '../../shared/dynamodb/unreadable-item.ts';
import { readChange, type StreamChange, type VersionChange } from './read-change.ts';

/** What publishing needs. */
export type PublishChangesPorts = {
  putEvents: PutEvents;
  checkouts: Pick<CheckoutStore, 'follow'>;
  metrics: Metrics;
  now: () => Date;
} & EventSettings;

/**
 * After this time a batch begins no more reads and writes of checkouts. The next events of the shard wait for
 * the end of the batch, and a batch that takes longer than the function may is delivered again.
 */
const FOLLOW_MS = 3000;

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
  { putEvents, checkouts, metrics, now, ...settings }: PublishChangesPorts,
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
  await followCheckouts(published, { checkouts, metrics, now });
  return announced[firstFailed]?.sequenceNumber;
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
    // Without the previous version, the difference is unknown.
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
 * Counts the checkouts whose transactions have arrived. Never throws, because no event may wait for a number
 * on a board. After a failure, the transaction's next version finds the checkout.
 */
async function followCheckouts(
  versionChanges: readonly VersionChange[],
  { checkouts, metrics, now }: Pick<PublishChangesPorts, 'checkouts' | 'metrics' | 'now'>,
): Promise<void> {
  const keyByToken = new Map(
    versionChanges.flatMap(({ after: { btnRef, mergedInto, pk } }): [string, string][] =>
      btnRef === undefined ? [] : [[btnRef, mergedInto ?? pk]],
    ),
  );
  if (keyByToken.size === 0) return;
  const endMs = now().getTime() + FOLLOW_MS;
  try {
    const followed = await checkouts.follow(keyByToken, () => now().getTime() < endMs);
    if (followed > 0) metrics.add({ name: 'CheckoutsFollowed', value: followed });
  } catch (error) {
    log.warn('checkouts_not_followed', { error: errorName(error) });
  }
}
