import { PutEventsCommand, type EventBridgeClient } from '@aws-sdk/client-eventbridge';

import { log } from '../runtime/logger.ts';
import {
  type CheckoutReceived,
  TRANSACTION_EVENT_SOURCE,
  type TransactionChanged,
} from '@button-serverless/validation/webhooks';

/** An event of this system. */
export type PublishedEvent = TransactionChanged | CheckoutReceived;

/**
 * Puts events on the bus; returns, in order, whether each was accepted. Throws if the bus cannot be reached.
 */
export type PutEvents = (events: readonly PublishedEvent[]) => Promise<readonly boolean[]>;

/** The size limit of the entries of one call, with room for their other fields. */
const MAX_BYTES = 240_000;

/**
 * EventBridge's limit for one call:
 * https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
 */
const MAX_ENTRIES = 10;

/**
 * A bus in EventBridge. A call that succeeds may still have lost some of its entries, so each entry's own
 * result counts.
 *
 * A bus that does not exist accepts everything and reports success: the name has to come from the stack that
 * owns the bus.
 */
export function createEventBus({
  client,
  busName,
}: {
  client: Pick<EventBridgeClient, 'send'>;
  busName: string;
}): PutEvents {
  return async (events) => {
    const taken: boolean[] = [];
    for (const entries of inBatches(events)) {
      const { Entries: results = [] } = await client.send(
        new PutEventsCommand({
          Entries: entries.map(({ type, detail }) => ({
            EventBusName: busName,
            Source: TRANSACTION_EVENT_SOURCE,
            DetailType: type,
            Detail: JSON.stringify(detail),
            Time: new Date(detail.storedAt),
          })),
        }),
      );
      const isTaken = entries.map((_, index) => results[index]?.EventId !== undefined);
      taken.push(...isTaken);
      if (isTaken.includes(false)) {
        const errors = new Set(results.flatMap(({ ErrorCode }) => ErrorCode ?? []));
        log.warn('events_not_taken', {
          events: isTaken.filter((one) => !one).length,
          errors: [...errors].join(' '),
        });
      }
    }
    return taken;
  };
}

function inBatches(events: readonly PublishedEvent[]): PublishedEvent[][] {
  const batches: PublishedEvent[][] = [];
  let bytes = 0;
  for (const event of events) {
    const size = Buffer.byteLength(JSON.stringify(event.detail));
    const last = batches.at(-1);
    if (last && last.length < MAX_ENTRIES && bytes + size <= MAX_BYTES) {
      last.push(event);
      bytes += size;
    } else {
      batches.push([event]);
      bytes = size;
    }
  }
  return batches;
}
