import { request } from 'node:http';

import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import { openConsole, type RunningConsole } from '../../../ops/console/open-console.ts';
import type { View } from '../../../ops/console/view.ts';
import { SHOPPER } from '../timeline/samples.ts';
import { startSmallStage, type SmallStage } from './small-stage.ts';

let stage: SmallStage;
let writing: RunningConsole;
let reading: RunningConsole;
let areBoardsBroken = false;

beforeAll(async () => {
  stage = await startSmallStage();
  const watch = { intervalMs: 20, itemsPerRefresh: 100 };
  const shared = { outputsFile: stage.outputsFile, watch, port: 0 };
  writing = await openConsole({
    ...shared,
    mayReplay: true,
    actions: {
      reconcile: () => Promise.resolve({ ok: true, message: 'Reconciled.' }),
      'send-order': () => Promise.reject(new Error('The queue is gone.')),
    },
    boardsPage: () => {
      if (areBoardsBroken) throw new Error('A widget cannot be drawn.');
      return '<!doctype html><title>Boards</title>';
    },
  });
  reading = await openConsole({ ...shared, mayReplay: false, actions: {} });
});

afterAll(async () => {
  await Promise.all([writing.close(), reading.close()]);
  await stage.close();
});

type Answer = { status: number; headers: Record<string, unknown>; text: string };

/** A request as the page sends it; `change` makes it a foreign one. */
function ask(
  { url }: RunningConsole,
  path: string,
  {
    method = 'GET',
    body,
    headers = {},
  }: { method?: string; body?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { origin, port, searchParams, host } = new URL(url);
  const own = {
    cookie: `button-console-${port}=${searchParams.get('token') ?? ''}`,
    host,
    ...(method === 'POST' && { origin, 'content-type': 'application/json' }),
    ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
    ...headers,
  };
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers: own }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** The lists, once all of them have been sent. */
async function view({ url }: RunningConsole): Promise<{ lists: View; text: string }> {
  const { origin, port, searchParams } = new URL(url);
  const cookie = `button-console-${port}=${searchParams.get('token') ?? ''}`;
  const leaving = new AbortController();
  const response = await fetch(`${origin}/events`, { headers: { cookie }, signal: leaving.signal });
  let text = '';
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    if (text.includes('event: alarms')) break;
  }
  leaving.abort();
  const events = [...text.matchAll(/^event: (\w+)\ndata: (.*)$/gm)];
  return {
    lists: Object.fromEntries(events.map(([, name = '', data = '']) => [name, JSON.parse(data)])),
    text,
  };
}

describe('the live page of a stage', () => {
  it('operators, requirement 3: shows orders, transactions, quarantine, events and alarms, without their shoppers', async () => {
    const { lists, text } = await view(reading);

    expect(lists.orders?.rows).toMatchObject([
      { orderId: 'B07', brand: 'acme', state: 'settled', kind: 'updated', worth: 'USD 70.00' },
    ]);
    expect(lists.transactions?.rows).toMatchObject([
      { key: 'order#btnorder-1', state: 'pending', changes: 1 },
    ]);
    expect(lists.events?.rows).toMatchObject([{ type: 'transaction.created', about: 'order#btnorder-1' }]);
    expect(lists.quarantine?.rows).toMatchObject([
      {
        kind: 'order',
        brand: 'acme',
        orderId: 'B08',
        entry: 'message-of-B08',
        code: 'total_not_sum',
        more: 0,
      },
    ]);
    expect(lists.alarms).toMatchObject({
      rows: [{ name: 'Brand-acme/Quarantine', state: 'ALARM' }],
      note: 'One alarm is OK.',
    });
    expect(text).not.toContain(SHOPPER);
  });

  it('answers a look-up with the timeline of `ops show`, and names no shopper unless asked for', async () => {
    const { status, text } = await ask(reading, '/timeline?id=B07');

    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({
      findings: [
        {
          title: 'Order B07 of the brand acme',
          answer: 'Button holds version 3 (updated), USD 70.00.',
          next: [expect.stringContaining('npm run ops -- orders-audit B07')],
        },
      ],
    });
    expect(text).not.toContain('customer-of-the-sample');
    expect(JSON.parse((await ask(reading, '/timeline?id=nothing')).text)).toMatchObject({ findings: [] });
    expect((await ask(reading, '/timeline?id=')).status).toBe(400);
    expect((await ask(reading, `/timeline?id=${'x'.repeat(1001)}`)).status).toBe(400);
  });

  it('sends every answer with strict headers, and no script or style inside its page', async () => {
    for (const path of ['/', '/page.js', '/style.css', '/icon.svg', '/stage', '/boards', '/nowhere']) {
      const { headers } = await ask(writing, path);
      expect(headers, path).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': path === '/boards' ? 'SAMEORIGIN' : 'DENY',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
        'content-security-policy': expect.stringMatching(
          path === '/boards'
            ? /^default-src 'none'; .*frame-ancestors 'self'$/
            : /^default-src 'none'; .*frame-ancestors 'none'$/,
        ) as string,
      });
      expect(headers['content-security-policy'], path).not.toMatch(/script-src[^;]*unsafe/);
    }
    const { text, headers } = await ask(writing, '/');
    expect(text).not.toMatch(/<script(?![^>]*src=)|<style|\sstyle=|\son\w+=|https?:/);
    expect(headers['content-security-policy']).not.toContain('unsafe');
  });

  it.each<[string, Parameters<typeof ask>[2], number]>([
    ['without the token', { headers: { cookie: '' } }, 401],
    ['under another host name', { headers: { host: 'evil.example' } }, 421],
    ['from another origin', { headers: { origin: 'https://evil.example' } }, 403],
    ['by a method that it does not have', { method: 'DELETE', headers: { origin: 'same' } }, 405],
  ])('refuses a request %s, and reads nothing for it', async (_how, options, status) => {
    const { origin } = new URL(writing.url);
    const headers = options?.headers?.['origin'] === 'same' ? { origin } : (options?.headers ?? {});
    for (const path of ['/', '/stage', '/events', '/timeline?id=B07', '/page.js', '/boards']) {
      const answer = await ask(writing, path, { ...options, headers });
      expect(answer.status, path).toBe(status);
      expect(answer.text, path).not.toContain('B07');
    }
  });

  it('accepts the token of its link once, and keeps it in a cookie that scripts cannot read', async () => {
    const { searchParams } = new URL(writing.url);
    const token = searchParams.get('token') ?? '';
    const opened = await ask(writing, `/?token=${token}`, {
      headers: { cookie: '', 'sec-fetch-site': 'none' },
    });

    expect(opened.status).toBe(200);
    expect(String(opened.headers['set-cookie'])).toMatch(/HttpOnly; SameSite=Strict; Path=\/$/);
    expect((await ask(writing, '/?token=wrong')).status).toBe(401);
    expect((await ask(writing, `/stage?token=${token}`, { headers: { cookie: '' } })).status).toBe(401);
    expect(writing.url).not.toBe(reading.url);
    expect((await ask(reading, '/', { headers: { cookie: `button-console=${token}` } })).status).toBe(401);
  });
});

it('survives what it cannot answer', async () => {
  areBoardsBroken = true;
  onTestFinished(() => {
    areBoardsBroken = false;
  });
  const broken = await ask(writing, '/boards');
  expect([broken.status, JSON.parse(broken.text)]).toEqual([502, { problem: 'A widget cannot be drawn.' }]);
  expect((await ask(reading, '/boards')).status).toBe(404);
  expect((await ask(writing, '//')).status).toBe(400);
  expect((await ask(writing, '/stage')).status).toBe(200);
});

describe('the actions of the live page', () => {
  const post = (
    console: RunningConsole,
    name: string,
    input: unknown,
    headers: Record<string, string> = {},
  ) => ask(console, `/actions/${name}`, { method: 'POST', body: JSON.stringify(input), headers });
  const ENTRY = { kind: 'order', brand: 'acme', entry: 'message-of-B08' };

  it('are only those that were allowed', async () => {
    expect(JSON.parse((await ask(reading, '/stage')).text)).toMatchObject({ name: 'local', actions: [] });
    for (const name of ['replay', 'reconcile', 'send-order'])
      expect((await post(reading, name, ENTRY)).status).toBe(403);
    expect(await stage.receive()).toEqual([]);
  });

  it('are refused from another origin, and as anything but a short JSON document', async () => {
    expect((await post(writing, 'replay', ENTRY, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await post(writing, 'no-action', {})).status).toBe(404);
    expect((await post(writing, 'replay', 'x'.repeat(20_000))).status).toBe(413);
    const malformed = await ask(writing, '/actions/replay', { method: 'POST', body: '{' });
    expect(malformed.status).toBe(400);
    expect(await stage.receive()).toEqual([]);
  });

  it('explain what they cannot do', async () => {
    const row = await post(writing, 'replay', { kind: 'row', entry: 'r' });
    expect(JSON.parse(row.text)).toMatchObject({ ok: false });
    const missing = await post(writing, 'replay', { ...ENTRY, entry: 'missing' });
    expect(JSON.parse(missing.text)).toMatchObject({
      ok: false,
      message: 'The entry does not exist any more.',
    });
    const other = await post(writing, 'replay', { ...ENTRY, brand: 'other' });
    expect(JSON.parse(other.text)).toMatchObject({
      ok: false,
      message: expect.stringMatching(/no brand/) as string,
    });
    const failed = await post(writing, 'send-order', {});
    expect([failed.status, JSON.parse(failed.text)]).toEqual([502, { problem: 'The queue is gone.' }]);
  });

  it('reconcile, and replay an entry as the command does: recorded, and gone from the list', async () => {
    expect(JSON.parse((await post(writing, 'reconcile', {})).text)).toMatchObject({ ok: true });
    const replayed = await post(writing, 'replay', ENTRY);

    expect(JSON.parse(replayed.text)).toMatchObject({ ok: true, show: 'message-of-B08' });
    expect(await stage.receive()).toEqual([expect.stringContaining('"order_id":"B08"')]);
    const timeline = await ask(writing, '/timeline?id=B08');
    expect(timeline.text).toContain('Replayed by hand');
    await expect
      .poll(async () => (await view(writing)).lists.quarantine?.rows, { timeout: 240_000 })
      .toEqual([]);
  });
});
