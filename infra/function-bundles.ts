import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';

import { build, type Metafile, type Plugin } from 'esbuild';
import * as z from 'zod';

const RUNTIME = join(import.meta.dirname, '../shared/runtime');
const LEFT_OUT = join(RUNTIME, 'left-out-of-bundles.ts');

/**
 * Modules for which bundles contain something smaller. The SDK's chain of credential providers is a third of
 * a bundle and reads the environment first; on Lambda the credentials are there. No function streams events
 * or discovers endpoints. If this is empty, the SDK is bundled unchanged.
 */
const STAND_INS = {
  '@aws-sdk/credential-provider-node': join(RUNTIME, 'environment-credentials.ts'),
  '@aws-sdk/endpoint-cache': LEFT_OUT,
  '@smithy/core/event-streams': LEFT_OUT,
};

/**
 * The SDK's clients send their version to AWS, and load their whole manifest for it: only the version goes
 * into a bundle.
 */
const VERSION_ONLY: Plugin = {
  name: 'version-only',
  setup(bundling) {
    bundling.onLoad({ filter: /[\\/]@aws-sdk[\\/]client-[^\\/]+[\\/]package\.json$/ }, async ({ path }) => {
      const { version } = z.object({ version: z.string() }).parse(JSON.parse(await readFile(path, 'utf8')));
      return { contents: JSON.stringify({ version }), loader: 'json' };
    });
  },
};

/**
 * What functions never call, of modules that are loaded with others: zod's schemas can describe themselves as
 * JSON Schema, which only the build has them do; the SDK hashes in JavaScript where Node.js has no crypto;
 * and it has another way to retry than the one that shared/runtime/aws-clients.ts chooses.
 */
const NEVER_CALLED = new RegExp(
  String.raw`[\\/](zod[\\/]v4[\\/]core[\\/](to-json-schema|json-schema-processors)` +
    String.raw`|checksum[\\/]\w+[\\/](Sha256|Crc32)Js|util-retry[\\/](AdaptiveRetryStrategy|DefaultRateLimiter))\.js$`,
);

/** Has bundles hold the names of these modules' exports, and nothing behind them. */
const NAMES_ONLY: Plugin = {
  name: 'names-only',
  setup(bundling) {
    bundling.onLoad({ filter: NEVER_CALLED }, async ({ path }) => {
      const names = (await readFile(path, 'utf8')).matchAll(/^export (?:const|function|class) (\w+)/gm);
      return { contents: [...names].map(([, name]) => `export const ${name} = undefined;`).join('\n') };
    });
  },
};

/**
 * The SDK looks for settings in the environment, and then in files under the home directory. No function has
 * such files.
 */
const NO_CONFIG_FILES: Plugin = {
  name: 'no-config-files',
  setup(bundling) {
    bundling.onLoad({ filter: /[\\/]shared-ini-file-loader[\\/]loadSharedConfigFiles\.js$/ }, () => ({
      contents: `export { loadSharedConfigFiles } from ${JSON.stringify(LEFT_OUT)};
        export { CONFIG_PREFIX_SEPARATOR } from './constants';`,
    }));
  },
};

/**
 * The SDK asks of each body whether it is a web stream. That alone makes Node.js load its web streams, and no
 * body of ours is one.
 */
const NO_WEB_STREAMS = { ReadableStream: 'undefined' };

/** The folders of functions and of their bundles. */
export type BundleFolders = {
  /** Contains one folder for each function, with a `handler.ts`. */
  functionsFolder: string;
  /**
   * Gets `NAME/index.cjs` for each function; beside it source maps and what went into each bundle, which
   * aren't uploaded.
   */
  distFolder: string;
};

/**
 * What Lambda loads as `index.handler`: an ES module, because only that can await something before the first
 * event. The rest is CommonJS: an ES module that imports `node:http` makes Node.js load the whole of undici
 * (https://github.com/nodejs/node/issues/59686).
 */
const ENTRY = `import { createRequire } from 'node:module';
const { handler, prime } = createRequire(import.meta.url)('./index.cjs');
await prime?.();
export { handler };
`;

/**
 * Bundles every function, all at once, each into a folder that holds one CommonJS file, the entry that loads
 * it, and nothing else.
 *
 * The file ends in `.cjs` because then it's CommonJS wherever it stands. A handler that exports `prime` has
 * it awaited before the first event. A file whose content is the same stays untouched, so that nothing is
 * deployed anew for nothing. Returns the functions' names. Throws if a folder has no handler, or if a bundle
 * fails.
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
    // ES modules first: unused exports can only be removed from them.
    mainFields: ['module', 'main'],
    alias: STAND_INS,
    define: NO_WEB_STREAMS,
    plugins: [VERSION_ONLY, NAMES_ONLY, NO_CONFIG_FILES],
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
  const entries = names.map((name) => ({ path: join(distFolder, name, 'index.mjs'), text: ENTRY }));
  await Promise.all([...files, ...entries, ...metafiles].map(writeIfChanged));
  return names;
}

async function functionNames(functionsFolder: string): Promise<string[]> {
  const entries = await readdir(functionsFolder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const missing = names.filter((name) => !existsSync(join(functionsFolder, name, 'handler.ts')));
  if (missing.length > 0) throw new Error(`No handler.ts in ${functionsFolder} for: ${missing.join(', ')}.`);
  return names;
}

/** A function's folder is uploaded completely: files of an earlier build must be removed. */
async function keepOnlyBundle(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const others = (await readdir(folder)).filter((entry) => entry !== 'index.cjs' && entry !== 'index.mjs');
  await Promise.all(others.map((entry) => rm(join(folder, entry), { recursive: true })));
}

/** Source maps must not be where they would be uploaded. */
function placeOf(path: string, distFolder: string): string {
  if (!path.endsWith('.map')) return path;
  return join(distFolder, 'maps', `${relative(distFolder, dirname(path))}.cjs.map`);
}

/** The part of a metafile about one bundle, in esbuild's own format, for its analysers. */
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
  // Written elsewhere and moved into place: another build may be reading it.
  const unfinished = join(dirname(path), '..', `.unfinished-${randomUUID()}`);
  await writeFile(unfinished, text);
  await rename(unfinished, path);
}
