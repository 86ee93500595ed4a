import * as z from 'zod';

/** What one schedule of the planner sets going. */
export type PlannedStream = 'live' | 'sweep-daily' | 'sweep-weekly' | 'cross-check';

const TickSchema = z
  .object({
    streams: z.array(z.enum(['live', 'sweep-daily', 'sweep-weekly', 'cross-check'])).default(['live']),
  })
  .nullish();

/**
 * Which streams a tick sets going. An input that names none, such as that of a run by hand, is a tick of the live streams.
 *
 * Throws on a stream that is not known here: the schedule is wrong.
 */
export function streamsOf(event: unknown): readonly PlannedStream[] {
  return TickSchema.parse(event)?.streams ?? ['live'];
}
