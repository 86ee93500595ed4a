// @module-tag long
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { buildPackages, findNode, installOffline, type Shop } from '../../../test/packages/packed-package.ts';

let root: string;
let team: Shop;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'simulator-package-'));
  team = await installOffline(await buildPackages(root), join(root, 'team'));
});

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

const ORDER = {
  total: 2500,
  currency: 'USD',
  order_id: 'A-1',
  purchase_date: '2026-03-14T15:09:26Z',
  btn_ref: 'fakesrctok-abcdef0123456789',
  line_items: [{ identifier: 'mug', total: 2500, quantity: 1 }],
};

/** The base URL of Button's API, which the simulator prints once it listens. */
async function readUrl(lines: AsyncIterable<string>): Promise<string> {
  for await (const line of lines) {
    const [, url] = /Button's API +(\S+)/.exec(line) ?? [];
    if (url) return url;
  }
  throw new Error('The simulator ended without listening');
}

const RUNTIMES = await Promise.all([20, 24].map(async (major) => ({ major, node: await findNode(major) })));

describe.each(RUNTIMES)('the published Button simulator on Node $major', ({ node = '' }) => {
  it.skipIf(node === '')('accepts an order and lists its transaction', async () => {
    const main = join(team.folder, 'node_modules/@button-serverless/button-simulator/esm/main.js');
    const child = spawn(node, [main, '--port', '0'], {
      cwd: team.folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    const url = await readUrl(createInterface({ input: child.stdout }));
    const authorization = (key: string) => `Basic ${Buffer.from(`${key}:`).toString('base64')}`;

    const created = await fetch(`${url}/order`, {
      method: 'POST',
      headers: {
        authorization: authorization('sk-simulated-brand'),
        'content-type': 'application/json',
      },
      body: JSON.stringify(ORDER),
    });
    const listed = await fetch(`${url}/affiliation/transactions?time_field=modified_date`, {
      headers: { authorization: authorization('sk-simulated-publisher') },
    });
    const { objects } = (await listed.json()) as { objects: unknown[] };
    child.kill('SIGTERM');
    await ended;

    expect(created.status).toBe(200);
    expect(objects).toEqual([expect.objectContaining({ order_total: 2500, status: 'pending' })]);
  });
});
