import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder of a test file's own: systems keep their state in it, and configurations are written into it. */
export type StateDirectory = {
  path: string;
  /** Writes a configuration; returns its file. */
  writeConfig: (name: string, config: object) => Promise<string>;
  remove: () => Promise<void>;
};

export async function makeStateDirectory(): Promise<StateDirectory> {
  const path = await mkdtemp(join(tmpdir(), 'button-flows-'));
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
