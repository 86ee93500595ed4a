import { defineConfig } from 'vitest/config';

import { TAGS } from './test/tags.ts';

/** For `npm run mutate`, which names the tests of the file that it changes. */
export default defineConfig({
  test: {
    include: process.env['MUTATION_TESTS']?.split(',') ?? [],
    silent: true,
    setupFiles: 'test/mutation/first-failure.ts',
    tags: TAGS,
    testTimeout: 60_000,
  },
});
