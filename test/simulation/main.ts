import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import * as z from 'zod';

import { silenceLogs } from './silence.ts';
import { tellFailure, writeStory, type FailureStory } from './story.ts';
import type { RangeResult, SeedRange } from './worker.ts';

const USAGE = `Usage: npm run simulate -- [options]

  --runs NUMBER      how many schedules to run (default 20000)
  --max-seconds N    begin none after so many seconds, and say how many there were (default 86400)
  --seed NUMBER      the seed of the first one; the others follow it (default 1)
  --workers NUMBER   threads to run them on (default 2)
  --json             print the result as one JSON object
  --help             this text

Each schedule is at least 60 steps: orders, webhooks, faults and operators, in a world of its own on a virtual clock. A failure prints
the seed, the broken invariant and the shortest story found. The same seed always gives the same schedule and the same end.
`;

const CommandSchema = z.object({
  runs: z.coerce.number().int().positive(),
  seed: z.coerce.number().int().nonnegative(),
  workers: z.coerce.number().int().min(1).max(64),
  'max-seconds': z.coerce.number().positive(),
  json: z.boolean(),
  help: z.boolean(),
});

/** Enough for a worker to be busy for a second or so. */
const RANGE_SIZE = 50;
/** What fails often fails for one reason: so many stories are told. */
const MAX_STORIES = 3;

type Result = {
  /** How many were asked for; the time may have been over before. */
  wanted: number;
  runs: number;
  firstSeed: number;
  steps: number;
  seconds: number;
  failedSeeds: number[];
  failures: FailureStory[];
};

type Options = { runs: number; seed: number; workers: number; maxSeconds: number };

async function simulate({ runs, seed, workers, maxSeconds }: Options): Promise<Result> {
  const startedAt = performance.now();
  const secondsSoFar = (): number => (performance.now() - startedAt) / 1000;
  const ranges: SeedRange[] = [];
  for (let first = seed; first < seed + runs; first += RANGE_SIZE)
    ranges.push({ first, count: Math.min(RANGE_SIZE, seed + runs - first) });
  const results: RangeResult[] = [];
  const nextRange = (): SeedRange | undefined => (secondsSoFar() < maxSeconds ? ranges.shift() : undefined);
  const threads = Math.min(workers, ranges.length);
  await Promise.all(Array.from({ length: threads }, () => workOff(nextRange, results)));
  const seconds = secondsSoFar();
  const failedSeeds = results.flatMap((result) => result.failedSeeds).sort((one, other) => one - other);
  const failures: FailureStory[] = [];
  for (const failed of failedSeeds.slice(0, MAX_STORIES)) {
    const story = await tellFailure(failed);
    if (story) failures.push(story);
  }
  const total = (count: 'runs' | 'steps'): number => results.reduce((sum, result) => sum + result[count], 0);
  return {
    wanted: runs,
    runs: total('runs'),
    firstSeed: seed,
    steps: total('steps'),
    seconds,
    failedSeeds,
    failures,
  };
}

/** One thread that takes range after range until there is none. */
async function workOff(nextRange: () => SeedRange | undefined, results: RangeResult[]): Promise<void> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url));
  try {
    for (let range = nextRange(); range; range = nextRange()) {
      worker.postMessage(range);
      const [result] = (await once(worker, 'message')) as [RangeResult];
      results.push(result);
    }
  } finally {
    await worker.terminate();
  }
}

function describeResult({ wanted, runs, firstSeed, steps, seconds, failedSeeds, failures }: Result): string {
  const howMany = runs < wanted ? `${runs} of ${wanted} schedules (the time was over)` : `${runs} schedules`;
  const lived = `${howMany} from seed ${firstSeed} on, ${steps} steps, in ${seconds.toFixed(1)} s`;
  if (failedSeeds.length === 0) return `${lived}: every invariant held.\n`;
  const seeds = failedSeeds.slice(0, 20).join(', ');
  return `${failures.map(writeStory).join('\n\n')}\n\n${lived}: ${failedSeeds.length} failed, with the seeds ${seeds}.\n`;
}

async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      runs: { type: 'string', default: '20000' },
      seed: { type: 'string', default: '1' },
      workers: { type: 'string', default: '2' },
      'max-seconds': { type: 'string', default: '86400' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const command = CommandSchema.parse(values);
  if (command.help) {
    process.stdout.write(USAGE);
    return;
  }
  silenceLogs();
  const result = await simulate({ ...command, maxSeconds: command['max-seconds'] });
  process.stdout.write(command.json ? `${JSON.stringify(result, null, 2)}\n` : describeResult(result));
  if (result.failedSeeds.length > 0) process.exitCode = 1;
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
