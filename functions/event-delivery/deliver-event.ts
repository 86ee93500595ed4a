import { parseJson } from '@button-serverless/validation/json';
import * as z from 'zod';

import { RetryableError } from '../../shared/runtime/errors.ts';
import { log } from '../../shared/runtime/logger.ts';
import type { Secret } from '../../shared/runtime/secret.ts';
import type { Post } from './post.ts';
import { signatureHeaders } from './signature.ts';

/** A message on the reward queue; `receives` counts this delivery too. */
export type RewardMessage = { body: string; receiptHandle: string; receives: number };

/** What the delivery of an event needs. */
export type DeliverEventPorts = {
  post: Post;
  secrets: Secret<Buffer[]>;
  /** Hides a message for so long; throws if the queue cannot be reached. */
  hide: (receiptHandle: string, seconds: number) => Promise<void>;
  now: () => Date;
  /** From 0 up to but not including 1. */
  random: () => number;
};

const EventSchema = z.object({
  id: z.string().min(1),
  'detail-type': z.string().min(1),
  time: z.string().min(1),
  detail: z.record(z.string(), z.unknown()),
});

const FIRST_WAIT_SECONDS = 5;
const LONGEST_WAIT_SECONDS = 900;
/** A receiver may ask for more time, but not for more than this. */
const LONGEST_RETRY_AFTER_SECONDS = 3600;

/**
 * Sends one event to the publisher's own URL, signed. Returns when it was answered with a 2xx.
 *
 * Throws for anything else, after it has hidden the message for a while: 5 seconds at first, then twice as
 * long each time up to 15 minutes, or as long as `Retry-After` asks. After the queue's last receive the
 * message is in its dead-letter queue. A redirect is not followed, because the signature is for one receiver.
 */
export async function deliverEvent(message: RewardMessage, ports: DeliverEventPorts): Promise<void> {
  const event = EventSchema.safeParse(parseJson(message.body)).data;
  if (!event) throw new RetryableError('The message is no event of the bus');
  const secrets = await ports.secrets.read();
  const failure =
    secrets.status === 'set'
      ? await send(event, secrets.value, ports)
      : { reason: `secret_${secrets.status}`, retryAfterSeconds: 0 };
  if (!failure) return;
  const { reason, retryAfterSeconds } = failure;
  log.warn('event_not_delivered', { eventId: event.id, reason, receives: message.receives });
  await ports.hide(message.receiptHandle, waitSeconds(message, retryAfterSeconds, ports.random()));
  throw new RetryableError('The event was not delivered');
}

type Failure = { reason: string; retryAfterSeconds: number };

async function send(
  { id, 'detail-type': type, time, detail }: z.infer<typeof EventSchema>,
  keys: readonly Buffer[],
  { post, now }: DeliverEventPorts,
): Promise<Failure | undefined> {
  const body = JSON.stringify({ type, timestamp: time, data: detail });
  const timestampSeconds = Math.floor(now().getTime() / 1000);
  const answer = await post(body, signatureHeaders({ id, timestampSeconds, body }, keys));
  if ('failed' in answer) return { reason: answer.failed, retryAfterSeconds: 0 };
  const { status, retryAfterSeconds = 0 } = answer;
  return status >= 200 && status < 300 ? undefined : { reason: `http_${status}`, retryAfterSeconds };
}

/** A fifth of the wait is random, so that what failed together is not tried together. */
function waitSeconds({ receives }: RewardMessage, retryAfterSeconds: number, random: number): number {
  const doubled = FIRST_WAIT_SECONDS * 2 ** Math.min(receives - 1, 10);
  const own = Math.min(doubled, LONGEST_WAIT_SECONDS) * (0.8 + 0.2 * random);
  return Math.ceil(Math.max(own, Math.min(retryAfterSeconds, LONGEST_RETRY_AFTER_SECONDS)));
}
