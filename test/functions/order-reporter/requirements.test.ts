import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import {
  reportOrder,
  type OrderMessage,
  type ReportOrderPorts,
} from '../../../functions/order-reporter/report-order.ts';
import { startButtonSimulator, type ButtonSimulator } from '../../../tooling/button-simulator/simulator.ts';
import { createButtonHttp, type ButtonHttp } from '../../../shared/button/button-http.ts';
import { createOrderApi } from '../../../shared/button/order-api.ts';
import type { Measured } from '../../../shared/runtime/metric-definitions.ts';
import { FAILING_AFTER } from '../../../shared/orders/rules/order-settlement.ts';
import { retryMessage } from '../../../shared/orders/rules/retry-message.ts';
import { CLOSED_BREAKER } from '../../fakes/closed-breaker.ts';
import {
  createInMemoryLedger,
  createInMemoryQuarantine,
  type InMemoryLedger,
} from '../../fakes/in-memory-stores.ts';

const sample = JSON.parse(
  readFileSync(new URL('../../fixtures/button/order-create.json', import.meta.url), 'utf8'),
) as Record<string, unknown> & { btn_ref: string; total: number; line_items: object[] };
const { btn_ref: token, ...organic } = sample;
const HOUR = 3600;

let button: ButtonSimulator;
let http: ButtonHttp;
let ledger: InMemoryLedger;
let quarantine: ReturnType<typeof createInMemoryQuarantine>;
let measured: Measured[];
let clock: Date;
let othersSucceed: boolean;
let ids = 0;

beforeAll(async () => {
  button = await startButtonSimulator();
  http = createButtonHttp({ baseUrl: button.url, timeoutMs: 60_000 });
});

afterAll(async () => {
  http.close();
  await button.close();
});

beforeEach(() => {
  button.controls.reset();
  ledger = createInMemoryLedger();
  quarantine = createInMemoryQuarantine();
  [measured, othersSucceed] = [[], false];
  clock = new Date('2026-06-01T12:00:00.000Z');
});

function ports(changes: Partial<ReportOrderPorts> = {}): ReportOrderPorts {
  return {
    brand: 'acme',
    settings: { orderBy: 'sequence', testTokens: 'allow', allowFinalizationDate: false },
    policy: { quietTimeMs: 60_000, retryBaseMs: 30_000, retryMaxMs: 1_800_000, jitter: () => 1 },
    ledger,
    quarantine,
    breaker: { ...CLOSED_BREAKER, othersSucceed: () => othersSucceed },
    orderApi: createOrderApi(http, 'sk-simulated-brand'),
    metrics: { add: (one) => measured.push(one) },
    now: () => clock,
    claimant: () => ({ owner: `run-${(ids += 1)}`, leaseMs: 30_000 }),
    ...changes,
  };
}

type Kind = 'created' | 'updated' | 'cancelled';

/** A message about order o-1. Its order is the sample without a token, with the given changes. */
function message(kind: Kind, sequence: number, changes: object = {}): OrderMessage {
  const data = kind === 'cancelled' ? {} : { data: { ...organic, order_id: 'o-1', ...changes } };
  const body = JSON.stringify({
    ...{ specversion: '1.0', id: `event-${sequence}`, source: 'https://shop.example', subject: 'o-1' },
    ...{ type: `order.${kind}.v1`, sequence: String(sequence) },
    ...data,
  });
  return { messageId: `message-${(ids += 1)}`, body, sentAt: clock };
}

const send = (one: OrderMessage, changes: Partial<ReportOrderPorts> = {}) => reportOrder(one, ports(changes));

function retry(afterSeconds: number) {
  clock = new Date(clock.getTime() + afterSeconds * 1000);
  const body = retryMessage({ orderId: 'o-1', isProbe: false });
  return send({ messageId: `message-${(ids += 1)}`, body, sentAt: clock });
}

const atButton = () => button.controls.orders().filter(({ status }) => status !== 'deleted');
const entry = () => ledger.all()[0];
const fault = (status: number, more: object = {}): void => {
  button.controls.addFault({ on: 'api', answer: { status }, ...more });
};
/** A proxy's page instead of Button's answer. */
const page = (status: number, more: object = {}): void => {
  button.controls.addFault({ on: 'api', answer: { status, body: '<html>Not Found</html>' }, ...more });
};
const requests = () => button.controls.requests().map(({ method, path }) => `${method} ${path}`);
const count = (name: string) => measured.filter((one) => one.name === name).length;
const note = (text: string) => ({ customer_order_id: text });

describe('orders, requirement 1: the token belongs to the order', () => {
  it('goes with the create even if an update without it has overtaken the creation', async () => {
    fault(503, { match: { method: 'POST' } });

    await send(message('created', 1, { btn_ref: token }));
    await send(message('updated', 2, note('second')));
    await retry(61);
    await retry(61);

    expect(atButton()).toMatchObject([{ btn_ref: token, customer_order_id: 'second' }]);
    expect(count('OrdersCreatedWithoutToken')).toBe(0);
  });

  it('is used from a creation that our own rules refuse, whichever comes first', async () => {
    const refused = message('created', 1, { btn_ref: token, total: sample.total + 1 });

    expect(await send(refused)).toBe('quarantined');
    expect(await send(message('updated', 2))).toBe('reported');

    expect(atButton()).toMatchObject([{ btn_ref: token }]);
    expect(quarantine.entries.get(refused.messageId)?.reasons).toMatchObject([{ code: 'total_not_sum' }]);
  });

  it.each<[string, () => OrderMessage]>([
    ['an older version', () => message('created', 1, { btn_ref: token })],
    ['the same version', () => message('updated', 2, { btn_ref: token })],
    ['a version that contradicts the ledger', () => message('updated', 2, { btn_ref: token, ...note('x') })],
    ['a refused message', () => message('created', 1, { btn_ref: token, total: 1 })],
    ['a newer version', () => message('updated', 3, { btn_ref: token })],
    ['a replay', () => ({ ...message('created', 1, { btn_ref: token }), isReplay: true })],
  ])('goes to Button at once when it comes after the create, with %s', async (_what, late) => {
    await send(message('updated', 2));
    expect(atButton()).toMatchObject([{ btn_ref: null }]);

    await send(late());

    expect(atButton()).toMatchObject([{ btn_ref: token, total: sample.total }]);
    expect(entry()).toMatchObject({ btnRef: token, progress: { state: 'settled' } });
    expect(entry()).not.toHaveProperty('tokenDue');
  });

  it('leaves the order reported if Button refuses a token in an update, and is kept for operators', async () => {
    await send(message('updated', 2));
    button.controls.addFault({
      on: 'api',
      match: { method: 'POST', path: '/order/.+$' },
      // Under both ids.
      times: 2,
      answer: { status: 400 },
    });

    const outcome = await send(message('created', 1, { btn_ref: token }));

    expect(outcome).toBe('reported');
    expect(entry()).toMatchObject({ progress: { state: 'settled' }, warnings: ['btn_ref_not_taken'] });
    expect(count('OrderTokensNotTaken')).toBe(1);
    expect([...quarantine.entries.values()].map(({ reasons }) => reasons[0]?.code)).toEqual([
      'btn_ref_not_taken',
    ]);
  });

  it('stays the first one: a different one is reported, and does not replace it', async () => {
    await send(message('created', 1, { btn_ref: token }));

    await send(message('updated', 2, { btn_ref: 'srctok-other', ...note('x') }));

    expect(atButton()).toMatchObject([{ btn_ref: token, customer_order_id: 'x' }]);
    expect(count('OrderTokensDiffering')).toBe(1);
    expect(entry()?.warnings).toContain('btn_ref_differs');
  });

  it('counts only if it is valid by the brand’s rules', async () => {
    const settings = { orderBy: 'sequence', testTokens: 'refuse', allowFinalizationDate: false } as const;
    const malformed = message('created', 1, { btn_ref: 'no token' });
    const test = message('created', 1, { btn_ref: 'fakesrctok-abcdef0123456789' });

    for (const refused of [malformed, test]) expect(await send(refused, { settings })).toBe('quarantined');

    expect((await ledger.read('o-1'))?.value.btnRef).toBeUndefined();
  });

  it('is missing from a create that is counted', async () => {
    await send(message('created', 1));

    expect(measured).toContainEqual({
      name: 'OrdersCreatedWithoutToken',
      value: 1,
      dimensions: { Brand: 'acme' },
    });
  });

  it('finds the order if its id does not, even if the last update had no token', async () => {
    button.controls.setWorld({ duplicateCreate: 'second-order', readIds: 'button' });
    button.controls.addFault({ on: 'api', match: { method: 'POST' }, answer: 'lost' });
    await send(message('created', 1, { btn_ref: token }));
    await send(message('updated', 2, note('second')));

    for (let tries = 0; tries < 3; tries += 1) await retry(3600);

    expect(atButton()).toMatchObject([{ btn_ref: token, customer_order_id: 'second' }]);
  });
});

describe('orders, requirement 2: only Button itself gives a final answer', () => {
  it.each([400, 401, 403, 404, 405, 407, 409, 410, 421, 451])(
    'a page with %i settles nothing: the order is read, and reported when the page is gone',
    async (status) => {
      page(status, { times: 3 });

      expect(await send(message('created', 1, { btn_ref: token }))).toBe('waiting');
      for (let tries = 0; tries < 6; tries += 1) await retry(HOUR);

      expect(atButton()).toHaveLength(1);
      expect(entry()?.progress.state).toBe('settled');
      expect(quarantine.entries.size).toBe(0);
      expect(count('ButtonKeyRefused')).toBe(0);
    },
  );

  it.each([404, 410])(
    'a page with %i does not settle a cancellation: the order is cancelled when the page is gone',
    async (status) => {
      await send(message('created', 1, { btn_ref: token }));
      page(status, { times: 4 });
      clock = new Date(clock.getTime() + 3 * HOUR * 1000);

      expect(await send(message('cancelled', 2))).toBe('waiting');
      for (let tries = 0; tries < 6; tries += 1) await retry(HOUR);

      expect(atButton()).toEqual([]);
      expect(entry()?.progress.state).toBe('settled');
    },
  );

  it('a 204 to a cancellation is confirmed by reads: one cancellation, and no more', async () => {
    await send(message('created', 1, { btn_ref: token }));
    button.controls.addFault({
      on: 'api',
      match: { method: 'DELETE' },
      answer: { status: 204 },
      work: 'done',
    });

    expect(await send(message('cancelled', 2))).toBe('reported');
    expect(requests().filter((line) => line.startsWith('DELETE'))).toHaveLength(1);
    expect(atButton()).toEqual([]);
  });

  it('a 204 for nothing is noticed: the order is cancelled in the end', async () => {
    await send(message('created', 1, { btn_ref: token }));
    fault(204, { match: { method: 'DELETE' }, work: 'skipped' });

    expect(await send(message('cancelled', 2))).toBe('waiting');
    await retry(HOUR);
    await retry(HOUR);

    expect(atButton()).toEqual([]);
    expect(entry()?.progress.state).toBe('settled');
  });
});

describe('orders, requirement 3: a status that may follow completed work is unclear', () => {
  const worlds = (['409', 'upsert', 'second-order', 'existing-order'] as const).flatMap((duplicateCreate) =>
    (['both', 'button'] as const).map((readIds) => ({ duplicateCreate, readIds })),
  );

  it.each(worlds)(
    'there is one create and one order, whatever status hides that the work was done: %j',
    async (world) => {
      for (const status of [302, 408, 425, 500, 502, 503, 504, 520, 522, 524, 529, 598]) {
        for (const btn_ref of [token, undefined]) {
          button.controls.reset();
          button.controls.setWorld(world);
          ledger = createInMemoryLedger();
          fault(status, { match: { method: 'POST' }, work: 'done' });

          await send(message('created', 1, { btn_ref }));
          for (let tries = 0; tries < 4; tries += 1) await retry(HOUR);

          expect([status, btn_ref, button.controls.orders().length]).toEqual([status, btn_ref, 1]);
          expect([status, btn_ref, entry()?.progress.state]).toEqual([status, btn_ref, 'settled']);
        }
      }
    },
  );

  it.each([404, 405, 410])(
    'there is one create, and the order is cancelled, if reads accept only Button’s ids and the look-up by token gets %i',
    async (status) => {
      for (const duplicateCreate of ['409', 'upsert', 'second-order'] as const) {
        button.controls.reset();
        button.controls.setWorld({ duplicateCreate, readIds: 'button' });
        ledger = createInMemoryLedger();
        fault(status, { match: { path: '/btn-ref/' }, times: 'unlimited' });
        fault(502, { match: { method: 'POST' }, work: 'done' });

        await send(message('created', 1, { btn_ref: token }));
        await retry(HOUR);
        const created = atButton().length;
        fault(502, { match: { method: 'POST' }, work: 'done' });
        await send(message('updated', 2, { ...note('second') }));
        await send(message('cancelled', 3));
        // The look-up that Button refuses is given up after six tries.
        for (let tries = 0; tries < 7; tries += 1) await retry(HOUR);

        expect([duplicateCreate, created, atButton()]).toEqual([duplicateCreate, 1, []]);
      }
    },
  );

  it.each([404, 410])(
    'a cancellation reaches an order that may have been created, although the look-up by token gets %i',
    async (status) => {
      button.controls.setWorld({ readIds: 'button' });
      fault(status, { match: { path: '/btn-ref/' }, times: 'unlimited' });
      fault(502, { match: { method: 'POST' }, work: 'done' });

      await send(message('created', 1, { btn_ref: token }));
      await send(message('cancelled', 2));
      for (let tries = 0; tries < 3; tries += 1) await retry(HOUR);

      expect(atButton()).toEqual([]);
      expect(entry()?.progress.state).toBe('settled');
    },
  );

  it('an order without a token does not get stuck if reads accept only Button’s ids', async () => {
    button.controls.setWorld({ readIds: 'button' });
    fault(502, { match: { method: 'POST' }, work: 'done' });
    await send(message('created', 1));
    await retry(HOUR);
    await retry(HOUR);

    const [line] = sample.line_items as [{ total: number }];
    const later = await send(message('updated', 2, { total: line.total, line_items: [line] }));

    expect(later).toBe('reported');
    expect(atButton()).toMatchObject([{ total: line.total }]);
  });
});

describe('orders, requirement 4: a 403 means what the read shows', () => {
  it.each<[string, Kind, object]>([
    ['an update', 'updated', note('x')],
    ['a cancellation', 'cancelled', {}],
  ])('%s of an open order waits, and is carried out when the 403 is over', async (_what, kind, changes) => {
    await send(message('created', 1, { btn_ref: token }));
    const method = kind === 'cancelled' ? 'DELETE' : 'POST';
    fault(403, { match: { method }, times: 3 });

    expect(await send(message(kind, 2, changes))).toBe('waiting');
    for (let tries = 0; tries < 5; tries += 1) await retry(HOUR);

    expect(entry()?.progress.state).toBe('settled');
    expect(quarantine.entries.size).toBe(0);
    expect(atButton()).toHaveLength(kind === 'cancelled' ? 0 : 1);
  });
});

describe('orders, requirement 5: an order that fails on its own', () => {
  it.each([500, 403])(
    'and always gets a %i goes to quarantine with Button’s answers, and is tried daily',
    async (status) => {
      othersSucceed = true;
      const created = message('created', 1, { btn_ref: token });
      fault(status, { match: { method: 'POST' }, times: 'unlimited', work: 'skipped' });

      const outcomes = [await send(created)];
      while (outcomes.at(-1) === 'waiting') outcomes.push(await retry(1800));

      expect(outcomes.at(-1)).toBe('quarantined');
      expect(outcomes.length).toBeGreaterThanOrEqual(FAILING_AFTER.tries);
      expect(entry()?.progress).toMatchObject({
        state: 'failing',
        dueAt: new Date(clock.getTime() + 24 * HOUR * 1000).toISOString(),
      });
      const kept = quarantine.entries.get(created.messageId);
      expect(kept?.reasons).toMatchObject([{ code: 'keeps_failing' }]);
      expect(kept?.reasons[0]?.problem).toContain(`Simulated ${status}`);
      expect(JSON.parse(String(kept?.bytes))).toMatchObject({ id: 'event-1', data: { btn_ref: token } });

      button.controls.clearFaults();
      expect(await retry(24 * HOUR)).toBe('reported');
      expect(atButton()).toMatchObject([{ btn_ref: token }]);
    },
  );
});

describe('orders, requirement 6: cancellations', () => {
  it('can be sent again after Button refused one, and later versions go on', async () => {
    await send(message('created', 1, { btn_ref: token }));
    // Twice under both ids.
    fault(400, { match: { method: 'DELETE' }, times: 4 });
    const cancelled = message('cancelled', 2);

    expect(await send(cancelled)).toBe('quarantined');
    expect(await send(cancelled)).toBe('duplicate');
    expect(await send(message('cancelled', 2))).toBe('quarantined');
    const [line] = sample.line_items as [{ total: number }];
    expect(await send(message('updated', 3, { total: line.total, line_items: [line] }))).toBe('reported');
    expect(await send(message('cancelled', 1))).toBe('reported');
    expect(atButton()).toEqual([]);
  });
});

describe('orders, requirement 7: totals and line items at Button agree', () => {
  it.each(['kept', 'cleared'] as const)(
    'if Button has %s what an update leaves out',
    async (omittedLineItems) => {
      button.controls.setWorld({ omittedLineItems });
      await send(message('created', 1, { btn_ref: token }));
      const refused = message('updated', 2, { line_items: undefined, total: 1 });

      expect(await send(refused)).toBe('quarantined');
      expect(quarantine.entries.get(refused.messageId)?.reasons).toMatchObject([
        { code: 'line_items_missing' },
      ]);
      expect(await send(message('updated', 3, { line_items: undefined, ...note('x') }))).toBe('reported');
      expect(atButton()).toMatchObject([{ total: sample.total, customer_order_id: 'x' }]);
      expect((atButton()[0] as { line_items?: unknown[] }).line_items).toHaveLength(sample.line_items.length);
    },
  );

  it('leaves another shop’s order with the same id alone', async () => {
    await send(message('created', 1, { btn_ref: 'srctok-of-another', currency: 'EUR' }));
    ledger = createInMemoryLedger();
    const ours = message('created', 1, { btn_ref: token });

    expect(await send(ours)).toBe('quarantined');
    expect(quarantine.entries.get(ours.messageId)?.reasons).toMatchObject([{ code: 'order_id_taken' }]);
    expect(atButton()).toMatchObject([{ btn_ref: 'srctok-of-another', currency: 'EUR' }]);
  });
});

describe('a refused version', () => {
  it('is in quarantine before the ledger says that it is refused', async () => {
    const done: string[] = [];
    fault(400);

    await send(message('created', 1), {
      quarantine: {
        put: (one) => {
          done.push('quarantine');
          return quarantine.put(one);
        },
      },
      ledger: {
        read: (id) => ledger.read(id),
        write: (state, revision) => {
          done.push(state.progress?.state ?? 'none');
          return ledger.write(state, revision);
        },
      },
    });

    expect(done).toEqual(['claimed', 'quarantine', 'refused']);
  });
});
