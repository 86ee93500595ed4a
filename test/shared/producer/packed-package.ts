import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import * as z from 'zod';

const run = promisify(execFile);

export const ROOT = join(import.meta.dirname, '../../..');

const TargetSchema = z.object({ types: z.string(), default: z.string() });
export const ManifestSchema = z.object({
  main: z.string(),
  types: z.string(),
  dependencies: z.record(z.string(), z.string()).default({}),
  peerDependencies: z.record(z.string(), z.string()).default({}),
  exports: z.record(z.string(), z.object({ import: TargetSchema, require: TargetSchema })),
  typesVersions: z.object({ '*': z.record(z.string(), z.tuple([z.string()])) }),
});

export type Manifest = z.infer<typeof ManifestSchema>;

/**
 * Builds the package in a copy of its folder, so that the checkout stays as it is, and packs it. Answers the
 * file.
 */
export async function packPackage(folder: string): Promise<string> {
  const source = join(folder, 'project');
  await mkdir(source);
  await cp(join(ROOT, 'shared'), join(source, 'shared'), {
    recursive: true,
    filter: (path) => !/\/(?:node_modules|dist)$/.test(path),
  });
  await cp(join(ROOT, 'tsconfig.json'), join(source, 'tsconfig.json'));
  await symlink(join(ROOT, 'node_modules'), join(source, 'node_modules'));
  const packing = await run('npm', ['pack', '--pack-destination', folder], { cwd: join(source, 'shared') });
  await rm(source, { recursive: true });
  return join(folder, packing.stdout.trim().split('\n').at(-1) ?? '');
}

/** What a commerce system has that has installed the package. */
export type Shop = { folder: string; installed: string; manifest: Manifest };

/**
 * A folder with the package and what the package says that it needs, as npm would install it, but taken from
 * this checkout instead of the registry.
 */
export async function installOffline(tarball: string, folder: string): Promise<Shop> {
  const installed = join(folder, 'node_modules/@button-serverless/shared');
  await mkdir(installed, { recursive: true });
  await run('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1']);
  const manifest = ManifestSchema.parse(JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')));
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) {
    const link = join(folder, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(ROOT, 'node_modules', name), link);
  }
  await writeFile(join(folder, 'package.json'), '{}');
  return { folder, installed, manifest };
}

/** Sends an order and prints what became of it, as an ES module and as CommonJS. */
export const SEND_SCRIPTS = {
  'send.mjs': `
    import { SQSClient } from '@aws-sdk/client-sqs';
    import { createOrderSender } from '@button-serverless/shared/order-sender';
    import { DEFAULT_ORDER_SETTINGS } from '@button-serverless/shared/order-rules';
    import { assertSent } from '@button-serverless/shared/send-result';
  `,
  'send.cjs': `
    const { SQSClient } = require('@aws-sdk/client-sqs');
    const { createOrderSender } = require('@button-serverless/shared/order-sender');
    const { DEFAULT_ORDER_SETTINGS } = require('@button-serverless/shared/order-rules');
    const { assertSent } = require('@button-serverless/shared/send-result');
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
