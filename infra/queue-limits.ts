import * as z from 'zod';

/**
 * The shortest visibility timeout, in seconds, of a queue whose worker may run for `workerTimeoutSeconds`:
 * six times as long, so that a batch that Lambda retries after throttling is not delivered a second time
 * meanwhile.
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html ("Configuring a queue to
 * use with Lambda")
 */
export function leastVisibilityTimeoutSeconds(workerTimeoutSeconds: number): number {
  return 6 * workerTimeoutSeconds;
}

/**
 * The fewest receives before a message may go to the dead-letter queue. A receive counts even if the worker
 * never saw the message: because it was throttled, or died with a batch that another message broke.
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html (recommends 5 where a
 * dead-letter queue is final)
 */
export const LEAST_RECEIVES = 3;

/** How often a message is received before it is moved to the dead-letter queue. */
export const MaxReceiveCountSchema = z
  .int()
  .min(
    LEAST_RECEIVES,
    `must be at least ${LEAST_RECEIVES}: a receive counts even if the worker never saw the message`,
  )
  .max(1000);

/** The timeout of event-delivery: the longest request, and time for what failed to be hidden. */
export const EVENT_DELIVERY_TIMEOUT_SECONDS = 45;

/** The longest time that event-delivery waits before it tries an event again. */
export const EVENT_DELIVERY_LONGEST_PAUSE_SECONDS = 900;
