import { registerHooks } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import * as z from 'zod';

import { plantIn, type PlantedBug } from './plant.ts';
import { silenceLogs } from './silence.ts';

/** The input of a hunt: the bug, if any, and the most schedules it may run. */
export type Hunt = { bug?: PlantedBug; firstSeed: number; runs: number; wantsStory: boolean };

/** How the hunt ended. */
export type HuntResult =
  | { found: false }
  | { found: true; seed: number; runs: number; invariant: string; story: string; stepsLeft: number };

const HuntSchema = z.object({
  bug: z.object({ file: z.string(), original: z.string(), planted: z.string() }).exactOptional(),
  firstSeed: z.int(),
  runs: z.int(),
  wantsStory: z.boolean(),
});

/** Changes the source of one file while it is loaded. The file on disk does not change. */
function plant(bug: PlantedBug): void {
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!url.endsWith(bug.file)) return loaded;
      const source = Buffer.from(loaded.source as Uint8Array).toString('utf8');
      return { ...loaded, source: plantIn(source, bug) };
    },
  });
}

async function hunt({ bug, firstSeed, runs, wantsStory }: Hunt): Promise<HuntResult> {
  if (bug) plant(bug);
  // Imported only now, so that the loaded code has the bug.
  const { generateSchedule } = await import('./generate.ts');
  const { runSchedule } = await import('./run-schedule.ts');
  const { reportFailure, writeStory } = await import('./story.ts');
  for (let run = 0; run < runs; run += 1) {
    const seed = firstSeed + run;
    const violation = await runSchedule(generateSchedule(seed));
    if (!violation) continue;
    const { invariant } = violation;
    const failure = wantsStory ? await reportFailure(seed) : undefined;
    const story = failure ? writeStory(failure) : violation.detail;
    return { found: true, seed, runs: run + 1, invariant, story, stepsLeft: failure?.stepsLeft ?? 0 };
  }
  return { found: false };
}

silenceLogs();
void hunt(HuntSchema.parse(workerData)).then((result) => parentPort?.postMessage(result));
