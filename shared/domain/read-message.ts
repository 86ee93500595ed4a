import { createHash } from 'node:crypto';

import * as z from 'zod';

/** The stream to read next. A read message says no more: what to read stands in the position. */
export type StreamToRead = { account: string; stream: string };

/** A read message as a message for the FIFO queue of read messages: one group for each stream, so that one worker at a time reads it. */
export type ReadMessage = { body: string; groupId: string; deduplicationId: string };

const ReadMessageSchema = z.object({ account: z.string().min(1), stream: z.string().min(1) });

/** The planner's read message; `tickId` names the planner's run, so that a tick delivered twice sends one message. */
export function plannedReadMessage(toRead: StreamToRead, tickId: string): ReadMessage {
  return toMessage(toRead, ['tick', tickId]);
}

/** A worker's read message for whoever goes on; named by fence and page, so that a slice repeated hands on once. */
export function nextReadMessage(
  toRead: StreamToRead,
  { fence, pages }: { fence: number; pages: number },
): ReadMessage {
  return toMessage(toRead, ['slice', fence, pages]);
}

/** Reads a message of the queue of read messages. Throws on anything else: nobody else may write to that queue. */
export function parseReadMessage(body: string): StreamToRead {
  return ReadMessageSchema.parse(JSON.parse(body));
}

function toMessage({ account, stream }: StreamToRead, name: readonly (string | number)[]): ReadMessage {
  const digest = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');
  return {
    body: JSON.stringify({ account, stream }),
    groupId: digest([account, stream]),
    deduplicationId: digest([account, stream, ...name]),
  };
}
