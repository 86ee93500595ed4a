import { createHash } from 'node:crypto';

import * as z from 'zod';

/** Whose turn it is. A wake-up says no more: what to read stands in the position. */
export type WakeUp = { account: string; stream: string };

/** A wake-up as a message for the FIFO queue of wake-ups: one group for each stream, so that one worker at a time reads it. */
export type WakeUpMessage = { body: string; groupId: string; deduplicationId: string };

const WakeUpSchema = z.object({ account: z.string().min(1), stream: z.string().min(1) });

/** The planner's wake-up; `tickId` names the planner's run, so that a tick delivered twice wakes once. */
export function plannedWakeUp(wakeUp: WakeUp, tickId: string): WakeUpMessage {
  return toMessage(wakeUp, ['tick', tickId]);
}

/** A worker's wake-up for whoever goes on; named by fence and page, so that a slice repeated hands on once. */
export function nextSliceWakeUp(
  wakeUp: WakeUp,
  { fence, pages }: { fence: number; pages: number },
): WakeUpMessage {
  return toMessage(wakeUp, ['slice', fence, pages]);
}

/** Reads a message of the wake-up queue. Throws on anything else: nobody else may write to that queue. */
export function readStreamWakeUp(body: string): WakeUp {
  return WakeUpSchema.parse(JSON.parse(body));
}

function toMessage({ account, stream }: WakeUp, name: readonly (string | number)[]): WakeUpMessage {
  const digest = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');
  return {
    body: JSON.stringify({ account, stream }),
    groupId: digest([account, stream]),
    deduplicationId: digest([account, stream, ...name]),
  };
}
