import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

import * as z from 'zod';

const run = promisify(execFile);

export const ROOT = join(import.meta.dirname, '../..');

const TargetSchema = z.object({ types: z.string(), default: z.string() });
export const ManifestSchema = z.object({
  name: z.string(),
  main: z.string(),
  types: z.string(),
  dependencies: z.record(z.string(), z.string()).default({}),
  peerDependencies: z.record(z.string(), z.string()).default({}),
  exports: z.record(z.string(), z.object({ import: TargetSchema, require: TargetSchema })),
  typesVersions: z.object({ '*': z.record(z.string(), z.tuple([z.string()])) }),
});

export type Manifest = z.infer<typeof ManifestSchema>;

/** By folder, each after the packages that it needs. */
const PACKAGES = ['shared/validation', 'shared/order-sender', 'tooling/button-simulator'] as const;

/**
 * Builds the packages in a copy of their folders, so that the checkout does not change. Returns the built
 * folders.
 */
export async function buildPackages(folder: string): Promise<string[]> {
  const source = join(folder, 'project');
  await mkdir(source);
  for (const path of [...PACKAGES, 'tooling/build-packages.ts', 'tsconfig.json', 'LICENSE'])
    await cp(join(ROOT, path), join(source, path), {
      recursive: true,
      filter: (file) => !/\/(?:node_modules|dist)$/.test(file),
    });
  await symlink(join(ROOT, 'node_modules'), join(source, 'node_modules'));
  await run(process.execPath, ['tooling/build-packages.ts'], { cwd: source });
  return PACKAGES.map((folder) => join(source, folder, 'dist'));
}

/** A package as installed in a commerce system. */
export type Installed = { name: string; folder: string; manifest: Manifest };
export type Shop = { folder: string; packages: Installed[] };

/**
 * A folder with the packages and their dependencies, as npm would install them, but from this checkout
 * instead of the registry.
 */
export async function installOffline(built: readonly string[], folder: string): Promise<Shop> {
  const packages = await Promise.all(built.map((from) => unpack(from, folder)));
  const own = new Set(packages.map(({ name }) => name));
  const needed = new Set(
    packages.flatMap(({ manifest }) =>
      Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }),
    ),
  );
  for (const name of needed) {
    if (own.has(name)) continue;
    const link = join(folder, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(ROOT, 'node_modules', name), link);
  }
  await writeFile(join(folder, 'package.json'), '{}');
  return { folder, packages };
}

/** Puts what `npm pack` packs where `npm install` would put it. */
async function unpack(from: string, folder: string): Promise<Installed> {
  const { stdout } = await run('npm', ['pack', '--pack-destination', join(from, '..')], { cwd: from });
  const tarball = join(from, '..', stdout.trim().split('\n').at(-1) ?? '');
  const { name } = ManifestSchema.parse(JSON.parse(await readFile(join(from, 'package.json'), 'utf8')));
  const installed = join(folder, 'node_modules', name);
  await mkdir(installed, { recursive: true });
  await run('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1']);
  const manifest = ManifestSchema.parse(JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')));
  return { name, folder: installed, manifest };
}

/** The first `node` of this major version: the one that runs the tests, or another one on the PATH. */
export async function findNode(major: number): Promise<string | undefined> {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  for (const node of [process.execPath, ...folders.map((path) => join(path, 'node'))]) {
    if (existsSync(node) && (await run(node, ['--version'])).stdout.startsWith(`v${major}.`)) return node;
  }
  return undefined;
}

/** Sends an order and prints the result, as an ES module and as CommonJS. */
export const SEND_SCRIPTS = {
  'send.mjs': `
    import { SQSClient } from '@aws-sdk/client-sqs';
    import { assertSent, createOrderSender } from '@button-serverless/order-sender';
    import { DEFAULT_ORDER_SETTINGS } from '@button-serverless/validation/orders';
  `,
  'send.cjs': `
    const { SQSClient } = require('@aws-sdk/client-sqs');
    const { assertSent, createOrderSender } = require('@button-serverless/order-sender');
    const { DEFAULT_ORDER_SETTINGS } = require('@button-serverless/validation/orders');
  `,
} as const;

const SEND = `
  const { sendOrderCreated } = createOrderSender({
    client: new SQSClient(),
    queueUrl: process.env.QUEUE_URL,
    source: '/shop',
    brandSettings: DEFAULT_ORDER_SETTINGS,
  });
  const purchase_date = '2017-07-25T08:23:52Z';
  const order = { total: 1, currency: 'USD', order_id: process.argv[2], purchase_date };
  sendOrderCreated({ order, sequence: '1' }).then((result) => {
    assertSent(result);
    console.log(result.orderId, result.outcome);
  });
`;

export async function writeSendScripts(folder: string): Promise<void> {
  for (const [name, imports] of Object.entries(SEND_SCRIPTS))
    await writeFile(join(folder, name), imports + SEND);
}
