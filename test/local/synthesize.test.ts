// @module-tag long
import { mkdir, readdir, readFile, stat, utimes } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { synthesize } from '../../local/synthesize.ts';
import { QUICK_STAGES } from '../flows/stage-configs.ts';
import { makeStateDirectory, type StateDirectory } from '../flows/state-directory.ts';

const DAY_MS = 86_400_000;

let directory: StateDirectory;

beforeAll(async () => {
  directory = await makeStateDirectory();
  await mkdir(join(directory.path, 'assemblies'));
});

afterAll(async () => {
  await directory.remove();
});

/** An assembly that was last used this many days ago. */
async function makeAssembly(name: string, ageDays: number): Promise<void> {
  const path = join(directory.path, 'assemblies', name);
  await mkdir(path, { recursive: true });
  const usedAt = new Date(Date.now() - ageDays * DAY_MS);
  await utimes(path, usedAt, usedAt);
}

/** The text of each template, by its file. */
async function templatesIn(assembly: string): Promise<Record<string, string>> {
  const files = (await readdir(assembly)).filter((file) => file.endsWith('.template.json'));
  const texts = await Promise.all(files.map((file) => readFile(join(assembly, file), 'utf8')));
  return Object.fromEntries(files.map((file, index) => [file, texts[index] ?? '']));
}

describe('synthesize', () => {
  it('keeps what may still be running, removes what has not been used for long, and reuses what it has built', async () => {
    const configFile = await directory.writeConfig('publisher', QUICK_STAGES.publisherOnly);
    const recent = Array.from({ length: 12 }, (_, index) => `recent-${index}`);
    for (const name of recent) await makeAssembly(name, 6);
    for (const name of ['old-1', 'old-2']) await makeAssembly(name, 8);

    const made = await synthesize({ configFile, assembliesDirectory: join(directory.path, 'assemblies') });
    await makeAssembly(basename(made.assemblyDirectory), 8);
    const again = await synthesize({ configFile, assembliesDirectory: join(directory.path, 'assemblies') });

    expect(made.reused).toBe(false);
    expect(again).toEqual({ assemblyDirectory: made.assemblyDirectory, reused: true });
    expect(await readdir(made.assemblyDirectory)).toContain('manifest.json');
    expect((await readdir(join(directory.path, 'assemblies'))).sort()).toEqual(
      [...recent, basename(made.assemblyDirectory)].sort(),
    );
    const { mtimeMs } = await stat(made.assemblyDirectory);
    expect(Date.now() - mtimeMs).toBeLessThan(DAY_MS);
  });

  it('builds with the commands of cdk synth what the tests build in one process', async () => {
    const configFile = await directory.writeConfig('publisher', QUICK_STAGES.publisherOnly);

    const prepared = await synthesize({ configFile });
    const made = await synthesize({ configFile, assembliesDirectory: join(directory.path, 'assemblies') });

    expect(prepared.reused).toBe(true);
    expect(prepared.assemblyDirectory).not.toBe(made.assemblyDirectory);
    expect(await templatesIn(prepared.assemblyDirectory)).toEqual(await templatesIn(made.assemblyDirectory));
  });

  it('leaves nothing unfinished when the build is aborted or fails', async () => {
    const configFile = await directory.writeConfig('wrong', { stage: 'local', transactions: { typo: true } });
    const before = await readdir(join(directory.path, 'assemblies'));
    const given = { configFile, assembliesDirectory: join(directory.path, 'assemblies') };

    const ended = synthesize({ ...given, signal: AbortSignal.abort() });
    const failed = synthesize(given);

    await expect(ended).rejects.toThrow('aborted');
    await expect(failed).rejects.toThrow(/can't be deployed:\n {2}- transactions: .*typo/);
    expect(await readdir(join(directory.path, 'assemblies'))).toEqual(before);
  });

  it('says that there is no configuration', async () => {
    const given = { configFile: 'no/such.json', assembliesDirectory: directory.path };

    await expect(synthesize(given)).rejects.toThrow('There is no configuration no/such.json.');
  });
});
