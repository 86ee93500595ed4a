// @module-tag long
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';

import type { Hunt, HuntResult } from './planted-bug-worker.ts';
import { BUGS, type KnownBug } from './planted-bugs.ts';
import type { UnitTestResult } from './unit-test-worker.ts';

type FoundBySchedule = Extract<KnownBug, { seed: number }>;
type FoundByTest = Extract<KnownBug, { test: object }>;

const bySchedule = BUGS.filter((known): known is FoundBySchedule => 'seed' in known);
const byTest = BUGS.filter((known): known is FoundByTest => 'test' in known);

/** Plants the bug in its own thread, while that thread loads the source. */
function hunt(data: Hunt): Promise<HuntResult> {
  const worker = new Worker(new URL('./planted-bug-worker.ts', import.meta.url), { workerData: data });
  return new Promise((resolve, reject) => {
    worker.once('message', (result: HuntResult) => {
      resolve(result);
      void worker.terminate();
    });
    worker.once('error', reject);
  });
}

/** Runs the unit test over source with the bug in it, in its own process. */
async function runUnitTest({ bug, test }: FoundByTest): Promise<UnitTestResult> {
  const job = JSON.stringify({ bug, test });
  const script = new URL('./unit-test-worker.ts', import.meta.url).pathname;
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [script, job], {
    // Tries both moments of each call, as `npm run test:long` does.
    env: { PATH, HOME, LONG_TESTS: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  const lastLine = output.trim().split('\n').at(-1) ?? '';
  if (!lastLine.startsWith('{"failed":')) throw new Error(`The unit tests did not run: ${output}${errors}`);
  return JSON.parse(lastLine) as UnitTestResult;
}

/** The most schedules to try if a seed no longer finds its bug because schedules are drawn differently. */
const MOST_RUNS = 400;

describe('a bug that is planted', () => {
  it.each(bySchedule)('is found by a schedule: $name', async ({ bug, seed }) => {
    const stored = await hunt({ bug, firstSeed: seed, runs: 1, wantsStory: false });
    if (stored.found) return;

    const other = await hunt({ bug, firstSeed: 1, runs: MOST_RUNS, wantsStory: false });

    if (!other.found) throw new Error(`None of the ${MOST_RUNS} schedules from seed 1 on finds it.`);
    throw new Error(`The seed ${seed} no longer finds it, but ${other.seed} does: store that one in BUGS.`);
  });

  it('is the only reason why these schedules fail: without it they pass', async () => {
    const seeds = new Set(bySchedule.map(({ seed }) => seed));

    for (const seed of seeds)
      expect(await hunt({ firstSeed: seed, runs: 1, wantsStory: false })).toEqual({ found: false });
  });

  it.each(byTest)('is found by a unit test: $name', async (known) => {
    const { failed } = await runUnitTest(known);

    expect(failed).toContainEqual(expect.stringContaining(known.test.name));
  });

  it('becomes a story of a few steps that names its seed', async () => {
    const [first] = bySchedule;
    if (!first) throw new Error('There is no bug');
    const { bug, seed } = first;

    const result = await hunt({ bug, firstSeed: seed, runs: MOST_RUNS, wantsStory: true });

    if (!result.found) throw new Error('It was not found');
    expect(result.story).toContain(`--runs 1 --seed ${result.seed}`);
    expect(result.story).toContain(result.invariant);
    expect(result.stepsLeft).toBeLessThan(20);
  });
});
