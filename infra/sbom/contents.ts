import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { build, type Metafile } from 'esbuild';
import * as z from 'zod';

import { bundleFunctions } from '../function-bundles.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** Packages that others install (`tooling/build-packages.ts` builds them). */
export const PUBLISHED = ['shared/validation', 'shared/order-sender', 'tooling/button-simulator'];

/** Something that leaves this project, and the files that are in it. */
export type Contents = { name: string; metafile: Metafile };

const MetafileSchema = z.object({
  inputs: z.record(z.string(), z.custom<Metafile['inputs'][string]>()),
  outputs: z.record(z.string(), z.custom<Metafile['outputs'][string]>()),
});

/** What all functions together are made of, as esbuild has bundled them into `distFolder`. */
export async function functionContents(distFolder: string): Promise<Contents> {
  await bundleFunctions({ functionsFolder: join(ROOT, 'functions'), distFolder });
  const folder = join(distFolder, 'meta');
  const all = readdirSync(folder).map((file) =>
    MetafileSchema.parse(JSON.parse(readFileSync(join(folder, file), 'utf8'))),
  );
  const inputs = Object.fromEntries(all.flatMap((one) => Object.entries(one.inputs)));
  const outputs = Object.fromEntries(all.flatMap((one) => Object.entries(one.outputs)));
  return { name: 'functions', metafile: { inputs, outputs } };
}

const ManifestSchema = z.object({
  exports: z.record(z.string(), z.string()),
  peerDependencies: z.record(z.string(), z.string()).default({}),
});

/** What a published package loads, its dependencies included; a peer is its user's own. */
export async function packageContents(folder: string): Promise<Contents> {
  const manifest = ManifestSchema.parse(JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')));
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: Object.values(manifest.exports).map((file) => join(ROOT, folder, file)),
    external: Object.keys(manifest.peerDependencies),
    outdir: join(ROOT, 'dist'),
    write: false,
    bundle: true,
    platform: 'node',
    format: 'esm',
    metafile: true,
    logLevel: 'silent',
  });
  return { name: folder.split('/').at(-1) ?? folder, metafile };
}
