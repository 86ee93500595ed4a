// @module-tag long
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';

import { startSqs, type SqsEmulator } from '../../../tooling/local-aws/emulators/sqs-emulator.ts';
import { parseOrderEvent } from '../../../shared/validation/orders/order-event.ts';
import { SETTINGS } from '../validation/orders/order-samples.ts';
import {
  buildPackages,
  findNode,
  installOffline,
  ROOT,
  SEND_SCRIPTS,
  writeSendScripts,
  type Shop,
} from '../../packages/packed-package.ts';

const run = promisify(execFile);

let root: string;
let shop: Shop;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'shared-package-'));
  shop = await installOffline(await buildPackages(root), join(root, 'shop'));
  await writeSendScripts(shop.folder);
}, 180_000);

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

/** The names that users can import from the packages. */
function importableNames(): string[] {
  return shop.packages.flatMap(({ name, manifest }) =>
    Object.keys(manifest.exports).map((path) => (path === '.' ? name : `${name}/${path.slice(2)}`)),
  );
}

describe('orders, requirement 14: the packages', () => {
  it('install zod, use the shop’s SQS client, and bring neither CDK nor middy nor DynamoDB', async () => {
    const LockSchema = z.object({
      packages: z.record(
        z.string(),
        z.object({ dependencies: z.record(z.string(), z.string()).default({}) }),
      ),
    });
    const lock = LockSchema.parse(JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')));
    const needs = shop.packages.map(({ manifest: { dependencies, peerDependencies } }) => ({
      dependencies: Object.keys(dependencies),
      peerDependencies,
    }));
    const tree = new Set(
      needs.flatMap(({ dependencies, peerDependencies }) => [
        ...dependencies,
        ...Object.keys(peerDependencies),
      ]),
    );
    for (const name of tree) {
      for (const needed of Object.keys(lock.packages[`node_modules/${name}`]?.dependencies ?? {}))
        tree.add(needed);
    }

    expect(needs).toEqual([
      { dependencies: ['zod'], peerDependencies: {} },
      {
        dependencies: ['@button-serverless/validation'],
        peerDependencies: { '@aws-sdk/client-sqs': '^3.450.0' },
      },
      { dependencies: ['@button-serverless/validation', 'zod'], peerDependencies: {} },
    ]);
    expect(tree).toContain('@aws-sdk/core');
    expect([...tree].filter((name) => /cdk|constructs|middy|dynamodb/.test(name))).toEqual([]);
  });

  it('have a file with types behind every import, as an ES module and as CommonJS', () => {
    for (const { folder, manifest } of shop.packages) {
      const { main, types, exports, typesVersions } = manifest;
      const files = Object.values(exports).flatMap((entry) => [entry.import, entry.require]);
      const named = [main, types, ...files.flatMap((target) => [target.types, target.default])];

      expect(named.filter((file) => !existsSync(join(folder, file)))).toEqual([]);
      expect(main).toBe(exports['.']?.require.default);
      // What TypeScript reads with "moduleResolution": "node10", which ignores `exports`.
      expect(typesVersions['*']).toEqual(
        Object.fromEntries(
          Object.entries(exports)
            .filter(([path]) => path !== '.')
            .map(([path, entry]) => [path.slice(2), [entry.require.types]]),
        ),
      );
    }
  });

  it.each(['LICENSE', 'README.md', 'CHANGELOG.md'])('contain a %s', (file) => {
    for (const { folder } of shop.packages) expect(existsSync(join(folder, file)), folder).toBe(true);
  });

  it.each([
    ['an ES module', 'shop.mts', '--module nodenext'],
    ['CommonJS', 'shop.cts', '--module node16'],
    ['a bundler', 'bundled/shop.ts', '--module esnext --moduleResolution bundler'],
    [
      'the resolution of old',
      'old/shop.ts',
      '--module commonjs --moduleResolution node10 --ignoreDeprecations 6.0',
    ],
  ])('let TypeScript accept what is right and reject what is wrong in %s', async (_kind, name, options) => {
    const file = join(shop.folder, name);
    await mkdir(join(file, '..'), { recursive: true });
    await writeFile(file, TYPESCRIPT_SHOP);
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
    const common = `--noEmit --strict --target es2023 --types node --typeRoots ${join(ROOT, 'node_modules/@types')}`;

    const { stdout } = await run(
      process.execPath,
      [compiler, ...common.split(' '), '--skipLibCheck', ...options.split(' '), file],
      { cwd: shop.folder },
    ).catch((failure: unknown) => failure as { stdout: string });

    expect(stdout).toBe('');
  });
});

const RUNTIMES = await Promise.all([20, 24].map(async (major) => ({ major, node: await findNode(major) })));

describe.each(RUNTIMES)('orders, requirement 14: the client on Node $major', ({ node = '' }) => {
  let emulator: SqsEmulator;

  const environment = () => ({
    QUEUE_URL: emulator.queueUrl('orders.fifo'),
    ORDER_SETTINGS: JSON.stringify(SETTINGS),
    AWS_ENDPOINT_URL_SQS: emulator.endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  });

  beforeAll(async () => {
    emulator = await startSqs('us-east-1');
    await emulator.call('CreateQueue', { QueueName: 'orders.fifo', Attributes: { FifoQueue: 'true' } });
  });

  afterAll(async () => {
    await emulator.close();
  });

  it.skipIf(node === '')(
    'can be imported and required, every part of it, from plain JavaScript',
    async () => {
      const names = importableNames();
      const list = JSON.stringify(names);
      const imports = `for (const name of ${list}) console.log(name, Object.keys(await import(name)).join());`;
      const requires = `for (const name of ${list}) console.log(name, Object.keys(require(name)).sort().join());`;
      await writeFile(join(shop.folder, 'imports.mjs'), imports);
      await writeFile(join(shop.folder, 'requires.cjs'), requires);

      const imported = await run(node, ['imports.mjs'], { cwd: shop.folder });
      const required = await run(node, ['requires.cjs'], { cwd: shop.folder });

      const lines = imported.stdout.trim().split('\n');
      expect(lines.map((line) => line.split(' ')[0])).toEqual(names);
      expect(lines.filter((line) => !/ \w/.test(line))).toEqual([]);
      expect(required.stdout).toBe(imported.stdout);
    },
  );

  it.skipIf(node === '')('hides its internals', async () => {
    const script = join(shop.folder, 'inside.mjs');
    await writeFile(script, "import '@button-serverless/validation/esm/orders/order.js';");

    await expect(run(node, [script], { cwd: shop.folder })).rejects.toThrow('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });

  it.skipIf(node === '').each(Object.keys(SEND_SCRIPTS))('sends an order: %s', async (script) => {
    const { stdout } = await run(node, [script, `order-${script}`], { cwd: shop.folder, env: environment() });

    expect(stdout).toBe(`order-${script} sent\n`);
  });

  it.skipIf(node === '')('sends an order as docs/order-messages.md shows it', async () => {
    const page = await readFile(join(ROOT, 'docs/order-messages.md'), 'utf8');
    const snippets = Array.from(page.matchAll(/```js\n(.*?)```/gs), ([, code = '']) => code);
    const snippet = snippets.find((code) => code.includes('@button-serverless/order-sender'));
    const script = join(shop.folder, 'send-order.mjs');
    await writeFile(script, snippet ?? '');
    await emulator.call('PurgeQueue', { QueueUrl: environment().QUEUE_URL });

    const { stdout } = await run(node, [script], { cwd: shop.folder, env: environment() });

    const received = await emulator.call('ReceiveMessage', { QueueUrl: environment().QUEUE_URL });
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
import { assertSent, createOrderSender, type SendResult } from '@button-serverless/order-sender';
import { DEFAULT_ORDER_SETTINGS, remainingItems, type Order } from '@button-serverless/validation/orders';
import { fromShopify } from '@button-serverless/validation/shops';
import { checkSignature, creditReward } from '@button-serverless/validation/webhooks';
import { SQSClient } from '@aws-sdk/client-sqs';

const queue = { client: new SQSClient({}), queueUrl: '', source: '/shop' };
const sender = createOrderSender({ ...queue, brandSettings: DEFAULT_ORDER_SETTINGS });
const order: Order = { total: 1, currency: 'USD', order_id: '1', purchase_date: '2017-07-25' };

export async function send(): Promise<void> {
  const result: SendResult = await sender.sendOrderCreated({ order, sequence: '1' });
  assertSent(result);
  if (result.outcome === 'not-sent' && result.reason === 'refused') result.code.length;
  await sender.sendOrderUpdated({ order: { ...order, btn_ref: null, customer: { id: null } }, sequence: '2' });
  const remainder = remainingItems(order, []);
  if (remainder.kind === 'cancelled') await sender.sendOrderEvents([{ ...remainder, sequence: '3' }]);

  const mapping = fromShopify({});
  if (mapping.ok) await sender.sendOrderEvents([mapping.event]);

  // @ts-expect-error A total is a number.
  await sender.sendOrderCreated({ order: { ...order, total: '1' } });
  // @ts-expect-error A required field is not null.
  await sender.sendOrderCreated({ order: { ...order, total: null } });
  // @ts-expect-error Not every result has a message id.
  result.messageId;
}
createOrderSender({ ...queue, brandSettings: '{"orderBy":"time"}' });
// @ts-expect-error Nothing says what the brand accepts.
createOrderSender(queue);
// @ts-expect-error A misspelt option would be lost.
createOrderSender({ ...queue, brandSettings: DEFAULT_ORDER_SETTINGS, ordering: 'time' });
`;
