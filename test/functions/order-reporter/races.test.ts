import { readFileSync } from 'node:fs';

import { beforeEach, describe, expect, it } from 'vitest';

import { reportOrder, type ReportOrderPorts } from '../../../functions/order-reporter/report-order.ts';
import type { OrderApi, OrderApiAnswer } from '../../../shared/button/order-api.ts';
import type { Measured } from '../../../shared/runtime/metric-definitions.ts';
import type { LedgerEntry, Progress } from '../../../shared/orders/rules/order-ledger.ts';
import { UnreadableItemError } from '../../../shared/dynamodb/unreadable-item.ts';
import { retryMessage } from '../../../shared/orders/rules/retry-message.ts';
import type { Versioned } from '../../../shared/dynamodb/versioned-item.ts';
import { CLOSED_BREAKER } from '../../fakes/closed-breaker.ts';
import {
  createInMemoryLedger,
  createInMemoryQuarantine,
  type InMemoryLedger,
} from '../../fakes/in-memory-stores.ts';

const sample = JSON.parse(
  readFileSync(new URL('../../fixtures/button/order-create.json', import.meta.url), 'utf8'),
) as object;
const now = new Date('2026-06-01T12:00:00.000Z');
const done: OrderApiAnswer = { answer: 'done', acceptedOnly: false };
const brand = { Brand: 'acme' };

let ledger: InMemoryLedger;
let quarantine: ReturnType<typeof createInMemoryQuarantine>;
let measured: Measured[];
let recorded: unknown[];
let asked: string[];

beforeEach(() => {
  ledger = createInMemoryLedger();
  quarantine = createInMemoryQuarantine();
  [measured, recorded, asked] = [[], [], []];
});

/** A Button that gives this answer after something else has happened. */
function button(
  answer: OrderApiAnswer,
  meanwhile: () => Promise<unknown> = () => Promise.resolve(),
): OrderApi {
  const call = (operation: string) => async (): Promise<OrderApiAnswer> => {
    asked.push(operation);
    await meanwhile();
    return answer;
  };
  return {
    create: call('create'),
    update: call('update'),
    cancel: call('cancel'),
    get: call('get'),
    getByToken: call('getByToken'),
  };
}

function ports(changes: Partial<ReportOrderPorts> = {}): ReportOrderPorts {
  return {
    brand: 'acme',
    settings: { orderBy: 'sequence', testTokens: 'allow', allowFinalizationDate: true },
    policy: { quietTimeMs: 60_000, retryBaseMs: 1000, retryMaxMs: 900_000, jitter: () => 1 },
    ledger,
    quarantine,
    breaker: { ...CLOSED_BREAKER, record: (...what) => Promise.resolve(void recorded.push(what)) },
    orderApi: button(done),
    metrics: { add: (one) => measured.push(one) },
    now: () => now,
    claimant: () => ({ owner: 'run-1', leaseMs: 30_000 }),
    ...changes,
  };
}

function message(sequence: number, changes: object = {}, kind = 'created') {
  const body = JSON.stringify({
    ...{ specversion: '1.0', id: `event-${sequence}`, source: 'https://shop.example', subject: 'o-1' },
    ...{ type: `order.${kind}.v1`, sequence: String(sequence), time: '2026-06-01T11:59:00.000Z' },
    data: { ...sample, order_id: 'o-1', customer_order_id: `version ${sequence}`, ...changes },
  });
  return { messageId: `message-${sequence}`, body, sentAt: now };
}

const retry = (isProbe = false) => ({
  messageId: 'retry-message',
  body: retryMessage({ orderId: 'o-1', isProbe }),
  sentAt: now,
});

/** Sets the order's progress, as another run would. */
async function leave(progress: Progress): Promise<void> {
  const { value, revision } = (await ledger.read('o-1')) as Versioned<LedgerEntry>;
  await ledger.write({ ...value, progress }, revision);
}

/** A ledger whose next writes all lose their race, to a writer that changes nothing. */
function contested(losses: number, from = 0) {
  let writes = 0;
  const write: InMemoryLedger['write'] = async (entry, revision) => {
    writes += 1;
    const current = await ledger.read('o-1');
    const isLost = writes > from && writes <= from + losses;
    return isLost && current ? { ok: false, current } : ledger.write(entry, current?.revision ?? revision);
  };
  return { writes: () => writes, ledger: { read: (orderId: string) => ledger.read(orderId), write } };
}

describe('a run that loses a race', () => {
  it('before its claim decides on the current entry, and leaves the order to the winner', async () => {
    await reportOrder(message(1), ports({ orderApi: button({ answer: 'try-again', reason: 'http_503' }) }));
    const later = { now: () => new Date(now.getTime() + 60_000) };
    const won = ports({
      ...later,
      ledger: {
        read: (orderId) => ledger.read(orderId),
        write: async (entry, revision) => {
          await leave({ state: 'settled' });
          return ledger.write(entry, revision);
        },
      },
    });
    asked = [];

    expect(await reportOrder(retry(), won)).toBe('duplicate');
    expect(asked).toEqual([]);
  });

  it('five times leaves its message on the queue, before its claim and after its call', async () => {
    await reportOrder(message(1), ports());
    const before = contested(99);
    const after = contested(99, 1);

    await expect(reportOrder(message(2, {}, 'updated'), ports({ ledger: before.ledger }))).rejects.toThrow(
      'Too many writers at one order',
    );
    await expect(reportOrder(message(3, {}, 'updated'), ports({ ledger: after.ledger }))).rejects.toThrow(
      'Too many writers at one order',
    );
    expect([before.writes(), after.writes()]).toEqual([5, 6]);
  });

  it('after its call stores Button’s answer together with what has arrived since', async () => {
    await reportOrder(message(1), ports());
    const { ledger: racing } = contested(2, 1);

    expect(await reportOrder(message(2, {}, 'updated'), ports({ ledger: racing }))).toBe('reported');
    expect((await ledger.read('o-1'))?.value).toMatchObject({
      progress: { state: 'settled' },
      reported: { version: { sequence: '2' } },
    });
  });

  it.each<[string, Progress]>([
    ['in doubt', { state: 'in-doubt', dueAt: 'x', reason: 'y', doubt: { kind: 'unclear', hash: 'h' } }],
    [
      'claimed by another',
      { state: 'claimed', owner: 'run-2', until: '2026-06-01T12:00:30.000Z', hash: 'h' },
    ],
    ['claimed again', { state: 'claimed', owner: 'run-1', until: '2026-06-01T12:09:00.000Z', hash: 'h' }],
  ])('after its lease leaves an order alone that others have found %s (A2, A20)', async (_name, progress) => {
    const meanwhile = () => leave(progress);

    await reportOrder(message(1), ports({ orderApi: button(done, meanwhile) }));

    expect((await ledger.read('o-1'))?.value.progress).toEqual(progress);
  });

  it('for a version that another run is reporting leaves its message on the queue (A2)', async () => {
    let second: Promise<unknown> = Promise.resolve();
    const meanwhile = () => {
      second = reportOrder(message(1), ports()).catch((error: unknown) => error);
      return second;
    };

    await reportOrder(message(1), ports({ orderApi: button(done, meanwhile) }));

    expect(await second).toMatchObject({
      name: 'RetryableError',
      message: 'Another run is reporting this version',
    });
  });
});

describe('a refused version', () => {
  it('is in quarantine with its origin and its reasons', async () => {
    await reportOrder(message(1), ports());

    const outcomes = [
      await reportOrder({ ...message(1, { total: 7350, description: 'x' }), messageId: 'm-bad' }, ports()),
      await reportOrder({ ...message(1, { customer_order_id: 'other' }), messageId: 'm-conflict' }, ports()),
      await reportOrder({ ...retry(), body: retryMessage({ orderId: 'o-9', isProbe: false }) }, ports()),
    ];

    expect(outcomes).toEqual(['quarantined', 'quarantined', 'quarantined']);
    expect(quarantine.entries.get('m-conflict')).toMatchObject({
      kind: 'order#acme',
      origin: 'sqs:m-conflict',
      reasons: [{ code: 'version_conflict', path: '$.sequence' }],
    });
    expect(quarantine.entries.get('retry-message')?.reasons).toEqual([
      {
        code: 'retry_of_unknown_order',
        problem: 'A retry message for an order that the ledger does not hold',
      },
    ]);
  });

  it('that Button refused is kept byte by byte if its message is at hand, otherwise as one that brings the same version (B5)', async () => {
    const refusing = { orderApi: button({ answer: 'refused', detail: { status: 400 } }) };
    const atHand = { ...message(1), body: ` ${message(1).body}` };
    await reportOrder(atHand, ports(refusing));
    await reportOrder(message(2, {}, 'updated'), ports({ orderApi: 'api_key_not_set' }));
    const later = new Date(now.getTime() + 60_000);

    await reportOrder(
      retry(),
      ports({ now: () => later, orderApi: button({ answer: 'refused', detail: { status: 400 } }) }),
    );

    const kept = JSON.parse(String(quarantine.entries.get('message-2')?.bytes)) as object;
    expect(quarantine.entries.get('message-1')?.bytes).toBe(atHand.body);
    expect(kept).toMatchObject({ id: 'event-2', sequence: '2', type: 'order.updated.v1' });
  });
});

describe('a message', () => {
  const unreadable = { read: () => Promise.reject(new UnreadableItemError('order#acme#o-1')) };

  it('about an order whose entry is unreadable is in quarantine, and a retry message ends', async () => {
    const broken = ports({ ledger: { ...ledger, ...unreadable } });

    const outcomes = [
      await reportOrder(message(2, {}, 'updated'), broken),
      await reportOrder(retry(), broken),
    ];

    expect(outcomes).toEqual(['quarantined', 'quarantined']);
    expect([...quarantine.entries.values()].map(({ id, reasons: [reason] }) => [id, reason?.code])).toEqual([
      ['message-2', 'ledger_entry_unreadable'],
    ]);
    expect(measured).toContainEqual({ name: 'UnreadableLedgerItems', value: 1 });
  });

  it('stays on the queue if the ledger cannot be reached', async () => {
    const down = { read: () => Promise.reject(new Error('The table is down')) };

    await expect(
      reportOrder(message(2, {}, 'updated'), ports({ ledger: { ...ledger, ...down } })),
    ).rejects.toThrow('The table is down');
    expect(quarantine.entries.size).toBe(0);
  });

  it.each([
    ['the table refuses for good', 'ValidationException'],
    ['cannot be written now', 'InternalServerError'],
  ])('that %s: only the first of them does not come back (requirement 9)', async (_what, name) => {
    await reportOrder(message(1), ports({ orderApi: button({ answer: 'try-again', reason: 'http_503' }) }));
    const write = () => Promise.reject(Object.assign(new Error('It was not written'), { name }));
    const failing = ports({
      now: () => new Date(now.getTime() + 60_000),
      ledger: { read: (orderId: string) => ledger.read(orderId), write },
    });
    const bad = { ...message(3, { total: 0.5 }), messageId: 'message-bad' };
    const late = { ...bad, body: bad.body.replaceAll('o-1', 'o-2') };

    const received = reportOrder(message(2, {}, 'updated'), failing);
    const token = reportOrder(late, failing);

    if (name === 'ValidationException') {
      expect([await received, await token]).toEqual(['quarantined', 'quarantined']);
      expect(quarantine.entries.get('message-2')?.reasons).toMatchObject([{ code: 'order_too_large' }]);
    } else {
      await expect(received).rejects.toThrow('It was not written');
      await expect(token).rejects.toThrow('It was not written');
      expect(quarantine.entries.has('message-2')).toBe(false);
    }
    // A retry brings nothing that could be kept.
    await expect(reportOrder(retry(), failing)).rejects.toThrow('It was not written');
  });

  it('that is refused leaves its token to the order, and its reasons in quarantine', async () => {
    const refused = await reportOrder(message(1, { total: 0.5 }), ports());
    const nameless = await reportOrder({ ...message(2), body: '{"subject":"o-9"}' }, ports());

    expect([refused, nameless]).toEqual(['quarantined', 'quarantined']);
    expect((await ledger.read('o-1'))?.value.btnRef).toBeDefined();
    expect(await ledger.read('o-9')).toBeUndefined();
  });

  it('whose version contradicts the ledger is kept once, however many races its token loses', async () => {
    const { btn_ref: token } = sample as { btn_ref: string };
    await reportOrder(message(1, { btn_ref: null }), ports());
    const { ledger: racing } = contested(2);

    const outcome = await reportOrder(
      { ...message(1, { customer_order_id: 'other', btn_ref: token }), messageId: 'm-conflict' },
      ports({ ledger: racing }),
    );

    expect(outcome).toBe('quarantined');
    expect(quarantine.puts).toEqual(['m-conflict']);
    expect((await ledger.read('o-1'))?.value.btnRef).toBe(token);
  });

  it('with a token that arrives while Button refuses the newest version says so (requirement 1)', async () => {
    const { btn_ref: token } = sample as { btn_ref: string };
    await reportOrder(message(2, { btn_ref: null }), ports());
    const meanwhile = () => reportOrder(message(1, { btn_ref: token }), ports());
    const refusing = button({ answer: 'refused', detail: { status: 400 } }, meanwhile);

    await reportOrder(message(3, { btn_ref: null }, 'updated'), ports({ orderApi: refusing }));

    expect(quarantine.entries.get('message-3')?.reasons.map(({ code }) => code)).toEqual([
      'refused_by_button',
      'btn_ref_waits',
    ]);
  });
});

describe('the metrics', () => {
  it('count each message under its outcome and brand, its delay since arrival, and what the breaker learns', async () => {
    const sentAt = new Date(now.getTime() - 30_000);
    await reportOrder({ ...message(1, { finalization_date: '2026-07-01T00:00:00Z' }), sentAt }, ports());

    expect(measured).toContainEqual({ name: 'OrdersReported', value: 1, dimensions: brand });
    expect(measured).toContainEqual({ name: 'ReportDelaySeconds', value: 30 });
    const call = { orderId: 'o-1', isFirstFailure: true, hasWaited: false, isProbe: false, askedAt: now };
    expect(recorded).toEqual([
      [{ result: 'done', acceptedOnly: false, sent: true, created: true, token: 'taken' }, call],
    ]);
    expect(ledger.all()[0]?.warnings).not.toEqual([]);
  });

  it('count a refused key only if Button refused it (B4), and what waits', async () => {
    await reportOrder(message(1), ports({ orderApi: button({ answer: 'try-again', reason: 'http_503' }) }));
    const afterOutage = [...measured];
    measured = [];
    const later = { now: () => new Date(now.getTime() + 60_000) };
    const refused = ports({ ...later, orderApi: button({ answer: 'unauthorized' }) });
    await reportOrder(retry(true), refused);

    expect(afterOutage).toContainEqual({ name: 'WaitingOrdersChange', value: 1, dimensions: brand });
    expect(afterOutage.map(({ name }) => name)).not.toContain('ButtonKeyRefused');
    expect(measured).toContainEqual({ name: 'ButtonKeyRefused', value: 1 });
    const askedAt = later.now();
    const probe = { orderId: 'o-1', isFirstFailure: false, hasWaited: true, isProbe: true, askedAt };
    expect(recorded.at(-1)).toEqual([{ result: 'try-again', reason: 'unauthorized' }, probe]);
  });

  it('count no delay for what Button has refused for good', async () => {
    await reportOrder(
      message(1),
      ports({ orderApi: button({ answer: 'refused', detail: { status: 400 } }) }),
    );

    const names = measured.map(({ name }) => name);
    expect(names).toContain('OrdersQuarantined');
    expect(names).not.toContain('ReportDelaySeconds');
  });
});
