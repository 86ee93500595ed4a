// @module-tag long
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startSqs, type SqsEmulator } from '../../../tooling/local-aws/emulators/sqs-emulator.ts';
import {
  ManifestSchema,
  buildPackages,
  ROOT,
  SEND_SCRIPTS,
  writeSendScripts,
} from '../../packages/packed-package.ts';
import { startRegistry, type Registry } from '../../packages/registry.ts';

// Installs from the npm registry, which takes minutes.

const run = promisify(execFile);

const { peerDependencies } = ManifestSchema.pick({ peerDependencies: true }).parse(
  JSON.parse(await readFile(join(ROOT, 'shared/order-sender/package.json'), 'utf8')),
);
const OLDEST = (peerDependencies['@aws-sdk/client-sqs'] ?? '').replace('^', '');

/**
 * The oldest version that the package allows (November 2023), one or two of each later year, and the newest.
 */
const SDK_VERSIONS = [OLDEST, '3.554.0', '3.651.1', '3.758.0', '3.862.0', '3.946.0', '3.1031.0', 'latest'];

let root: string;
let npmrc = '';
let registry: Registry;
let oldestNode: string;
let emulator: SqsEmulator;

async function installInto(folder: string, packages: readonly string[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{}');
  await writeFile(join(folder, '.npmrc'), npmrc);
  const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline'];
  await run('npm', ['install', ...options, ...packages], { cwd: folder });
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'shared-package-'));
  registry = await startRegistry();
  const host = new URL(registry.url).host;
  npmrc = `@button-serverless:registry=${registry.url}\n//${host}/:_authToken=none\n`;
  for (const folder of await buildPackages(root)) {
    await writeFile(join(folder, '.npmrc'), npmrc);
    await run('npm', ['publish', '--dry-run'], { cwd: folder });
    await run('npm', ['publish'], { cwd: folder });
  }
  const runtime = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  await installInto(join(root, 'node'), [`${runtime}@20.0.0`]);
  oldestNode = join(root, 'node/node_modules', runtime, 'bin/node');
  emulator = await startSqs('us-east-1');
  await emulator.call('CreateQueue', { QueueName: 'orders.fifo', Attributes: { FifoQueue: 'true' } });
}, 600_000);

afterAll(async () => {
  registry.close();
  await emulator.close();
  await rm(root, { recursive: true, force: true });
});

describe('orders, requirement 14: the client works with every version of the SDK of the last three years, from Node 20.0 on', () => {
  it.each(SDK_VERSIONS)(
    'sends with @aws-sdk/client-sqs %s, as an ES module and as CommonJS',
    async (version) => {
      const shop = join(root, `shop-${version}`);
      await installInto(shop, ['@button-serverless/order-sender', `@aws-sdk/client-sqs@${version}`]);
      await writeSendScripts(shop);
      const env = {
        QUEUE_URL: emulator.queueUrl('orders.fifo'),
        AWS_ENDPOINT_URL_SQS: emulator.endpoint,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'local',
        AWS_SECRET_ACCESS_KEY: 'local',
      };

      const said: string[] = [];
      for (const node of [oldestNode, process.execPath]) {
        for (const script of Object.keys(SEND_SCRIPTS)) {
          const { stdout } = await run(node, [script, `${version}-${said.length}`], { cwd: shop, env });
          said.push(stdout.trim());
        }
      }

      expect(said).toEqual([0, 1, 2, 3].map((turn) => `${version}-${turn} sent`));
    },
    600_000,
  );
});
