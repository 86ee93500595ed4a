import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');

/** What a cloud assembly is made of; the lockfile stands for every package. */
const SOURCES = ['infra', 'functions', 'shared', 'cdk.json', 'package-lock.json'];

/** Assemblies that are kept at least: systems that still run may need their code, and an earlier configuration may come back. */
const KEPT_ASSEMBLIES = 10;
const KEPT_MS = 7 * 86_400_000;

/** What to synthesize, and where. */
export type SynthesisOptions = {
  configFile: string;
  /** Gets the folder `assemblies`; several may synthesize there at once. */
  stateDirectory: string;
  /** Ends the build. */
  signal?: AbortSignal;
};

/**
 * Bundles the functions and synthesizes the stacks as `cdk synth` does, with the configuration in `configFile`; returns the folder of
 * the cloud assembly. What has not changed since the last time is not made again.
 *
 * Throws an error with what the build printed, if it fails, and one that names the file, if there is no configuration.
 */
export async function synthesize({
  configFile,
  stateDirectory,
  signal,
}: SynthesisOptions): Promise<{ assemblyDirectory: string; reused: boolean }> {
  const config = resolve(configFile);
  if (!existsSync(config)) throw new Error(`There is no configuration ${configFile}.`);
  const assemblies = join(stateDirectory, 'assemblies');
  const assemblyDirectory = join(
    assemblies,
    await fingerprint([...SOURCES.map((name) => join(ROOT, name)), config]),
  );
  if (existsSync(assemblyDirectory)) {
    await utimes(assemblyDirectory, new Date(), new Date());
    return { assemblyDirectory, reused: true };
  }

  // Made aside and moved into place as a whole: an interrupted build leaves nothing that looks finished.
  await mkdir(assemblies, { recursive: true });
  const unfinished = await mkdtemp(join(assemblies, 'unfinished-'));
  const context = { ...(await readContext()), config };
  try {
    await run('infra/bundle.ts', { environment: {}, signal });
    const environment = { CDK_OUTDIR: unfinished, CDK_CONTEXT_JSON: JSON.stringify(context) };
    await run('infra/app.ts', { environment, signal });
    await moveIntoPlace(unfinished, assemblyDirectory);
  } finally {
    await rm(unfinished, { recursive: true, force: true, maxRetries: 5 });
  }
  await removeOldAssemblies(assemblies);
  return { assemblyDirectory, reused: false };
}

/** Another start may have made the same assembly in the meantime: then that one stands. */
async function moveIntoPlace(unfinished: string, assemblyDirectory: string): Promise<void> {
  try {
    await rename(unfinished, assemblyDirectory);
  } catch (error) {
    if (!existsSync(assemblyDirectory)) throw error;
  }
}

async function removeOldAssemblies(assemblies: string): Promise<void> {
  const names = await readdir(assemblies);
  const found = await Promise.all(
    names.map(async (name) => {
      const directory = join(assemblies, name);
      const usedAtMs = await stat(directory).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      );
      return { directory, usedAtMs };
    }),
  );
  const newestFirst = found.sort((one, other) => other.usedAtMs - one.usedAtMs);
  const old = newestFirst.slice(KEPT_ASSEMBLIES).filter(({ usedAtMs }) => Date.now() - usedAtMs > KEPT_MS);
  await Promise.all(old.map(({ directory }) => rm(directory, { recursive: true, force: true })));
}

async function readContext(): Promise<object> {
  const cdk: unknown = JSON.parse(await readFile(join(ROOT, 'cdk.json'), 'utf8'));
  const context = typeof cdk === 'object' && cdk !== null && 'context' in cdk ? cdk.context : {};
  return typeof context === 'object' && context !== null ? context : {};
}

async function run(
  script: string,
  { environment, signal }: { environment: Record<string, string>; signal: AbortSignal | undefined },
): Promise<void> {
  const child = spawn(process.execPath, [join(ROOT, script)], {
    cwd: ROOT,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal ? { signal } : {}),
  });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => output.push(chunk.toString()));
  await once(child, 'close');
  if (child.exitCode !== 0) throw new Error(output.join('').trim() || `${script} failed.`);
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
