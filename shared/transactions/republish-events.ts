import {
  type EventSettings,
  isPublishable,
  transactionChanged,
  type TransactionChanged,
} from '@button-serverless/validation/webhooks';
import { RetryableError } from '../runtime/errors.ts';
import type { TransactionHead } from './store/transaction-item.ts';
import type { OnUnreadable } from '../dynamodb/unreadable-item.ts';

type PutTransactionEvents = (events: readonly TransactionChanged[]) => Promise<readonly boolean[]>;

/** What publishing again needs. */
export type RepublishEventsPorts = {
  /** The heads of the transactions in question, as `scanHeads` finds them. */
  heads: AsyncIterable<TransactionHead>;
  putEvents: PutTransactionEvents;
  onUnreadable?: OnUnreadable;
} & EventSettings;

const BATCH_SIZE = 100;
const MAX_ROUNDS = 5;

/**
 * Publishes the current version of each transaction again, for when the stream has forgotten what a consumer missed. Returns how many.
 *
 * The events carry the version's own number, so a consumer that has handled it drops it. What came before is not kept: previous status
 * and amount and the delta are null. A transaction that no event can be made of is left out. Throws if the bus cannot be reached, or does not take an event in five tries: run it again, repeats
 * do no harm.
 */
export async function republishEvents(ports: RepublishEventsPorts): Promise<number> {
  const { heads, putEvents } = ports;
  let published = 0;
  let batch: TransactionChanged[] = [];
  const flush = async (): Promise<void> => {
    await putAll(batch, putEvents);
    published += batch.length;
    batch = [];
  };
  for await (const head of heads) {
    const event = transactionChanged('unknown', head, ports);
    if (!isPublishable(event)) {
      ports.onUnreadable?.(head.pk);
      continue;
    }
    batch.push(event);
    if (batch.length === BATCH_SIZE) await flush();
  }
  await flush();
  return published;
}

/** Puts what the bus did not take once more, a few times. */
async function putAll(events: readonly TransactionChanged[], putEvents: PutTransactionEvents): Promise<void> {
  let left = events;
  for (let round = 0; left.length > 0; round += 1) {
    if (round === MAX_ROUNDS) throw new RetryableError('The bus does not take every event');
    const taken = await putEvents(left);
    left = left.filter((_, index) => taken[index] !== true);
  }
}
