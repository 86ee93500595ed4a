// @module-tag volume
import { readFileSync } from 'node:fs';

import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { ReportOutcome } from '../../../functions/order-reporter/report-order.ts';
import type { FaultInput } from '../../../tooling/button-simulator/fault-rules.ts';
import { startButtonSimulator, type ButtonSimulator } from '../../../tooling/button-simulator/simulator.ts';
import { createButtonHttp, type ButtonHttp } from '../../../shared/button/button-http.ts';
import { createOrderApi } from '../../../shared/button/order-api.ts';
import type { LedgerEntry } from '../../../shared/orders/rules/order-ledger.ts';
import { createReportingModel } from '../../fakes/reporting-model.ts';
import { volume } from '../../volume.ts';

const sample = JSON.parse(
  readFileSync(new URL('../../fixtures/button/order-create.json', import.meta.url), 'utf8'),
) as Record<string, unknown> & { line_items: Record<string, unknown>[] };

const START = '2026-06-01T12:00:00.000Z';
const TICK_MS = 10_000;
const MINUTE_MS = 60_000;
/** Messages arrive and Button misbehaves for some minutes, so that both happen at once. */
const LAST_TICK = 24;
/**
 * Long enough for every wait to end. The longest is two hours, for an order that was accepted and is not
 * shown.
 */
const QUIET_MINUTES = 5 * 60;

let button: ButtonSimulator;
let http: ButtonHttp;

beforeAll(async () => {
  button = await startButtonSimulator({ clock: { startAt: START, speed: 0 }, finalizationDays: 3650 });
  http = createButtonHttp({ baseUrl: button.url, timeoutMs: 60_000 });
});

afterAll(async () => {
  http.close();
  await button.close();
});

type Sent = { atTick: number; orderId: string; sequence: number; body: string; group: string };

const worlds = fc.record({
  duplicateCreate: fc.constantFrom('409', 'upsert', 'second-order', 'existing-order'),
  secondDelete: fc.constantFrom('200' as const, '403' as const, '404' as const),
  changeCancelled: fc.constantFrom('409' as const, 'accept' as const),
  getCancelled: fc.constantFrom('200' as const, '404' as const),
  updateCancelled: fc.constantFrom('403' as const, '404' as const),
  omittedLineItems: fc.constantFrom('kept' as const, 'cleared' as const),
  orderApiStatusOnCreate: fc.constantFrom('200' as const, '202' as const),
});

/**
 * Work is late by less than the quiet time. Work that is even later is the risk that docs/architecture.md
 * states.
 */
const work = fc.constantFrom(
  'done' as const,
  'skipped' as const,
  { afterMs: 25_000 },
  { afterMs: 45_000 },
  { afterMs: 59_000 },
);
const faultsOfButton: fc.Arbitrary<FaultInput> = fc.oneof(
  fc.record({ status: fc.constantFrom(500, 502, 504, 408), work }).map(({ status, work }) => ({
    on: 'api' as const,
    answer: { status },
    work,
  })),
  fc.constant({ on: 'api' as const, answer: { status: 503 } }),
  work.map((work) => ({ on: 'api' as const, answer: 'lost' as const, work })),
  fc.constantFrom('truncated' as const, 'cut-off' as const).map((answer) => ({ on: 'api' as const, answer })),
  work.map((work) => ({ on: 'api' as const, answer: { status: 200, body: '<html>' }, work })),
  work.map((work) => ({
    on: 'api' as const,
    match: { method: 'POST' },
    answer: 'accepted' as const,
    work: work === 'skipped' ? ('done' as const) : work,
  })),
  fc
    .constantFrom('3', '90', '-1', 'soon', '1000000000')
    .map((after) => ({ on: 'api' as const, answer: { status: 429, headers: { 'retry-after': after } } })),
  fc.constant({ on: 'api' as const, answer: { status: 401 } }),
  fc.constant({ on: 'api' as const, match: { path: '^/v1/order$' }, answer: { status: 403 } }),
  fc.constant({ on: 'api' as const, match: { method: 'POST' }, answer: { status: 400 } }),
);
const faults = fc.array(
  fc.record({
    atTick: fc.nat(LAST_TICK),
    rule: faultsOfButton,
    times: fc.integer({ min: 1, max: 6 }),
    probability: fc.constantFrom(1, 0.5),
    seed: fc.nat(1000),
  }),
  { minLength: 1, maxLength: 8 },
);

const versions = fc.array(
  fc.record({
    kind: fc.constantFrom('created' as const, 'updated' as const, 'updated' as const),
    /** Few amounts, so that some versions have the same content. */
    total: fc.integer({ min: 0, max: 3 }),
    note: fc.integer({ min: 0, max: 1 }),
    copies: fc.integer({ min: 1, max: 3 }),
    atTick: fc.nat(LAST_TICK),
  }),
  { minLength: 1, maxLength: 5 },
);
const orders = fc.array(
  fc.record({
    versions,
    cancelled: fc.option(fc.record({ after: fc.nat(5), atTick: fc.nat(LAST_TICK) }), { nil: undefined }),
    bad: fc.constantFrom('none', 'none', 'not json', 'conflict', 'wrong sum'),
    strayGroups: fc.boolean(),
  }),
  { minLength: 1, maxLength: 4 },
);
const storms = fc.record({
  world: worlds,
  faults,
  orders,
  deaths: fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 2 }),
});
type Storm = typeof storms extends fc.Arbitrary<infer Value> ? Value : never;

function message(orderId: string, sequence: number, kind: string, data?: object): string {
  const time = START;
  const envelope = { specversion: '1.0', id: `${orderId}-${sequence}`, source: 'https://shop.example', time };
  return JSON.stringify({
    ...envelope,
    type: `order.${kind}.v1`,
    subject: orderId,
    sequence: String(sequence),
    data,
  });
}

function orderData(orderId: string, { total, note }: { total: number; note: number }): object {
  const [line] = sample.line_items;
  return {
    ...sample,
    order_id: orderId,
    total,
    customer_order_id: `note ${note}`,
    line_items: [{ ...line, total, quantity: 1 }],
  };
}

/**
 * Every message of a storm with the tick at which it is sent: copies arrive minutes apart, versions in any
 * order.
 */
function messagesOf({ orders }: Storm): Sent[] {
  return orders.flatMap(({ versions, cancelled, bad, strayGroups }, index) => {
    const orderId = `order-${index}`;
    const sent = versions.flatMap(({ kind, total, note, copies, atTick }, position) => {
      const sequence = 2 * position + 1;
      const body = message(orderId, sequence, kind, orderData(orderId, { total, note }));
      return Array.from({ length: copies }, (_, copy) => ({ atTick: atTick + 7 * copy, sequence, body }));
    });
    if (cancelled) {
      const sequence = 2 * cancelled.after;
      sent.push({ ...cancelled, sequence, body: message(orderId, sequence, 'cancelled') });
    }
    if (bad === 'not json') sent.push({ atTick: 9, sequence: -1, body: '{"specversion"' });
    if (bad === 'wrong sum') {
      const data = { ...orderData(orderId, { total: 1, note: 0 }), total: 2 };
      sent.push({ atTick: 9, sequence: -1, body: message(orderId, 99, 'updated', data) });
    }
    if (bad === 'conflict') {
      const data = orderData(orderId, { total: 7, note: 7 });
      sent.push({ atTick: 12, sequence: 1, body: message(orderId, 1, 'updated', data) });
    }
    return sent.map((one, position) => ({
      ...one,
      orderId,
      group: strayGroups ? `${orderId}-${position % 2}` : orderId,
    }));
  });
}

async function weather(storm: Storm) {
  button.controls.reset();
  button.controls.setWorld(storm.world);
  const api = createOrderApi(http, 'sk-simulated-brand');
  const model = createReportingModel({
    startAt: new Date(button.controls.clock().now),
    orderApi: api,
    advance: (byMs) => button.controls.advance(byMs),
    deaths: storm.deaths,
  });
  const messages = messagesOf(storm);
  const received = new Map<string, Sent>();
  const lastTick = Math.max(...messages.map(({ atTick }) => atTick), LAST_TICK + 1);
  for (let tick = 0; tick <= lastTick; tick += 1) {
    for (const { atTick, rule, ...strength } of storm.faults)
      if (atTick === tick) button.controls.addFault({ ...rule, ...strength });
    for (const one of messages) if (one.atTick === tick) received.set(model.send(one.body, one.group), one);
    await model.tick(TICK_MS);
  }
  button.controls.clearFaults();
  for (let minute = 0; minute < QUIET_MINUTES; minute += 1) {
    if (model.isQueueEmpty() && model.ledger.all().every(isAtRest)) break;
    await model.tick(MINUTE_MS);
  }
  // Button does the work that is still delayed.
  await model.tick(MINUTE_MS);
  return { model, received };
}

function isAtRest({ progress }: LedgerEntry): boolean {
  return progress.state === 'settled' || progress.state === 'refused';
}

type Weathered = Awaited<ReturnType<typeof weather>>;

function expectButtonToHold(entry: LedgerEntry): void {
  const live = button.controls
    .orders()
    .filter((order) => order['order_id'] === entry.orderId && order['status'] !== 'deleted');
  const { order } = entry.newest;
  if (entry.progress.state === 'refused') {
    expect(entry.progress.reason).toBe('refused_by_button');
    expect(live.length).toBeLessThanOrEqual(1);
    return;
  }
  if (!order) {
    expect(live).toEqual([]);
    return;
  }
  const { total, customer_order_id } = order;
  expect(live).toEqual([expect.objectContaining({ total, customer_order_id })]);
}

function expectNothingAfterCancellation(orderId: string): void {
  const methods = button.controls
    .requests()
    .filter((request) => request.orderId === orderId)
    .map(({ method }) => method);
  const cancelled = methods.indexOf('DELETE');
  if (cancelled !== -1) expect(methods.slice(cancelled)).not.toContain('POST');
}

/** The newest of the versions that arrived: a cancellation if there is one, whatever its number. */
function expectNewestToBeKnown({ newest, orderId }: LedgerEntry, received: Iterable<Sent>): void {
  const sent = [...received].filter((one) => one.orderId === orderId && one.sequence >= 0);
  const cancellation = sent.find(({ body }) => body.includes('order.cancelled.v1'));
  const sequence = cancellation?.sequence ?? Math.max(...sent.map((one) => one.sequence));
  expect(newest.version).toEqual({ by: 'sequence', sequence: String(sequence) });
  expect(newest.kind === 'cancelled').toBe(cancellation !== undefined);
}

/** The final outcome of each message: its own, or that of the version that waited. */
function finalOutcomes({ model, received }: Weathered): Map<string, ReportOutcome> {
  const reports = new Map(model.ledger.all().map((entry) => [entry.orderId, entry]));
  const entries = [...received].map(([messageId, { orderId, sequence }]): [string, ReportOutcome] => {
    if (model.quarantine.entries.has(messageId)) return [messageId, 'quarantined'];
    const outcome = model.outcomes.get(messageId) ?? 'waiting';
    const entry = reports.get(orderId);
    if (outcome === 'quarantined') return [messageId, 'duplicate'];
    if (outcome !== 'waiting' || !entry) return [messageId, outcome];
    const { version } = entry.newest;
    const isNewest = version.by === 'sequence' && version.sequence === String(sequence);
    if (!isNewest)
      return [messageId, entry.newest.kind === 'cancelled' ? 'ignored-after-cancel' : 'superseded'];
    return [messageId, entry.progress.state === 'settled' ? 'reported' : 'duplicate'];
  });
  return new Map(entries);
}

/**
 * If a probe died before it closed the breaker, the breaker stays open, and the next order is the next probe.
 */
async function expectNextOrderToBeReported(model: Weathered['model']): Promise<void> {
  model.send(message('next', 1, 'created', orderData('next', { total: 5, note: 0 })), 'next');
  for (let minute = 0; minute < 30; minute += 1) await model.tick(MINUTE_MS);
  expect(model.ledger.all().find(({ orderId }) => orderId === 'next')?.progress.state).toBe('settled');
  expect(model.breaker.current()?.state ?? 'closed').toBe('closed');
}

describe('after any storm', () => {
  it('every order is at Button once in its newest version, or refused for a true reason, and every message is accounted for (A1-A7, A16, A20-A23, B1-B7)', async () => {
    await fc.assert(
      fc.asyncProperty(storms, async (storm) => {
        const weathered = await weather(storm);

        const { model, received } = weathered;
        expect(model.isQueueEmpty()).toBe(true);
        expect(model.deadLetters).toEqual([]);
        for (const entry of model.ledger.all()) {
          expect(entry.progress.state).toSatisfy(() => isAtRest(entry));
          expectNewestToBeKnown(entry, received.values());
          expectButtonToHold(entry);
          expectNothingAfterCancellation(entry.orderId);
          if (entry.progress.state === 'refused')
            expect(model.quarantine.entries.get(entry.newest.messageId)?.reasons).toMatchObject([
              { code: 'refused_by_button' },
            ]);
        }
        const finals = finalOutcomes(weathered);
        expect(finals.size).toBe(received.size);
        expect([...finals.values()]).not.toContain('waiting');
        await expectNextOrderToBeReported(model);
      }),
      { numRuns: Number(process.env['STORMS'] ?? volume({ short: 50, long: 150 })), seed: 20260601 },
    );
  });
});
