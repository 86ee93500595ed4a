import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One of the systems that run on this machine from this checkout. */
export type Instance = {
  /** 1 unless others run. */
  number: number;
  /** For its logs, caches and outputs file; no other running system uses it. */
  stateDirectory: string;
  /** Lets another system have the directory. */
  release: () => Promise<void>;
};

const MOST_INSTANCES = 9;
const OWNER_FILE = 'running';

/**
 * Takes the first state directory that no running system uses: `.local`, or else `.local/2` and so on. Throws
 * an error for the user if nine systems run.
 */
export async function claimInstance(root: string): Promise<Instance> {
  for (let number = 1; number <= MOST_INSTANCES; number += 1) {
    const stateDirectory = number === 1 ? root : join(root, String(number));
    const file = join(stateDirectory, OWNER_FILE);
    await mkdir(stateDirectory, { recursive: true });
    if (await isTaken(file)) continue;
    try {
      await writeFile(file, String(process.pid), { flag: 'wx' });
    } catch (error) {
      // Another system was faster.
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') continue;
      throw error;
    }
    return { number, stateDirectory, release: () => rm(file, { force: true }) };
  }
  throw new Error(`${MOST_INSTANCES} systems run on this machine already. End one of them first.`);
}

/** Removes the claim of a process that has ended without releasing it. */
async function isTaken(file: string): Promise<boolean> {
  const owner = await readFile(file, 'utf8').catch(() => undefined);
  if (owner === undefined) return false;
  if (isAlive(Number(owner))) return true;
  await rm(file, { force: true });
  return false;
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
