import { startVitest } from 'vitest/node';
import * as z from 'zod';

import { TAGS } from '../tags.ts';
import { plantIn } from './plant.ts';

/** A process that runs a file of unit tests over source with a planted bug. */
const JobSchema = z.object({
  bug: z.object({ file: z.string(), original: z.string(), planted: z.string() }),
  test: z.object({ file: z.string(), name: z.string() }),
});

/** What the process prints as its last line: the names of the failed tests. */
export type UnitTestResult = { failed: string[] };

async function run(): Promise<UnitTestResult> {
  const { bug, test } = JobSchema.parse(JSON.parse(process.argv[2] ?? ''));
  const vitest = await startVitest(
    [test.file],
    {
      config: false,
      watch: false,
      include: [test.file],
      tags: TAGS,
      testNamePattern: test.name.replaceAll(/[^\w ]/g, '.'),
      reporters: [{}],
      silent: true,
      // Planted code must not stay in a cache for other runs.
      fsModuleCache: false,
      // Only ends a hanging test: it is far longer than the tests take, even on a busy machine.
      testTimeout: 300_000,
      hookTimeout: 300_000,
    },
    {
      plugins: [
        {
          name: 'plant-a-bug',
          enforce: 'pre',
          transform: (code, id) => (id.endsWith(bug.file) ? plantIn(code, bug) : undefined),
        },
      ],
    },
  );
  const failed = vitest.state
    .getTestModules()
    .flatMap((module) => [...module.children.allTests('failed')].map(({ name }) => name));
  await vitest.close();

  return { failed };
}

const result = await run();
// Failed tests are the result of this process, not an error of it.
process.exitCode = 0;
process.stdout.write(`\n${JSON.stringify(result)}\n`);
