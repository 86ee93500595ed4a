import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import * as z from 'zod';

const run = promisify(execFile);

export const ROOT = join(import.meta.dirname, '../../..');

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

const PACKAGES = ['validation', 'order-sender'] as const;

/**
 * Builds the packages in a copy of their folders, so that the checkout stays as it is. Returns the built
 * folders.
 */
export async function buildPackages(folder: string): Promise<string[]> {
  const source = join(folder, 'project');
  await mkdir(source);
  await cp(join(ROOT, 'shared'), join(source, 'shared'), {
    recursive: true,
    filter: (path) => !/\/(?:node_modules|dist)$/.test(path),
  });
  for (const file of ['tsconfig.json', 'LICENSE']) await cp(join(ROOT, file), join(source, file));
  await symlink(join(ROOT, 'node_modules'), join(source, 'node_modules'));
  await run(process.execPath, ['shared/build-packages.ts'], { cwd: source });
  return PACKAGES.map((name) => join(source, 'shared', name, 'dist'));
}

/** What a commerce system has that has installed a package. */
export type Installed = { name: string; folder: string; manifest: Manifest };
export type Shop = { folder: string; packages: Installed[] };

/**
 * A folder with both packages and what they say that they need, as npm would install it, but taken from this
 * checkout instead of the registry.
 */
export async function installOffline(built: readonly string[], folder: string): Promise<Shop> {
  const packages = await Promise.all(built.map((from) => unpack(from, folder)));
  const needed = packages.flatMap(({ manifest }) =>
    Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }),
  );
  for (const name of needed.filter((each) => !packages.some((own) => own.name === each))) {
    const link = join(folder, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(ROOT, 'node_modules', name), link);
  }
  await writeFile(join(folder, 'package.json'), '{}');
  return { folder, packages };
}

/** What `npm pack` puts into the package, where `npm install` puts it. */
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

/** Sends an order and prints what became of it, as an ES module and as CommonJS. */
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
