/**
 * Thrown if running the same work again could help: the caller leaves the message on its queue.
 *
 * The message names what failed and contains no payload, secret or personal data; `cause` has the original
 * error.
 */
export class RetryableError extends Error {
  override readonly name = 'RetryableError';
}
