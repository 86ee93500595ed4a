// @module-tag long
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import { openPage } from '../../local/page/open-page.ts';
import { startSystem, type LocalSystem } from '../../local/system.ts';
import type { View } from '../../ops/console/view.ts';
import { QUICK_STAGES } from './stage-configs.ts';
import { makeStateDirectory, type StateDirectory } from './state-directory.ts';

let running: LocalSystem;
let directory: StateDirectory;

const started: (() => void | Promise<void>)[] = [];

beforeAll(async () => {
  directory = await makeStateDirectory();
  started.push(() => directory.remove());
  running = await startSystem({
    configFile: await directory.writeConfig('live-page', { ...QUICK_STAGES.both, dashboards: true }),
    stateDirectory: directory.path,
    apiKey: 'sk-live-page',
    webhookSecrets: ['live-page'],
    controlPort: 0,
  });
  started.push(() => running.close());
});

afterAll(async () => {
  for (const close of started.toReversed()) await close();
});

/** The page of the running system, as its script sees it. */
async function open() {
  const { url, close } = await openPage(running);
  const { origin, port, searchParams } = new URL(url);
  const cookie = `button-console-${port}=${searchParams.get('token') ?? ''}`;
  const leaving = new AbortController();
  const events = await fetch(`${origin}/events`, { headers: { cookie }, signal: leaving.signal });
  let text = '';
  const reading = (async () => {
    for await (const chunk of events.body?.pipeThrough(new TextDecoderStream()) ?? []) text += chunk;
  })().catch(() => undefined);
  onTestFinished(async () => {
    leaving.abort();
    await reading;
    await close();
  });
  const view = (): View =>
    Object.fromEntries(
      [...text.matchAll(/^event: (\w+)\ndata: (.*)\n\n/gm)].map(([, name = '', data = '']) => [
        name,
        JSON.parse(data),
      ]),
    );
  const act = async (name: string, input: object): Promise<{ ok: boolean; show?: string }> => {
    const headers = { cookie, origin, 'content-type': 'application/json' };
    const answer = await fetch(`${origin}/actions/${name}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(input),
    });
    return (await answer.json()) as { ok: boolean; show?: string };
  };
  const get = async (path: string) => (await fetch(`${origin}${path}`, { headers: { cookie } })).text();
  return { view, act, get };
}

const PATIENCE = { timeout: 240_000 };

describe('the live page of the whole system', () => {
  it('shows what its buttons do: an order, its transaction and events, a refusal and its alarm', async () => {
    const { view, act, get } = await open();
    const { show: orderId } = await act('send-order', { kind: 'good' });
    const { show: badId } = await act('send-order', { kind: 'bad' });
    const { show: transactionId } = await act('send-webhook', { kind: 'signed' });

    await expect
      .poll(() => view().orders?.rows, PATIENCE)
      .toContainEqual(expect.objectContaining({ orderId, state: 'settled', worth: 'USD 70.00' }));
    await expect
      .poll(() => view().quarantine?.rows, PATIENCE)
      .toContainEqual(expect.objectContaining({ orderId: badId, code: 'total_not_sum' }));
    await expect.poll(() => view().transactions?.rows.length, PATIENCE).toBe(2);
    await expect
      .poll(() => view().events?.rows.map(({ type }) => type), PATIENCE)
      .toEqual(['transaction.created', 'transaction.created']);
    await expect
      .poll(() => view().alarms?.rows.map(({ name }) => name), PATIENCE)
      .toContainEqual(expect.stringMatching(/Quarantine$/));
    expect(await get(`/timeline?id=${transactionId ?? ''}`)).toContain('Received by webhook');
    expect(await get('/boards')).toContain('<h1>Boards of a local run</h1>');
  });

  it('shows an outage of Button that it starts, and its end', async () => {
    const { view, act } = await open();
    await act('break-button', { fault: 'down' });
    const { show: orderId } = await act('send-order', { kind: 'good' });
    await expect
      .poll(() => view().orders?.rows.find((row) => row.orderId === orderId)?.reason, PATIENCE)
      .toBeDefined();
    await act('repair-button', {});
    await expect
      .poll(() => view().orders?.rows.find((row) => row.orderId === orderId)?.state, PATIENCE)
      .toBe('settled');
  });

  it('finds by reconciliation what Button lost', async () => {
    const { view, act } = await open();
    await expect.poll(() => view().transactions?.rows.length, PATIENCE).toBeGreaterThan(0);
    const before = view().transactions?.rows.length ?? 0;
    await act('break-button', { fault: 'lose-webhook' });
    const { show } = await act('send-webhook', { kind: 'signed' });
    expect(await act('reconcile', {})).toMatchObject({ ok: true });

    await expect
      .poll(() => view().transactions?.rows.map(({ key }) => key), PATIENCE)
      .toContain(`tx#${show ?? ''}`);
    expect(view().transactions?.rows.length).toBe(before + 1);
  });
});
