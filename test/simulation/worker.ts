import { parentPort } from 'node:worker_threads';
import * as z from 'zod';

import { generateSchedule } from './generate.ts';
import { runSchedule } from './run-schedule.ts';
import { silenceLogs } from './silence.ts';

/** Seeds to run: `count` of them, starting with `first`. */
export type SeedRange = { first: number; count: number };

/** The results of a range. */
export type RangeResult = { runs: number; steps: number; failedSeeds: number[] };

const SeedRangeSchema = z.object({ first: z.int(), count: z.int() });

/** Runs every schedule of the range. */
export async function runRange({ first, count }: SeedRange): Promise<RangeResult> {
  const result: RangeResult = { runs: count, steps: 0, failedSeeds: [] };
  for (let seed = first; seed < first + count; seed += 1) {
    const schedule = generateSchedule(seed);
    result.steps += schedule.steps.length;
    if (await runSchedule(schedule)) result.failedSeeds.push(seed);
  }
  return result;
}

silenceLogs();
parentPort?.on('message', (message: unknown) => {
  void runRange(SeedRangeSchema.parse(message)).then((result) => parentPort?.postMessage(result));
});
