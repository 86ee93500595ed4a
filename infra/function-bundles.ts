import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';

import { build, type Metafile } from 'esbuild';

/** Where functions are and where their bundles go. */
export type BundleFolders = {
  /** Holds one folder for each function, with a `handler.ts`. */
  functionsFolder: string;
  /** Gets `NAME/index.cjs` for each function; beside it source maps and what went into each bundle, which aren't uploaded. */
  distFolder: string;
};

/**
 * Bundles every function, all at once, each into a folder that holds one CommonJS file and nothing else.
 *
 * The file ends in `.cjs` because then it's CommonJS wherever it stands; Lambda finds it by the handler `index.handler`. A file whose
 * content is the same stays untouched, so that nothing is deployed anew for nothing. Returns the functions' names. Throws if a folder
 * has no handler, or if a bundle fails.
 */
export async function bundleFunctions({ functionsFolder, distFolder }: BundleFolders): Promise<string[]> {
  const names = await functionNames(functionsFolder);
  const { outputFiles, metafile } = await build({
    entryPoints: names.map((name) => ({
      in: join(functionsFolder, name, 'handler.ts'),
      out: join(name, 'index'),
    })),
    outdir: distFolder,
    outExtension: { '.js': '.cjs' },
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    minify: true,
    // ES modules first: only of them can what nobody uses be left out.
    mainFields: ['module', 'main'],
    legalComments: 'none',
    sourcemap: 'external',
    sourcesContent: false,
    metafile: true,
    logLevel: 'silent',
  });

  await Promise.all(names.map((name) => keepOnlyBundle(join(distFolder, name))));
  const files = outputFiles.map(({ path, text }) => ({ path: placeOf(path, distFolder), text }));
  const metafiles = names.map((name) => ({
    path: join(distFolder, 'meta', `${name}.json`),
    text: JSON.stringify(metafileOf(join(distFolder, name, 'index.cjs'), metafile)),
  }));
  await Promise.all([...files, ...metafiles].map(writeIfChanged));
  return names;
}

async function functionNames(functionsFolder: string): Promise<string[]> {
  const entries = await readdir(functionsFolder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const missing = names.filter((name) => !existsSync(join(functionsFolder, name, 'handler.ts')));
  if (missing.length > 0) throw new Error(`No handler.ts in ${functionsFolder} for: ${missing.join(', ')}.`);
  return names;
}

/** A function's folder is uploaded as it is: what an earlier build left there has to go. */
async function keepOnlyBundle(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const others = (await readdir(folder)).filter((entry) => entry !== 'index.cjs');
  await Promise.all(others.map((entry) => rm(join(folder, entry), { recursive: true })));
}

/** Source maps don't go where they would be uploaded. */
function placeOf(path: string, distFolder: string): string {
  if (!path.endsWith('.map')) return path;
  return join(distFolder, 'maps', `${relative(distFolder, dirname(path))}.cjs.map`);
}

/** The part of a metafile that tells of one bundle, in esbuild's own format, for its analysers. */
function metafileOf(bundle: string, { inputs, outputs }: Metafile): Metafile {
  const [path, output] =
    Object.entries(outputs).find(([candidate]) => resolve(candidate) === resolve(bundle)) ?? [];
  if (path === undefined || output === undefined) throw new Error(`esbuild made no ${bundle}.`);
  const own = Object.entries(inputs).filter(([input]) => input in output.inputs);
  return { inputs: Object.fromEntries(own), outputs: { [path]: output } };
}

async function writeIfChanged({ path, text }: { path: string; text: string }): Promise<void> {
  if (existsSync(path) && (await readFile(path, 'utf8')) === text) return;
  await mkdir(dirname(path), { recursive: true });
  // Written aside and moved into place: another build may be reading it.
  const unfinished = join(dirname(path), '..', `.unfinished-${randomUUID()}`);
  await writeFile(unfinished, text);
  await rename(unfinished, path);
}
