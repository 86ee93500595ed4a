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
  /** The brand whose quarantine and queue are used. */
  brand: string;
  quarantine: Pick<QuarantineReview, 'read' | 'markReplayed'>;
  /** Puts messages on the brand's order queue. Throws unless they are on it. */
  send: (messages: readonly FifoMessage[]) => Promise<void>;
  now: () => Date;
};

/**
 * Sends a quarantined order message to its queue again, unchanged or with a corrected body, and marks the
 * entry. Returns `unknown` if there is no such entry (any more), and `other-order` if the corrected body is
 * about another order than the entry; then nothing is sent.
 *
 * The reporter checks the message like any other, but tries a version that Button refused once more, whatever
 * its content is now (a cancellation stays a cancellation). If it is refused again, there is a new entry
 * under the new message's id; each of the two names the other.
 *
 * It is safe to call it again at any time. If a failed call is repeated, SQS recognises the same message; if
 * two calls succeed, the ledger recognises what has been reported. A replay after a replay is a new message,
 * because the previous one may have been refused since. The message is sent before the entry is marked, so a
 * marked entry was sent. An entry that was refused again in between is not marked. Throws if the quarantine
 * or the queue cannot be reached; then call it again.
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
 * Whether a corrected body names another order than the original. If the original names none, the corrected
 * body may name any. Pure.
 */
export function isAboutAnotherOrder(corrected: string, original: string): boolean {
  const orderId = readMessageOrderId(original);
  return orderId !== undefined && readMessageOrderId(corrected) !== orderId;
}

/** The group of the order that the message is about, if that can be read: behind its other versions. */
function groupOf(body: string): string | undefined {
  const orderId = readRetryMessage(body)?.orderId ?? readMessageOrderId(body);
  return orderId === undefined ? undefined : messageGroupId(orderId);
}
