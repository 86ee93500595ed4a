import { hash } from 'node:crypto';

import * as z from 'zod';

/**
 * The stream to read next; the position says what to read. `chain` names the messages that follow from one
 * another: the one that the planner sent, and those with which each worker starts the next. `slice` counts
 * the slices of the chain, from 1; absent in the first message.
 */
export type StreamToRead = { account: string; stream: string; chain?: string; slice?: number };

/**
 * The most slices of a chain. No read takes so many: of the length that they have by default, they take nine
 * days. Lambda lets the reconciler start itself as often as it likes, so a chain that a mistake keeps alive
 * would never end.
 */
export const LONGEST_CHAIN = 10_000;

/**
 * What a slice counts in its chain: one; but as much as a tenth of the longest chain if it had no time for a
 * single page, because the next ones may have none either.
 */
export function slicesCounted({ isIdle }: { isIdle: boolean }): number {
  return isIdle ? LONGEST_CHAIN / 10 : 1;
}

/**
 * A read message as a message for the FIFO queue of read messages: one group for each stream, so that one
 * worker at a time reads it.
 */
export type ReadMessage = { body: string; groupId: string; deduplicationId: string };

const ReadMessageSchema = z.object({
  account: z.string().min(1),
  stream: z.string().min(1),
  chain: z.string().exactOptional(),
  slice: z.int().min(1).exactOptional(),
});

/**
 * The planner's read message; `tickId` names the planner's run, so that a run that is delivered twice sends
 * one message.
 */
export function plannedReadMessage(toRead: StreamToRead, tickId: string): ReadMessage {
  return toMessage({ ...toRead, chain: tickId }, ['tick', tickId]);
}

/**
 * A worker's read message for the next worker. Fence and page name it, so that a repeated slice sends it
 * once.
 */
export function nextReadMessage(
  toRead: StreamToRead,
  { fence, pages }: { fence: number; pages: number },
): ReadMessage {
  return toMessage(toRead, ['slice', fence, pages]);
}

/** Reads a message of the queue of read messages; undefined for anything else. Never throws. */
export function readReadMessage(body: string): StreamToRead | undefined {
  try {
    return ReadMessageSchema.parse(JSON.parse(body));
  } catch {
    return undefined;
  }
}

function toMessage(
  { account, stream, chain, slice }: StreamToRead,
  name: readonly (string | number)[],
): ReadMessage {
  const digest = (value: unknown): string => hash('sha256', JSON.stringify(value));
  return {
    body: JSON.stringify({ account, stream, chain, slice }),
    groupId: digest([account, stream]),
    deduplicationId: digest([account, stream, ...name]),
  };
}
