import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';

import { startSqs, type SqsEmulator } from '../../../local/aws/emulators/sqs-emulator.ts';
import { parseOrderEvent } from '../../../shared/domain/order-event.ts';
import { SETTINGS } from '../domain/order-samples.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../../..');

const ManifestSchema = z.object({
  dependencies: z.record(z.string(), z.string()).default({}),
  exports: z.record(z.string(), z.string()).default({}),
});

/** The folder of a commerce system that has nothing but the package and what the package says it needs. */
let shop: string;
let folder: string;
let installed: string;
let manifest: z.infer<typeof ManifestSchema>;

/** Builds in a copy, so that the checkout stays as it is, and installs the tarball as npm would, without a registry. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shared-package-'));
  const source = join(folder, 'project');
  await mkdir(source);
  await cp(join(ROOT, 'shared'), join(source, 'shared'), {
    recursive: true,
    filter: (path) => !/\/(?:node_modules|dist)$/.test(path),
  });
  await cp(join(ROOT, 'tsconfig.json'), join(source, 'tsconfig.json'));
  await symlink(join(ROOT, 'node_modules'), join(source, 'node_modules'));
  const packing = await run('npm', ['pack', '--pack-destination', folder], { cwd: join(source, 'shared') });
  const tarball = join(folder, packing.stdout.trim().split('\n').at(-1) ?? '');

  shop = join(folder, 'shop');
  installed = join(shop, 'node_modules/@button-serverless/shared');
  await mkdir(installed, { recursive: true });
  await run('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1']);
  manifest = ManifestSchema.parse(JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')));
  for (const name of Object.keys(manifest.dependencies)) {
    const link = join(shop, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(ROOT, 'node_modules', name), link);
  }
  await writeFile(join(shop, 'package.json'), '{ "type": "module" }');
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** The first `node` of this major version: the one that runs the tests, or another one on the PATH. */
async function findNode(major: number): Promise<string | undefined> {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  for (const node of [process.execPath, ...folders.map((path) => join(path, 'node'))]) {
    if (existsSync(node) && (await run(node, ['--version'])).stdout.startsWith(`v${major}.`)) return node;
  }
  return undefined;
}

describe('the package', () => {
  it('needs zod and the SQS client, and through them neither CDK nor middy nor DynamoDB', async () => {
    const LockSchema = z.object({
      packages: z.record(
        z.string(),
        z.object({ dependencies: z.record(z.string(), z.string()).default({}) }),
      ),
    });
    const lock = LockSchema.parse(JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')));
    const tree = new Set(Object.keys(manifest.dependencies));
    for (const name of tree) {
      for (const needed of Object.keys(lock.packages[`node_modules/${name}`]?.dependencies ?? {}))
        tree.add(needed);
    }

    expect(Object.keys(manifest.dependencies).sort()).toEqual(['@aws-sdk/client-sqs', 'zod']);
    expect(tree).toContain('@aws-sdk/core');
    expect([...tree].filter((name) => /cdk|constructs|middy|dynamodb/.test(name))).toEqual([]);
  });

  it('has a file with types behind every import', () => {
    const files = Object.values(manifest.exports);

    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      expect(existsSync(join(installed, file)), file).toBe(true);
      expect(existsSync(join(installed, file.replace(/js$/, 'd.ts'))), file).toBe(true);
    }
  });

  it('tells TypeScript what is right and what is wrong', async () => {
    const file = join(shop, 'shop.ts');
    await writeFile(file, TYPESCRIPT_SHOP);
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
    const options = '--noEmit --strict --module nodenext --target es2023 --skipLibCheck'.split(' ');

    const { stdout } = await run(process.execPath, [compiler, ...options, file], { cwd: shop }).catch(
      (failure: unknown) => failure as { stdout: string },
    );

    expect(stdout).toBe('');
  });
});

const RUNTIMES = await Promise.all([20, 24].map(async (major) => ({ major, node: await findNode(major) })));

describe.each(RUNTIMES)('on Node $major', ({ node = '' }) => {
  let emulator: SqsEmulator;

  beforeAll(async () => {
    emulator = await startSqs('us-east-1');
    await emulator.call('CreateQueue', { QueueName: 'orders.fifo', Attributes: { FifoQueue: 'true' } });
  });

  afterAll(async () => {
    await emulator.close();
  });

  it.skipIf(node === '')('can be imported, every part of it, from plain JavaScript', async () => {
    const names = Object.keys(manifest.exports).map((path) => `@button-serverless/shared/${path.slice(2)}`);
    const script = join(shop, 'imports.js');
    await writeFile(
      script,
      `for (const name of ${JSON.stringify(names)}) console.log(name, Object.keys(await import(name)).length > 0);`,
    );

    const { stdout } = await run(node, [script], { cwd: shop });

    expect(stdout.trim().split('\n')).toEqual(names.map((name) => `${name} true`));
  });

  it.skipIf(node === '')('keeps its inside to itself', async () => {
    const script = join(shop, 'inside.js');
    await writeFile(script, "import '@button-serverless/shared/dist/domain/order.js';");

    await expect(run(node, [script], { cwd: shop })).rejects.toThrow('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });

  it.skipIf(node === '')('sends an order as docs/order-messages.md shows it', async () => {
    const page = await readFile(join(ROOT, 'docs/order-messages.md'), 'utf8');
    const snippets = Array.from(page.matchAll(/```js\n(.*?)```/gs), ([, code = '']) => code);
    const snippet = snippets.find((code) => code.includes('@button-serverless/shared'));
    const script = join(shop, 'send-order.js');
    await writeFile(script, snippet ?? '');
    const env = {
      QUEUE_URL: emulator.queueUrl('orders.fifo'),
      AWS_ENDPOINT_URL_SQS: emulator.endpoint,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
    };

    const { stdout } = await run(node, [script], { cwd: shop, env });

    const received = await emulator.call('ReceiveMessage', { QueueUrl: env.QUEUE_URL });
    const ReceivedSchema = z.object({ Messages: z.tuple([z.object({ Body: z.string() })]) });
    const [{ Body }] = ReceivedSchema.parse(received).Messages;
    expect(stdout).toBe('sent\n');
    expect(parseOrderEvent(Body, SETTINGS)).toMatchObject({
      ok: true,
      event: { kind: 'created', orderId: '1994', order: { total: 7000 } },
    });
  });
});

const TYPESCRIPT_SHOP = `
import { createOrderSender } from '@button-serverless/shared/order-sender';
import { assertSent, type SendResult } from '@button-serverless/shared/send-result';
import type { Order } from '@button-serverless/shared/order';
import { remainingItems } from '@button-serverless/shared/remaining-items';
import { SQSClient } from '@aws-sdk/client-sqs';

const sender = createOrderSender({ client: new SQSClient({}), queueUrl: '', source: '/shop' });
const order: Order = { total: 1, currency: 'USD', order_id: '1', purchase_date: '2017-07-25' };
const result: SendResult = await sender.sendOrderCreated({ order, sequence: '1' });
assertSent(result);
if (result.outcome === 'not-sent' && result.reason === 'refused') result.code.length;
const remainder = remainingItems(order, []);
if (remainder.kind === 'cancelled') await sender.sendOrderEvents([{ ...remainder, sequence: '2' }]);

// @ts-expect-error A total is a number.
await sender.sendOrderCreated({ order: { ...order, total: '1' } });
// @ts-expect-error Not every result has a message id.
result.messageId;
// @ts-expect-error A misspelt option would be lost.
createOrderSender({ client: new SQSClient({}), queueUrl: '', source: '', ordering: 'time' });
`;
