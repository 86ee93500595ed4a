import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';

import { UNCHECKED_ENVIRONMENT } from '../infra/unchecked-app.ts';

const ROOT = resolve(import.meta.dirname, '..');

/** The inputs of a cloud assembly; the lockfile stands for every package. */
const SOURCES = ['infra', 'functions', 'shared', 'cdk.json', 'package-lock.json'];

/**
 * The fewest assemblies that are kept: running systems may still need their code, and an earlier
 * configuration may be used again.
 */
const KEPT_ASSEMBLIES = 10;
const KEPT_MS = 7 * 86_400_000;

/** The assemblies of this checkout. Everything that runs here shares them. */
const ASSEMBLIES_DIRECTORY = join(ROOT, '.local', 'assemblies');

/** What to build, and where to. */
export type AssemblyBuild = {
  /** The absolute path of the configuration. */
  config: string;
  /** An empty folder, which gets the cloud assembly. */
  outputDirectory: string;
  /** The context in `cdk.json`, with the configuration's path as `config`. */
  context: Record<string, unknown>;
  /** Ends the build. */
  signal: AbortSignal | undefined;
};

/** What to synthesize, and where. */
export type SynthesisOptions = {
  configFile: string;
  /** Keeps the assemblies; several processes may synthesize there at once. */
  assembliesDirectory?: string;
  /** Ends the build. */
  signal?: AbortSignal;
  /** Creates an assembly that is not kept yet; by default with the commands that `cdk synth` runs. */
  build?: (assembly: AssemblyBuild) => Promise<void>;
};

/**
 * Bundles the functions and synthesizes the stacks with the configuration in `configFile`, like `cdk synth`
 * but without CloudFormation's own rules; returns the folder of the cloud assembly. An assembly that was
 * created before from the same sources, packages and configuration is used again.
 *
 * Throws an error with the output of the build if it fails, and one that names the file if there is no
 * configuration.
 */
export async function synthesize({
  configFile,
  assembliesDirectory: assemblies = ASSEMBLIES_DIRECTORY,
  signal,
  build = buildWithCommands,
}: SynthesisOptions): Promise<{ assemblyDirectory: string; reused: boolean }> {
  const config = resolve(configFile);
  if (!existsSync(config)) throw new Error(`There is no configuration ${configFile}.`);
  const assemblyDirectory = join(assemblies, await fingerprint(config));
  if (existsSync(assemblyDirectory)) {
    await utimes(assemblyDirectory, new Date(), new Date());
    return { assemblyDirectory, reused: true };
  }

  // Created elsewhere and moved into place as a whole: an interrupted build leaves nothing that looks
  // finished.
  await mkdir(assemblies, { recursive: true });
  const unfinished = await mkdtemp(join(assemblies, 'unfinished-'));
  const context = { ...(await readContext()), config };
  try {
    await build({ config, outputDirectory: unfinished, context, signal });
    await moveIntoPlace(unfinished, assemblyDirectory);
  } finally {
    await rm(unfinished, { recursive: true, force: true, maxRetries: 5 });
  }
  await removeOldAssemblies(assemblies);
  return { assemblyDirectory, reused: false };
}

async function buildWithCommands({ outputDirectory, context, signal }: AssemblyBuild): Promise<void> {
  await run('infra/bundle.ts', { environment: {}, signal });
  const environment = {
    ...UNCHECKED_ENVIRONMENT,
    CDK_OUTDIR: outputDirectory,
    CDK_CONTEXT_JSON: JSON.stringify(context),
  };
  await run('infra/app.ts', { environment, signal });
}

/** Another process may have created the same assembly in the meantime: then that one is used. */
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

/**
 * A digest of every source's path and bytes, and of the content of the configuration, wherever its file is.
 */
async function fingerprint(config: string): Promise<string> {
  const hash = createHash('sha256')
    .update(process.version)
    .update(await readFile(config));
  for (const source of SOURCES) {
    for (const file of await filesOf(join(ROOT, source)))
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
