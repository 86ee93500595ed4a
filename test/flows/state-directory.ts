import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where Node.js stores the compiled code of functions for all systems of this checkout. */
const COMPILE_CACHE = join(import.meta.dirname, '../../.local/compile-cache');

/** The folder of one test file: for the state of its systems and for its configurations. */
export type StateDirectory = {
  path: string;
  /** Writes a configuration and returns its file. */
  writeConfig: (name: string, config: object) => Promise<string>;
  remove: () => Promise<void>;
};

export async function makeStateDirectory(): Promise<StateDirectory> {
  const path = await mkdtemp(join(tmpdir(), 'button-flows-'));
  await mkdir(COMPILE_CACHE, { recursive: true });
  await symlink(COMPILE_CACHE, join(path, 'compile-cache'));
  return {
    path,
    async writeConfig(name, config) {
      const file = join(path, `${name}.json`);
      await writeFile(file, JSON.stringify(config));
      return file;
    },
    remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }),
  };
}
