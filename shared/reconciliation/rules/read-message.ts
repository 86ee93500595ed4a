import { hash } from 'node:crypto';

import * as z from 'zod';

/**
 * The stream to read next; the position says what to read. `chain` names the messages that follow from one
 * another: the one that the planner sent, and those with which each worker starts the next.
 */
export type StreamToRead = { account: string; stream: string; chain?: string };

/**
 * A read message as a message for the FIFO queue of read messages: one group for each stream, so that one
 * worker at a time reads it.
 */
export type ReadMessage = { body: string; groupId: string; deduplicationId: string };

const ReadMessageSchema = z.object({
  account: z.string().min(1),
  stream: z.string().min(1),
  chain: z.string().exactOptional(),
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
  { account, stream, chain }: StreamToRead,
  name: readonly (string | number)[],
): ReadMessage {
  const digest = (value: unknown): string => hash('sha256', JSON.stringify(value));
  return {
    body: JSON.stringify({ account, stream, chain }),
    groupId: digest([account, stream]),
    deduplicationId: digest([account, stream, ...name]),
  };
}
