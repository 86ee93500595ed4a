import * as z from 'zod';

const SentSchema = z.object({
  MessageId: z.string().optional(),
  Successful: z.array(z.object({ MessageId: z.string().optional() })).default([]),
});

/** The ids of the messages that a request has sent, by its answer. */
export function sentIn(answer: unknown): string[] {
  const { MessageId: one, Successful: several } = SentSchema.parse(answer);
  return [one, ...several.map(({ MessageId: id }) => id)].filter((id) => id !== undefined);
}
