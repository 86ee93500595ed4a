import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { describe, expect, it } from 'vitest';

import { SimulatedWorld } from '../simulation/world.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'functions');
const NAMES = readdirSync(FOLDER, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
const MAX_LINES = 12;

type Loaded = { exports: string[]; started: string[]; primed: string };

/** Imports every handler in a process with an empty environment, and then primes it. */
function importHandlers(): Record<string, Loaded> {
  const urls = NAMES.map((name) => [name, pathToFileURL(join(FOLDER, name, 'handler.ts')).href]);
  const script = `
    const loaded = {};
    for (const [name, url] of ${JSON.stringify(urls)}) {
      const module = await import(url);
      const started = process.getActiveResourcesInfo().filter((it) => /Timeout|TCP|TLS|DNS|Request/.test(it));
      const primed = await module.prime().then(() => 'started', ({ message }) => message);
      loaded[name] = { exports: Object.keys(module), started, primed };
    }
    console.log(JSON.stringify(loaded));`;
  const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    env: {},
    encoding: 'utf8',
  });
  return JSON.parse(printed) as Record<string, Loaded>;
}

describe('every function', () => {
  it('runs in the simulator', () => {
    expect(Object.keys(new SimulatedWorld().functions).sort()).toEqual(NAMES);
  });

  it.each(NAMES)(
    `%s is composed in compose.ts, and its handler.ts has at most ${MAX_LINES} lines`,
    (name) => {
      const lines = readFileSync(join(FOLDER, name, 'handler.ts'), 'utf8')
        .trimEnd()
        .split('\n');

      expect(existsSync(join(FOLDER, name, 'compose.ts'))).toBe(true);
      expect(lines.length).toBeLessThanOrEqual(MAX_LINES);
    },
  );

  it('reads no setting and starts nothing when its handler is imported, and fails when it is primed in a wrong environment', () => {
    const loaded = importHandlers();

    expect(loaded).toEqual(
      Object.fromEntries(
        NAMES.map((name) => [
          name,
          {
            exports: ['handler', 'prime'],
            started: [],
            primed: expect.stringMatching(/^The function's environment is not valid: /) as string,
          },
        ]),
      ),
    );
  });
});
