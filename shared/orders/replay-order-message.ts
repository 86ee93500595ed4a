import { hash } from 'node:crypto';

import {
  messageDeduplicationId,
  messageGroupId,
  readMessageOrderId,
  sendableText,
} from '@button-serverless/validation/orders';
import { readRetryMessage } from './rules/retry-message.ts';
import type { FifoMessage } from '../runtime/fifo-sender.ts';
import type { QuarantineReview } from '../quarantine/quarantine-review.ts';

/** The message attribute that marks a replay; its value is the id of the quarantine entry. */
export const REPLAY_ATTRIBUTE = 'replayOf';

/** What a replay needs. */
export type ReplayOrderMessagePorts = {
  /** Whose quarantine and whose queue. */
  brand: string;
  quarantine: Pick<QuarantineReview, 'read' | 'markReplayed'>;
  /** Puts messages on the brand's order queue. Throws unless they are on it. */
  send: (messages: readonly FifoMessage[]) => Promise<void>;
  now: () => Date;
};

/**
 * Sends a quarantined order message to its queue again, as it came or with a corrected body, and marks the
 * entry. Answers `unknown` if there is no such entry (any more), and `other-order` if the corrected body is
 * about another order than the entry: nothing is sent then.
 *
 * The reporter judges the message like any other, but tries a version that Button refused once more, with
 * whatever content it now has (a cancellation stays one). If it is refused again, that is a new entry under
 * the new message's id; each of the two names the other.
 *
 * It may be called again at any time: a call that is repeated because it failed is one message to SQS, and of
 * two that succeed the ledger recognises what has been reported. A replay after a replay is a message of its
 * own: the one before may have been refused since. It sends before it marks, so that what is marked was sent,
 * and marks nothing that was refused once more in between. Throws if the quarantine or the queue cannot be
 * reached; then call it again.
 */
export async function replayOrderMessage(
  { entryId, correctedBody }: { entryId: string; correctedBody?: string },
  { brand, quarantine, send, now }: ReplayOrderMessagePorts,
): Promise<'replayed' | 'unknown' | 'other-order'> {
  const kind = `order#${brand}`;
  const entry = await quarantine.read(kind, entryId);
  if (!entry) return 'unknown';

  const original = Buffer.from(entry.bytes).toString('utf8');
  const body = sendableText(correctedBody ?? original);
  if (isAboutAnotherOrder(body, original)) return 'other-order';
  await send([
    {
      body,
      groupId: groupOf(body) ?? messageGroupId(entryId),
      deduplicationId: messageDeduplicationId({
        source: 'replay',
        id: [entryId, entry.refusals, entry.replays, hash('sha256', body)].join(' '),
      }),
      attributes: { [REPLAY_ATTRIBUTE]: entryId },
    },
  ]);
  await quarantine.markReplayed(entry, now());
  return 'replayed';
}

/**
 * Whether a corrected body names another order than the original. An original that names none may become any
 * order. Pure.
 */
export function isAboutAnotherOrder(corrected: string, original: string): boolean {
  const orderId = readMessageOrderId(original);
  return orderId !== undefined && readMessageOrderId(corrected) !== orderId;
}

/** The group of the order that the message is about, as far as it can be told: behind its other versions. */
function groupOf(body: string): string | undefined {
  const orderId = readRetryMessage(body)?.orderId ?? readMessageOrderId(body);
  return orderId === undefined ? undefined : messageGroupId(orderId);
}
