import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');

/** What a cloud assembly is made of; the lockfile stands for every package. */
const SOURCES = ['infra', 'functions', 'shared', 'cdk.json', 'package-lock.json'];

/**
 * Bundles the functions and synthesizes the stacks as `cdk synth` does, with the configuration in `configFile`; returns the folder of
 * the cloud assembly. What has not changed since the last time is not made again.
 *
 * Throws an error with what the build printed, if it fails.
 */
export async function synthesize({
  configFile,
  stateDirectory,
}: {
  configFile: string;
  stateDirectory: string;
}): Promise<{ assemblyDirectory: string; reused: boolean }> {
  const config = resolve(configFile);
  const assemblies = join(stateDirectory, 'assemblies');
  const assemblyDirectory = join(
    assemblies,
    await fingerprint([...SOURCES.map((name) => join(ROOT, name)), config]),
  );
  if (existsSync(assemblyDirectory)) return { assemblyDirectory, reused: true };

  // Made aside and moved into place as a whole: an interrupted build leaves nothing that looks finished.
  const unfinished = join(assemblies, `unfinished-${process.pid}`);
  await rm(assemblies, { recursive: true, force: true });
  await mkdir(assemblies, { recursive: true });
  await run('infra/bundle.ts', {});
  const context = { ...(await readContext()), config };
  await run('infra/app.ts', { CDK_OUTDIR: unfinished, CDK_CONTEXT_JSON: JSON.stringify(context) });
  await rename(unfinished, assemblyDirectory);
  return { assemblyDirectory, reused: false };
}

async function readContext(): Promise<object> {
  const cdk: unknown = JSON.parse(await readFile(join(ROOT, 'cdk.json'), 'utf8'));
  const context = typeof cdk === 'object' && cdk !== null && 'context' in cdk ? cdk.context : {};
  return typeof context === 'object' && context !== null ? context : {};
}

async function run(script: string, environment: Record<string, string>): Promise<void> {
  const child = spawn(process.execPath, [join(ROOT, script)], {
    cwd: ROOT,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => output.push(chunk.toString()));
  await once(child, 'close');
  if (child.exitCode !== 0) throw new Error(`${script} failed:\n${output.join('').trim()}`);
}

/** A digest of every file's path and bytes. */
async function fingerprint(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(process.version);
  for (const path of paths) {
    for (const file of await filesOf(path))
      hash.update(`\0${relative(ROOT, file)}\0`).update(await readFile(file));
  }
  return hash.digest('hex').slice(0, 16);
}

async function filesOf(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => undefined);
  if (!entries) return [path];
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files.filter((file) => !file.includes('node_modules')).sort();
}
