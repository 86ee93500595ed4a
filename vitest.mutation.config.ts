import { defineConfig } from 'vitest/config';

/** For `npm run mutate`, which names the tests of the file that it changes. */
export default defineConfig({
  test: {
    include: process.env['MUTATION_TESTS']?.split(',') ?? [],
    silent: true,
    testTimeout: 60_000,
  },
});
