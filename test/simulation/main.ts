import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import * as z from 'zod';

import { seedOfCommit } from '../commit-seed.ts';
import { silenceLogs } from './silence.ts';
import { reportFailure, writeStory, type FailureStory } from './story.ts';
import type { RangeResult, SeedRange } from './worker.ts';

const USAGE = `Usage: npm run simulate -- [options]

  --seconds NUMBER   how long schedules begin, in seconds (60, if --runs is left out too)
  --runs NUMBER      how many schedules run; with --seconds, fail if they are not over by then
  --seed NUMBER      the seed of the first one; the others follow it (default: from the commit's hash, so that
                     each commit runs new ones)
  --workers NUMBER   threads to run them on (default 2)
  --json             print the result as one JSON object
  --help             this text

Each schedule is at least 60 steps: orders, webhooks, faults and operators, in a world of its own on a virtual
clock. A failure prints its seed at once, and the broken invariant and the shortest story found at the end. The same seed always
gives the same schedule and the same end.

Exits with 1 if a schedule failed or fewer ran than --runs asks for.
`;

const CommandSchema = z.object({
  runs: z.coerce.number().int().positive().optional(),
  seconds: z.coerce.number().positive().optional(),
  seed: z.coerce.number().int().nonnegative().optional(),
  workers: z.coerce.number().int().min(1).max(64),
  json: z.boolean(),
  help: z.boolean(),
});

/**
 * Enough to keep a worker busy for some seconds. The first ranges are smaller, so that a short run ends soon.
 */
const MAX_RANGE_SIZE = 10;
/** The number of failures whose story is written. Many failures often have one cause. */
const MAX_STORIES = 3;
const DEFAULT_SECONDS = 60;
/** Room for what one schedule leaves: the garbage of a few schedules is collected at once. */
const RESOURCES = { maxYoungGenerationSizeMb: 192 };

type Result = {
  /** The requested number of schedules; undefined if a time was requested. */
  wanted: number | undefined;
  runs: number;
  firstSeed: number;
  steps: number;
  seconds: number;
  failedSeeds: number[];
  failures: FailureStory[];
};

/** The most schedules to run, and how long new ones may start. */
type Limits = { runs: number | undefined; seconds: number | undefined };

type Options = { limits: Limits; seed: number; workers: number };

/** The default request is a time. */
function limitsOf({ runs, seconds }: Limits): Limits {
  return { runs, seconds: runs === undefined ? (seconds ?? DEFAULT_SECONDS) : seconds };
}

/** Hands out ranges of seeds, at least one, until enough schedules have started or the time is over. */
function rangesOf({ limits: { runs = Infinity, seconds = Infinity }, seed }: Options) {
  const startedAt = performance.now();
  let begun = 0;
  const secondsSoFar = (): number => (performance.now() - startedAt) / 1000;
  const nextRange = (): SeedRange | undefined => {
    if (begun >= runs || (begun > 0 && secondsSoFar() >= seconds)) return undefined;
    const range = { first: seed + begun, count: Math.min(MAX_RANGE_SIZE, begun + 1, runs - begun) };
    begun += range.count;
    return range;
  };
  return { nextRange, secondsSoFar };
}

async function simulate(options: Options): Promise<Result> {
  const { nextRange, secondsSoFar } = rangesOf(options);
  const results: RangeResult[] = [];
  await Promise.all(Array.from({ length: options.workers }, () => workOff(nextRange, results)));
  const seconds = secondsSoFar();
  const failedSeeds = results.flatMap((result) => result.failedSeeds).sort((one, other) => one - other);
  const failures: FailureStory[] = [];
  for (const failed of failedSeeds.slice(0, MAX_STORIES)) {
    const story = await reportFailure(failed);
    if (story) failures.push(story);
  }
  const total = (count: 'runs' | 'steps'): number => results.reduce((sum, result) => sum + result[count], 0);
  return {
    wanted: options.limits.runs,
    runs: total('runs'),
    firstSeed: options.seed,
    steps: total('steps'),
    seconds,
    failedSeeds,
    failures,
  };
}

/** One thread that runs range after range until none is left. */
async function workOff(nextRange: () => SeedRange | undefined, results: RangeResult[]): Promise<void> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { resourceLimits: RESOURCES });
  try {
    for (let range = nextRange(); range; range = nextRange()) {
      worker.postMessage(range);
      const [result] = (await once(worker, 'message')) as [RangeResult];
      results.push(result);
      for (const seed of result.failedSeeds) process.stderr.write(`Seed ${seed} failed.\n`);
    }
  } finally {
    await worker.terminate();
  }
}

function ranFewer({ wanted = 1, runs }: Result): boolean {
  return runs < wanted;
}

function describeResult(result: Result): string {
  const { wanted, runs, firstSeed, steps, seconds, failedSeeds, failures } = result;
  const howMany = ranFewer(result)
    ? `${runs} of ${wanted ?? 1} schedules (the time was over)`
    : `${runs} schedules`;
  const lived = `${howMany} from seed ${firstSeed} on, ${steps} steps, in ${seconds.toFixed(1)} s`;
  if (failedSeeds.length === 0) return `${lived}: every invariant held.\n`;
  const seeds = failedSeeds.slice(0, 20).join(', ');
  const stories = failures.map(writeStory).join('\n\n');
  return `${stories}\n\n${lived}: ${failedSeeds.length} failed, with the seeds ${seeds}.\n`;
}

async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      runs: { type: 'string' },
      seconds: { type: 'string' },
      seed: { type: 'string' },
      workers: { type: 'string', default: '2' },
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
  const { workers, seed = seedOfCommit() } = command;
  const limits = limitsOf({ runs: command.runs, seconds: command.seconds });
  const result = await simulate({ limits, seed, workers });
  process.stdout.write(command.json ? `${JSON.stringify(result, null, 2)}\n` : describeResult(result));
  if (result.failedSeeds.length > 0 || ranFewer(result)) process.exitCode = 1;
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
