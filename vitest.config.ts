import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { defineConfig } from 'vitest/config';

import { seedOfCommit } from './test/commit-seed.ts';
import { SlowestFirst } from './test/slowest-first.ts';
import { TAGS } from './test/tags.ts';

/**
 * The processes of a run share what Node.js has compiled: each of those that tests start takes half the time.
 */
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, '.cache', 'compiled');

process.env['PROPERTY_SEED'] ??= String(seedOfCommit());

/** Whatever the tests leave in their temporary folder goes when the run ends. */
const temporary = mkdtempSync(join(tmpdir(), 'button-tests-'));
process.env['TMPDIR'] = temporary;
process.on('exit', () => {
  rmSync(temporary, { recursive: true, force: true, maxRetries: 3 });
});

/**
 * Files of which every test is long. `npm test` leaves them out: by the filter alone, it would start a
 * process for each and load what it imports, to run none of its tests.
 */
const isQuick = process.argv.includes('--tags-filter=!long');
const LONG_ONLY = globSync('{test,tooling/*/test}/**/*.test.ts').filter((file) =>
  readFileSync(file, 'utf8').startsWith('// @module-tag long'),
);
const exclude = isQuick ? LONG_ONLY : [];

/** They start the whole system, in processes of their own. */
const SYSTEM = [
  'test/flows/**/*.test.ts',
  'test/local/{start,synthesize}.test.ts',
  'test/local/dashboard/main.test.ts',
];

/** These tests replace the clock or the environment of their process, or look at what it has started. */
const TOUCHES_ITS_PROCESS =
  /\bvi\.(stubEnv|useFakeTimers)|process\.(env\[.*\] = |exitCode|chdir|memoryUsage|on\()|child-processes/;

/** Limits are there to end what hangs: far above the work, on a busy machine too. */
const LIMIT_MS = process.env['LONG_TESTS'] === '1' ? 3_600_000 : 300_000;

const others = globSync('{test,tooling/*/test}/**/*.test.ts', { exclude: SYSTEM });
const [alone, together] = [true, false].map((touches) =>
  others.filter((file) => TOUCHES_ITS_PROCESS.test(readFileSync(file, 'utf8')) === touches),
);

export default defineConfig({
  test: {
    testTimeout: LIMIT_MS,
    hookTimeout: LIMIT_MS,
    // Node.js runs the tests as it runs everything here: nothing is transformed.
    experimental: { viteModuleRunner: false },
    // One for each core: by default, Vitest leaves one to itself.
    maxWorkers: '100%',
    tags: TAGS,
    silent: 'passed-only',
    sequence: { sequencer: SlowestFirst },
    setupFiles: 'test/property-seed.ts',
    projects: [
      {
        extends: true,
        test: { name: 'system', include: SYSTEM, exclude, globalSetup: 'test/flows/prepare-assemblies.ts' },
      },
      {
        extends: true,
        test: { name: 'alone', include: alone ?? [], exclude },
      },
      {
        // One process runs one file after the other with the modules that are loaded already.
        extends: true,
        test: { name: 'together', include: together ?? [], exclude, isolate: false, restoreMocks: true },
      },
    ],
  },
});
