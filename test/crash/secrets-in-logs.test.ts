import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import pending from '../fixtures/button/webhook-tx-pending.json' with { type: 'json' };
import { API_KEY, createWorld, WEBHOOK_SECRET, type World } from './world.ts';

const sample = JSON.parse(
  readFileSync(new URL('../fixtures/button/order-create.json', import.meta.url), 'utf8'),
) as Record<string, unknown> & { customer: object; line_items: Record<string, unknown>[] };

/** Texts that occur nowhere else, for fields whose values must not appear in a log. */
const sentinels: string[] = [];
function sentinel(field: string): string {
  const token = `sentinel-${field.replaceAll(/\W/g, '-')}-${sentinels.length}`;
  sentinels.push(token);
  return token;
}

/** A short one. If JSON cannot be parsed, the error quotes it completely. */
function shortSentinel(): string {
  const token = `leak-${sentinels.length}-x`;
  sentinels.push(token);
  return token;
}

/** One for a field that accepts only hex digits, 16 or a multiple of that. */
function hexSentinel(length: 16 | 64): string {
  const token = `5e4711e1${sentinels.length.toString(16).padStart(8, '0')}`.repeat(length / 16);
  sentinels.push(token);
  return token;
}

/** Replaces every string by a sentinel, at any depth. Numbers and structure stay the same. */
function marked(value: unknown, path: string): unknown {
  if (typeof value === 'string') return sentinel(path);
  if (Array.isArray(value)) return value.map((item, index) => marked(item, `${path}-${index}`));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, marked(member, `${path}-${name}`)]),
  );
}

/** A text in the forms in which it could still be read. */
function formsOf(token: string): string[] {
  const bytes = Buffer.from(token);
  // The alignment of base64 depends on the text before, so each of the three alignments is included, without
  // its edges.
  const shifted = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .slice(4, -4),
  );
  return [token, encodeURIComponent(token), bytes.toString('hex'), ...shifted];
}

let world: World;

beforeAll(() => {
  world = createWorld();
});

afterAll(() => {
  world.close();
});

function order(changes: object): object {
  return {
    ...sample,
    btn_ref: `fakesrctok-${hexSentinel(16)}`,
    customer_order_id: sentinel('customer_order_id'),
    customer: {
      id: sentinel('customer.id'),
      email_sha256: hexSentinel(64),
      device_id: sentinel('device_id'),
    },
    line_items: sample.line_items.map((line) => ({
      ...line,
      description: sentinel('description'),
      attributes: { size: sentinel('size'), coupon_code: sentinel('coupon_code') },
    })),
    ...changes,
  };
}

function message(type: string, sequence: number, data: object): string {
  return JSON.stringify({
    ...{ specversion: '1.0', id: `event-${sequence}`, source: 'https://shop.example' },
    ...{ type: `order.${type}.v1`, subject: 'o-1', sequence: String(sequence), data },
  });
}

/** A transaction in which every string that the merge does not need is a sentinel. */
function transaction(id: string, changes: object = {}): Record<string, unknown> {
  const { order_line_items: lines, ...data } = pending.data;
  return {
    ...data,
    ...{ id: `tx-${id}`, button_order_id: `btnorder-${id}` },
    publisher_customer_id: sentinel('publisher_customer_id'),
    pub_ref: sentinel('pub_ref'),
    btn_ref: sentinel('btn_ref'),
    advertising_id: sentinel('advertising_id'),
    customer_order_id: sentinel('customer_order_id'),
    publisher_organization_name: sentinel('publisher_organization_name'),
    order_line_items: marked(lines, 'order_line_items'),
    ...changes,
  };
}

function webhook(id: string, changes?: object): string {
  return JSON.stringify({ ...pending, id: `hook-${id}`, data: transaction(id, changes) });
}

/** Sends every kind of order message, including wrong ones. */
async function sendOrders(): Promise<void> {
  const queue = world.orderQueue();
  const bodies = [
    message('created', 1, order({ order_id: 'o-1' })),
    message('updated', 2, order({ order_id: 'o-1' })),
    // This project's rules refuse these: each reason names fields, and none may contain a value.
    message(
      'created',
      3,
      order({ order_id: 'o-2', customer: { email_sha256: `${sentinel('email')}@example.com` } }),
    ),
    message('created', 4, order({ order_id: 'o-3', currency: sentinel('currency'), total: -1 })),
    message('created', 5, order({ order_id: 'o-4', [sentinel('field')]: sentinel('value') })),
    `{"${sentinel('not-json')}`,
    sentinel('text'),
    JSON.stringify({ retry: sentinel('retry'), orderId: sentinel('orderId') }),
  ];
  // Button refuses with a text that quotes the order, answers nonsense that quotes it, and accepts no key.
  const quoting = JSON.stringify({ meta: { status: 'error' }, error: { message: sentinel('button-says') } });
  for (const answer of [
    { status: 500, body: `<html>${sentinel('html')}</html>` },
    { status: 401, body: quoting },
    { status: 400, body: quoting },
  ])
    world.button().addFault({ on: 'api', match: { method: 'POST' }, answer });
  for (const [index, body] of bodies.entries()) queue.send(body, { groupId: `group-${index}` });
  for (let minute = 0; minute < 15; minute += 1) {
    // By then Button answers normally again.
    if (minute === 10) queue.send(message('updated', 9, order({ order_id: 'o-1' })), { groupId: 'group-0' });
    await world.drainOrders();
    await world.invoke('retry-sweep', {});
    await world.pass(60_000);
  }
}

/** Sends webhooks of every kind, with the table up and down, and processes the queue and the stream. */
async function sendTransactions(): Promise<void> {
  const bodies = [
    webhook('1'),
    webhook('1', { status: 'validated', modified_date: '2026-06-01T10:00:00Z' }),
    webhook('1', { status: 'declined', modified_date: '2026-06-01T10:00:00Z' }),
    webhook('2', { category: sentinel('category'), [sentinel('field')]: sentinel('value') }),
    webhook('3', { amount: sentinel('amount') }),
    webhook('4', { modified_date: sentinel('date') }),
    JSON.stringify({ id: 'hook-ping', event_type: sentinel('event_type'), data: sentinel('data') }),
    `{"${sentinel('not-json')}`,
  ];
  for (const body of bodies) await world.deliver(body);
  await world.invoke('webhook-receiver', {
    body: webhook('5'),
    headers: { 'x-button-signature': sentinel('signature') },
    isBase64Encoded: false,
  });
  world.setDown('transactions');
  await world.deliver(webhook('6'));
  await world.drainDeferredWebhooks();
  world.setDown();
  await world.pass(60_000);
  // Parsing this throws an error that quotes it.
  world.deferredWebhooksQueue().send(shortSentinel());
  world.readQueue().send(shortSentinel(), { groupId: 'group' });
  await world.drainDeferredWebhooks();
  await world.drainReadQueue();
  await world.publish();
}

async function reconcile(): Promise<void> {
  for (const id of ['11', '12']) {
    world.button().injectTransaction({
      ...{ id: `tx-${id}`, button_order_id: `btnorder-${id}`, amount: 100, currency: 'USD', webhook: false },
      publisher_customer_id: sentinel('publisher_customer_id'),
      pub_ref: sentinel('pub_ref'),
    });
  }
  world.button().addFault({
    on: 'api',
    match: { path: 'transactions' },
    answer: { status: 400, body: JSON.stringify({ error: { message: sentinel('button-says') } }) },
  });
  for (let tick = 0; tick < 3; tick += 1) {
    await world.invoke('reconciliation-planner', { streams: ['incremental', 'sweep-daily', 'cross-check'] });
    await world.drainReadQueue();
    await world.pass(600_000);
  }
  await world.publish();
  await world.invoke('personal-data-expiry', {});
}

describe('what the functions write', () => {
  it('contains no secret and no personal data about shoppers, in plain text, hex or base64 (F14)', async () => {
    world.reset();

    await sendOrders();
    await sendTransactions();
    await reconcile();

    // Includes every property of an error or an object, not only those that JSON contains.
    const written = world
      .printed()
      .map((line) => (typeof line === 'string' ? line : inspect(line, { depth: null, showHidden: true })))
      .join('\n');
    const reported = [...sentinels, API_KEY, WEBHOOK_SECRET];
    const basic = Buffer.from(`${API_KEY}:`).toString('base64');
    const found = reported.filter((token) => formsOf(token).some((form) => written.includes(form)));
    expect(found).toEqual([]);
    expect(written.includes(basic)).toBe(false);
    // Shows that the search had something to find: every flow has written its metrics and its lines.
    const expected = [
      ...['OrdersReported', 'OrdersQuarantined', 'OrdersWaiting', 'ButtonKeyRefused', 'WebhooksApplied'],
      ...['WebhookFlags', 'WebhooksForged', 'WebhooksDeferred', 'EventsPublished', 'RowsReconciled'],
      ...[
        'webhook_flagged',
        'webhook_deferred',
        'deferred_webhook_failed',
        'stream_reconciled',
        'message_left_on_queue',
      ],
    ];
    expect(expected.filter((name) => !written.includes(name))).toEqual([]);
    expect(sentinels.length).toBeGreaterThan(100);
  });

  it('is searched for every form of a text', () => {
    const token = 'sentinel-customer-1';
    const around = (text: string) => `before ${text} after`;
    const written = [
      around(token),
      around(Buffer.from(token).toString('hex')),
      ...['', 'x', 'xy', 'xyz'].map((before) =>
        around(Buffer.from(`${before}${token} and more`).toString('base64')),
      ),
    ];

    for (const line of written) expect(formsOf(token).some((form) => line.includes(form))).toBe(true);
  });
});
