import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { build } from 'esbuild';

import { bundleFunctions } from '../../infra/function-bundles.ts';

const ROOT = join(import.meta.dirname, '../..');
const DIST = join(ROOT, '.bench', 'dist');

/** The measured files, as Lambda would load them. */
export type Bundles = {
  /** This project's functions as they are deployed, by name. */
  ours: (name: string) => Bundle;
  /** The same sources as CDK's NodejsFunction bundles them by default. */
  oursByDefault: (name: string) => Bundle;
  /**
   * A file of tooling/benchmarks/peers, bundled the same way. One that uses no library stays a single file.
   */
  peer: (name: string) => Bundle;
  /** The folder that holds this project's bundles. */
  folder: string;
  /** Names of this project's functions. */
  names: readonly string[];
};

/** A bundle: the file that Lambda loads, and the one that holds the code. */
export type Bundle = { entry: string; code: string };

/**
 * Builds all bundles again. Without `peers`, it builds only this project's functions, as they are deployed.
 */
export async function makeBundles({ peers }: { peers: boolean }): Promise<Bundles> {
  const functionsFolder = join(ROOT, 'functions');
  const names = await bundleFunctions({ functionsFolder, distFolder: join(DIST, 'ours') });
  if (peers) {
    await bundleByDefault(
      'ours-by-default',
      names.map((name) => [name, join(functionsFolder, name, 'handler.ts')]),
    );
    await bundleByDefault('peers', await peerEntries(join(import.meta.dirname, 'peers')));
  }
  const single = (folder: string) => (name: string) => {
    const file = join(folderOf(folder), name, 'index.cjs');
    return { entry: file, code: file };
  };
  return {
    folder: join(DIST, 'ours'),
    names,
    ours: (name) => ({
      entry: join(DIST, 'ours', name, 'index.mjs'),
      code: join(DIST, 'ours', name, 'index.cjs'),
    }),
    oursByDefault: single('ours-by-default'),
    peer: single('peers'),
  };
}

async function peerEntries(folder: string): Promise<[name: string, file: string][]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.mjs'));
  return files.map((file) => [file.slice(0, -'.mjs'.length), join(folder, file)]);
}

/**
 * The folder where these bundles find the SDK, which they do not contain. On Lambda it is part of the
 * runtime; here it is in the node_modules of this package.
 */
function folderOf(kind: string): string {
  return join(import.meta.dirname, 'dist', kind);
}

/**
 * Bundles as NodejsFunction does by default: CommonJS, not minified, `main` before `module`, without the SDK.
 *
 * Source: https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_lambda_nodejs.BundlingOptions.html
 */
async function bundleByDefault(kind: string, entries: [name: string, file: string][]): Promise<void> {
  await build({
    entryPoints: entries.map(([name, file]) => ({ in: file, out: join(name, 'index') })),
    outdir: folderOf(kind),
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    external: ['@aws-sdk/*', '@smithy/*'],
    logLevel: 'silent',
  });
}
