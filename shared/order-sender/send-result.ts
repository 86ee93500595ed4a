import type { OrderViolation } from '@button-serverless/validation/orders';

/**
 * Why a valid message may not be on the queue. It is safe in every case to send the event again with the same
 * content.
 */
export type NotSent =
  /** SQS says that the message is invalid: it will reject the same message again. */
  | { outcome: 'not-sent'; reason: 'refused'; code: string }
  /**
   * SQS failed to accept the message every time; the code is `Unanswered` if its last response did not
   * mention the message.
   */
  | { outcome: 'not-sent'; reason: 'attempts-used-up'; code: string }
  /**
   * The client threw after its own retries: an outage, a missing permission or queue. The message may have
   * arrived.
   */
  | { outcome: 'not-sent'; reason: 'request-failed'; cause: unknown }
  /** An earlier event of the same order was not sent, and this one must not overtake it. */
  | { outcome: 'not-sent'; reason: 'behind-unsent' };

/** The result for one event. `orderId` is missing only if the event names no order. */
export type SendResult = { eventId: string; orderId?: string } & (
  | { outcome: 'sent'; messageId: string; warnings: OrderViolation[] }
  /** The reporter would refuse the event, or SQS would drop it; with every reason. Nothing of it was sent. */
  | { outcome: 'invalid'; violations: OrderViolation[]; warnings: OrderViolation[] }
  /** The event is longer than one message may be. Sizes in bytes of UTF-8. */
  | { outcome: 'too-large'; bytes: number; maxMessageBytes: number }
  | NotSent
);

const NAMED_EVENTS = 10;
const NAMED_VIOLATIONS = 5;

/**
 * Some events were not sent. The message names the order of each with the reason: the codes and paths of
 * violations, SQS's answer, or why the event was held back (the first ten events, with five violations each).
 * `unsent` has all of them.
 */
export class OrderNotSentError extends Error {
  override readonly name = 'OrderNotSentError';
  readonly unsent: readonly SendResult[];

  constructor(unsent: readonly SendResult[]) {
    const failed = unsent.find((result) => 'cause' in result);
    const events = listFirst(unsent.map(describe), NAMED_EVENTS, '; ');
    super(`${unsent.length} order event(s) not sent: ${events}`, failed ? { cause: failed.cause } : {});
    this.unsent = unsent;
  }
}

function describe(result: SendResult): string {
  return `order ${result.orderId ?? '(unnamed)'}: ${describeReason(result)}`;
}

function describeReason(result: SendResult): string {
  switch (result.outcome) {
    case 'sent':
      return 'sent';
    case 'invalid': {
      const violations = result.violations.map(({ code, path }) => `${code} ${path}`);
      return `invalid (${listFirst(violations, NAMED_VIOLATIONS, ', ')})`;
    }
    case 'too-large':
      return `too-large (${result.bytes} bytes, at most ${result.maxMessageBytes})`;
    case 'not-sent':
      return 'code' in result ? `${result.reason} (${result.code})` : result.reason;
  }
}

function listFirst(texts: readonly string[], count: number, separator: string): string {
  const more = texts.length - count;
  return [...texts.slice(0, count), ...(more > 0 ? [`and ${more} more`] : [])].join(separator);
}

/** For callers who prefer exceptions: throws `OrderNotSentError` unless every event was sent. */
export function assertSent(results: SendResult | readonly SendResult[]): void {
  const unsent = [results].flat().filter(({ outcome }) => outcome !== 'sent');
  if (unsent.length > 0) throw new OrderNotSentError(unsent);
}
