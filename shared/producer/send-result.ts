import type { OrderViolation } from '../domain/order-violation.ts';

/** Why a valid message is not known to be on the queue. Sending the event again, with the same content, is safe in every case. */
export type NotSent =
  /** SQS says that the message is at fault: the same message will be refused again. */
  | { outcome: 'not-sent'; reason: 'refused'; code: string }
  /** SQS failed to take the message each time it was sent; the code is `Unanswered` if SQS left it out of its last answer. */
  | { outcome: 'not-sent'; reason: 'attempts-used-up'; code: string }
  /** The client threw, after its own retries: an outage, or no permission, or no such queue. The message may have arrived. */
  | { outcome: 'not-sent'; reason: 'request-failed'; cause: unknown }
  /** An earlier event of the same order was not sent, and this one must not overtake it. */
  | { outcome: 'not-sent'; reason: 'behind-unsent' };

/** What became of one event. */
export type SendResult = { eventId: string } & (
  | { outcome: 'sent'; messageId: string; warnings: OrderViolation[] }
  /** The reporter would refuse the event; every reason at once. Nothing of it was sent. */
  | { outcome: 'invalid'; violations: OrderViolation[]; warnings: OrderViolation[] }
  /** The event is longer than one message may be. Sizes in bytes of UTF-8. */
  | { outcome: 'too-large'; bytes: number; maxMessageBytes: number }
  | NotSent
);

/** Some events could not be sent. The message says how many; `unsent` has each one's id and reason. */
export class OrderNotSentError extends Error {
  override readonly name = 'OrderNotSentError';
  readonly unsent: readonly SendResult[];

  constructor(unsent: readonly SendResult[]) {
    const reasons = new Set(unsent.map((result) => ('reason' in result ? result.reason : result.outcome)));
    const failed = unsent.find((result) => 'cause' in result);
    super(
      `Not sent: ${unsent.length} order event(s) (${[...reasons].join(', ')})`,
      failed ? { cause: failed.cause } : {},
    );
    this.unsent = unsent;
  }
}

/** For callers who would rather catch than look: throws `OrderNotSentError` unless every event was sent. */
export function assertSent(results: SendResult | readonly SendResult[]): void {
  const unsent = [results].flat().filter(({ outcome }) => outcome !== 'sent');
  if (unsent.length > 0) throw new OrderNotSentError(unsent);
}
