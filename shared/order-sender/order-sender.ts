import { setTimeout } from 'node:timers/promises';

import type { SQSClient } from '@aws-sdk/client-sqs';

import { type OrderEventSettings, readBrandSettings } from '@button-serverless/validation/orders';
import {
  refuseSharedIds,
  writeOrderMessage,
  type OrderMessageResult,
  type OrderCancellation,
  type OrderEventToSend,
  type OrderVersion,
} from './order-message.ts';
import { sendInOrder, type Deliveries } from './send-in-order.ts';
import type { SendResult } from './send-result.ts';

export type { OrderCancellation, OrderEventToSend, OrderVersion } from './order-message.ts';

/**
 * "The maximum message size is 1 MiB (1,048,576 bytes)", and so is that of a request (SQS, SendMessageBatch).
 */
const SQS_MAX_BYTES = 1_048_576;

/** The queue to send to, and the configuration of its brand. */
export type OrderSenderOptions = {
  /** The caller sets its retries and timeouts: a request that throws is not sent again. */
  client: Pick<SQSClient, 'send'>;
  /** The order queue of the brand. */
  queueUrl: string;
  /** Names the sending system in every event: a URI reference, such as `https://shop.example.com/orders`. */
  source: string;
  /**
   * What the brand's reporter accepts, so that nothing is `sent` that it refuses: the output
   * `OrderSettings<Brand>` of the brand's stack, unchanged or as an object. Use `DEFAULT_ORDER_SETTINGS` for
   * a brand whose configuration (`orderReporting.brands[]`) sets none of `orderBy`, `testTokens` and
   * `allowFinalizationDate`.
   */
  brandSettings: string | OrderEventSettings;
  /** From 1 to 1,048,576, if the queue accepts less than SQS does; also the limit of a request. */
  maxMessageBytes?: number;
  /** Waits between two attempts; for tests. */
  wait?: (delayMs: number) => Promise<void>;
  /** From 0 up to but not including 1; for tests. */
  random?: () => number;
};

/**
 * Sends order events. The `SendResult` says what happened to an event; no error is thrown for it (use
 * `assertSent` if you want that). Events of one order are sent in the given order within one call; await one
 * call before the next.
 */
export type OrderSender = {
  sendOrderCreated: (version: OrderVersion) => Promise<SendResult>;
  sendOrderUpdated: (version: OrderVersion) => Promise<SendResult>;
  sendOrderCancelled: (cancellation: OrderCancellation) => Promise<SendResult>;
  /**
   * One result for each event, in the order of the events. Rejects with `RangeError` if `events` is not a
   * list.
   */
  sendOrderEvents: (events: readonly OrderEventToSend[]) => Promise<SendResult[]>;
};

/**
 * A sender for the order queue of one brand. It validates each event as the reporter will; an invalid event
 * is not sent, and does not block other events. Events of one call that share an id but differ are invalid.
 * Throws `RangeError` if `maxMessageBytes` is out of range, or if `brandSettings` is missing or cannot be
 * read.
 */
export function createOrderSender({
  client,
  queueUrl,
  source,
  brandSettings,
  maxMessageBytes = SQS_MAX_BYTES,
  wait = setTimeout,
  random = Math.random,
}: OrderSenderOptions): OrderSender {
  if (!Number.isInteger(maxMessageBytes) || maxMessageBytes < 1 || maxMessageBytes > SQS_MAX_BYTES) {
    throw new RangeError(`maxMessageBytes must be an integer from 1 to ${SQS_MAX_BYTES}`);
  }
  const settings = { ...readBrandSettings(brandSettings), source, maxMessageBytes };
  const mailbox = { client, queueUrl, maxBatchBytes: maxMessageBytes, wait, random };

  const write = (event: OrderEventToSend): OrderMessageResult => writeOrderMessage(event, settings);
  const deliver = (writings: readonly OrderMessageResult[]): Promise<Deliveries> =>
    sendInOrder(
      writings.flatMap((writing) => (writing.ok ? [writing.message] : [])),
      mailbox,
    );
  const sendOne = async (event: OrderEventToSend): Promise<SendResult> => {
    const writing = write(event);
    return toResult(writing, await deliver([writing]));
  };

  return {
    sendOrderCreated: (version) => sendOne({ ...version, kind: 'created' }),
    sendOrderUpdated: (version) => sendOne({ ...version, kind: 'updated' }),
    sendOrderCancelled: (cancellation) => sendOne({ ...cancellation, kind: 'cancelled' }),
    sendOrderEvents: async (events) => {
      if (!Array.isArray(events)) throw new RangeError('events must be a list of order events');
      const writings = refuseSharedIds(Array.from(events, write));
      const deliveries = await deliver(writings);
      return writings.map((writing) => toResult(writing, deliveries));
    },
  };
}

function toResult(writing: OrderMessageResult, deliveries: Deliveries): SendResult {
  if (!writing.ok) return writing.result;
  const { eventId, orderId, warnings } = writing.message;
  const delivery = deliveries.get(writing.message) ?? { outcome: 'not-sent', reason: 'behind-unsent' };
  const names = { eventId, orderId };
  return delivery.outcome === 'sent' ? { ...names, ...delivery, warnings } : { ...names, ...delivery };
}
