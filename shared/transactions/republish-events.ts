import {
  checkoutReceived,
  type EventSettings,
  isPublishable,
  transactionChanged,
} from '@button-serverless/validation/webhooks';
import { RetryableError } from '../runtime/errors.ts';
import type { PublishedEvent, PutEvents } from './event-bus.ts';
import type { Published } from './store/transaction-scan.ts';
import type { OnUnreadable } from '../dynamodb/unreadable-item.ts';

/** What publishing again needs. */
export type RepublishEventsPorts = {
  /** The transactions and checkouts to publish, as `scanPublished` finds them. */
  all: AsyncIterable<Published>;
  putEvents: PutEvents;
  onUnreadable?: OnUnreadable;
} & EventSettings;

const BATCH_SIZE = 100;
const MAX_ROUNDS = 5;

/**
 * Publishes the current version of each transaction, and each checkout, again, for use when the stream has
 * dropped what a consumer missed. Returns how many.
 *
 * The events have the version's own number, so a consumer that has handled it drops them. The previous
 * version is not stored: previous status and amount and the delta are null. A transaction from which no event
 * can be made is skipped. Throws if the bus cannot be reached, or does not accept an event in five tries; it
 * is safe to run it again.
 */
export async function republishEvents(ports: RepublishEventsPorts): Promise<number> {
  const { all, putEvents } = ports;
  let count = 0;
  let batch: PublishedEvent[] = [];
  const flush = async (): Promise<void> => {
    await putAll(batch, putEvents);
    count += batch.length;
    batch = [];
  };
  for await (const published of all) {
    const event = eventOf(published, ports);
    if (event) batch.push(event);
    else if (published.kind === 'transaction') ports.onUnreadable?.(published.head.pk);
    if (batch.length === BATCH_SIZE) await flush();
  }
  await flush();
  return count;
}

/** Undefined for a transaction from which no event can be made. */
function eventOf(published: Published, settings: EventSettings): PublishedEvent | undefined {
  if (published.kind === 'checkout') return checkoutReceived(published.checkout, settings);
  const event = transactionChanged('unknown', published.head, settings);
  return isPublishable(event) ? event : undefined;
}

/** Puts the events again that the bus did not accept, a few times. */
async function putAll(events: readonly PublishedEvent[], putEvents: PutEvents): Promise<void> {
  let left = events;
  for (let round = 0; left.length > 0; round += 1) {
    if (round === MAX_ROUNDS) throw new RetryableError('The bus does not take every event');
    const taken = await putEvents(left);
    left = left.filter((_, index) => taken[index] !== true);
  }
}
