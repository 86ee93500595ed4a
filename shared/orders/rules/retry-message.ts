import * as z from 'zod';

/** A retry message contains only the order's id; the ledger says what to report. */
export type RetryMessage = {
  orderId: string;
  /** The one call that may be made while the brand's breaker is open. */
  isProbe: boolean;
};

const RETRY_MESSAGE_START = '{"retry":';
const RetryMessageSchema = z.strictObject({
  retry: z.strictObject({ orderId: z.string().min(1), probe: z.literal(true).exactOptional() }),
});

/**
 * The message with which the sweep retries a due order. It goes through the order queue, so that no order is
 * handled twice at once.
 */
export function retryMessage({ orderId, isProbe }: RetryMessage): string {
  const retry = isProbe ? { orderId, probe: true as const } : { orderId };
  return JSON.stringify({ retry } satisfies z.input<typeof RetryMessageSchema>);
}

/** Reads a retry message; undefined for any other message. Never throws. */
export function readRetryMessage(body: string): RetryMessage | undefined {
  if (!body.startsWith(RETRY_MESSAGE_START)) return undefined;
  try {
    const retry = RetryMessageSchema.safeParse(JSON.parse(body)).data?.retry;
    return retry && { orderId: retry.orderId, isProbe: retry.probe === true };
  } catch {
    return undefined;
  }
}

/**
 * The message that makes the reporter send one harmless read to Button: the probe of an open breaker if no
 * order can be the probe. No order waits behind it, because it has its own message group.
 */
export const PROBE_MESSAGE = '{"probe":"read"}';

/** Whether the message is `PROBE_MESSAGE`. */
export function isProbeMessage(body: string): boolean {
  return body === PROBE_MESSAGE;
}
