import { readFileSync } from 'node:fs';

import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { createBreakerWatch } from '../../../functions/order-reporter/breaker-watch.ts';
import {
  reportOrder,
  type OrderMessage,
  type ReportOrderPorts,
} from '../../../functions/order-reporter/report-order.ts';
import { startButtonSimulator, type ButtonSimulator } from '../../../tooling/button-simulator/simulator.ts';
import { createButtonHttp, type ButtonHttp } from '../../../shared/button/button-http.ts';
import { createOrderApi, type OrderApi } from '../../../shared/button/order-api.ts';
import { openBreaker, pauseBrand } from '../../../shared/orders/rules/breaker.ts';
import type { Measured } from '../../../shared/runtime/metric-definitions.ts';
import { PROBE_MESSAGE, retryMessage } from '../../../shared/orders/rules/retry-message.ts';
import { createOrderLedger, type OrderLedger } from '../../../shared/orders/store/order-ledger-store.ts';
import { createQuarantineStore } from '../../../shared/quarantine/quarantine-store.ts';
import { createQuarantineReview } from '../../../shared/quarantine/quarantine-review.ts';
import { unpackText } from '../../../shared/dynamodb/packed-json.ts';
import { CLOSED_BREAKER } from '../../fakes/closed-breaker.ts';
import { createInMemoryBreakerStore, createInMemoryLedger } from '../../fakes/in-memory-stores.ts';
import { startTestDynamoDB, type TestDynamoDB } from '../../emulators/dynamodb.ts';

const sample = JSON.parse(
  readFileSync(new URL('../../fixtures/button/order-create.json', import.meta.url), 'utf8'),
) as Record<string, unknown> & { order_id: string; btn_ref: string };

let dynamodb: TestDynamoDB;
let button: ButtonSimulator;
let http: ButtonHttp;
let ledger: OrderLedger;
let measured: Measured[];
let clock: Date;
let nextId = 0;

beforeAll(async () => {
  dynamodb = await startTestDynamoDB();
  button = await startButtonSimulator();
  http = createButtonHttp({ baseUrl: button.url, timeoutMs: 500 });
  ledger = createOrderLedger({
    client: dynamodb.client,
    table: dynamodb.tables.orderLedger,
    brand: 'acme',
  });
});

afterAll(async () => {
  http.close();
  await button.close();
  await dynamodb.close();
});

beforeEach(() => {
  button.controls.reset();
  measured = [];
  clock = new Date('2026-06-01T12:00:00.000Z');
  dynamodb.resetCounts();
});

function ports(changes: Partial<ReportOrderPorts> = {}): ReportOrderPorts {
  return {
    brand: 'acme',
    settings: { orderBy: 'sequence', testTokens: 'allow', allowFinalizationDate: false },
    policy: { quietTimeMs: 60_000, retryBaseMs: 1000, retryMaxMs: 900_000, jitter: () => 1 },
    ledger,
    quarantine: createQuarantineStore({
      client: dynamodb.client,
      table: dynamodb.tables.quarantine,
      retentionDays: 30,
    }),
    breaker: CLOSED_BREAKER,
    orderApi: createOrderApi(http, 'sk-simulated-brand'),
    metrics: { add: (one) => measured.push(one) },
    now: () => clock,
    claimant: () => ({ owner: 'run', leaseMs: 30_000 }),
    ...changes,
  };
}

function orderId(): string {
  nextId += 1;
  return `order-${nextId}`;
}

type Kind = 'created' | 'updated' | 'cancelled';

function message(
  kind: Kind,
  id: string,
  { sequence = 1, changes = {} }: { sequence?: number; changes?: object } = {},
): OrderMessage {
  const data = kind === 'cancelled' ? {} : { data: { ...sample, order_id: id, ...changes } };
  const body = JSON.stringify({
    specversion: '1.0',
    id: `event-${id}-${sequence}`,
    source: 'https://shop.example',
    type: `order.${kind}.v1`,
    subject: id,
    sequence: String(sequence),
    ...data,
  });
  nextId += 1;
  return { messageId: `message-${nextId}`, body, sentAt: clock };
}

/** A creation as text whose data begins with `members`. */
function withData(members: string): string {
  const { body } = message('created', 'order-of-text');
  return members === '' ? body : body.replace('"data":{', `"data":{${members},`);
}

function retry(id: string, { isProbe = false } = {}): OrderMessage {
  nextId += 1;
  return { messageId: `message-${nextId}`, body: retryMessage({ orderId: id, isProbe }), sentAt: clock };
}

function later(seconds: number): void {
  clock = new Date(clock.getTime() + seconds * 1000);
}

/** A ledger whose writes never reach the real one, as if it had forgotten them. */
function forgetfulLedger(): ReportOrderPorts['ledger'] {
  return createInMemoryLedger();
}

/** Button's id of the only order. */
function buttonId(): string {
  const [order] = button.controls.orders();
  return String(order?.['button_order_id']);
}

/** Method, path and status of the requests to Button since the last reset. */
function requests(): string[] {
  return button.controls.requests().map(({ method, path, status }) => `${method} ${path} ${status}`);
}

async function progress(id: string): Promise<string | undefined> {
  return (await ledger.read(id))?.value.progress?.state;
}

async function quarantined(messageId: string) {
  const { Item } = await dynamodb.client.send(
    new GetItemCommand({
      TableName: dynamodb.tables.quarantine,
      Key: { kind: { S: 'order#acme' }, id: { S: messageId } },
    }),
  );
  return Item && unmarshall(Item);
}

describe('a new order', () => {
  it('takes two write units, no read and one call: costs do not rise', async () => {
    const id = orderId();

    const outcome = await reportOrder(message('created', id), ports());

    expect(outcome).toBe('reported');
    expect(requests()).toEqual(['POST /v1/order 200']);
    expect(dynamodb.counts()).toEqual({ PutItem: 2 });
    expect(dynamodb.writeUnits()).toBe(2);
    expect(await progress(id)).toBe('settled');
  });

  it('is reported once, however often its message comes (A1)', async () => {
    const id = orderId();
    const once = message('created', id);

    const outcomes = [await reportOrder(once, ports()), await reportOrder(once, ports())];

    expect(outcomes).toEqual(['reported', 'duplicate']);
    expect(requests()).toHaveLength(1);
  });

  it('reports its value, and how long the report took', async () => {
    const sent = message('created', orderId());
    later(3);

    await reportOrder(sent, ports());

    expect(measured).toContainEqual({ name: 'ReportDelaySeconds', value: 3 });
    expect(measured).toContainEqual({
      name: 'ReportedAmountChangeMinor',
      value: 7350,
      dimensions: { Brand: 'acme', Currency: 'USD' },
    });
  });

  it('waits with its value, counted once however often it is tried, until it is reported', async () => {
    const id = orderId();
    button.controls.addFault({ on: 'api', times: 2, answer: { status: 503 } });

    await reportOrder(message('created', id), ports());
    for (let tries = 0; tries < 2; tries += 1) {
      later(3600);
      await reportOrder(retry(id), ports());
    }

    const amounts = measured.filter(({ name }) => name === 'WaitingAmountChangeMinor');
    expect(amounts.map(({ value }) => value)).toEqual([7350, -7350]);
    expect(measured.filter(({ name }) => name === 'WaitingOrdersChange')).toHaveLength(2);
  });

  it('shows its value in quarantine, even if our own rules refuse it (B9)', async () => {
    await reportOrder(message('created', orderId(), { changes: { total: 7351 } }), ports());

    const dimensions = { Brand: 'acme', Currency: 'USD' };
    expect(measured).toContainEqual({ name: 'QuarantinedAmountMinor', value: 7351, dimensions });
  });
});

describe('later versions', () => {
  it('cost one read, two writes of one unit and one call each', async () => {
    const id = orderId();
    await reportOrder(message('created', id), ports());
    const costs: unknown[] = [];

    for (const later of [
      message('updated', id, { sequence: 2, changes: { customer_order_id: 'x' } }),
      message('cancelled', id, { sequence: 3 }),
    ]) {
      dynamodb.resetCounts();
      const asked = requests().length;
      await reportOrder(later, ports());
      costs.push([dynamodb.counts(), dynamodb.writeUnits(), requests().length - asked]);
    }

    expect(costs).toEqual([
      [{ GetItem: 1, PutItem: 2 }, 2, 1],
      [{ GetItem: 1, PutItem: 2 }, 2, 1],
    ]);
  });

  it('become an update of the whole order, or a cancellation', async () => {
    const id = orderId();
    const [line] = sample['line_items'] as object[];

    const outcomes = [
      await reportOrder(message('created', id), ports()),
      await reportOrder(
        message('updated', id, { sequence: 2, changes: { total: 4350, line_items: [line] } }),
        ports(),
      ),
      await reportOrder(message('cancelled', id, { sequence: 3 }), ports()),
    ];

    expect(outcomes).toEqual(['reported', 'reported', 'reported']);
    expect((await ledger.read(id))?.value.reported).toMatchObject({
      kind: 'cancelled',
      buttonOrderId: expect.stringMatching(/^btnorder-/) as string,
    });
    expect(requests()).toEqual([
      `POST /v1/order 200`,
      `POST /v1/order/${buttonId()} 200`,
      `DELETE /v1/order/${buttonId()} 200`,
    ]);
  });

  it('make no call when nothing has changed, and none after a cancellation (A5)', async () => {
    const id = orderId();
    await reportOrder(message('created', id), ports());

    const unchanged = await reportOrder(message('updated', id, { sequence: 2 }), ports());
    await reportOrder(message('cancelled', id, { sequence: 3 }), ports());
    const after = await reportOrder(
      message('updated', id, { sequence: 4, changes: { customer_order_id: 'x' } }),
      ports(),
    );

    expect([unchanged, after]).toEqual(['unchanged', 'ignored-after-cancel']);
    expect(requests()).toEqual(['POST /v1/order 200', `DELETE /v1/order/${buttonId()} 200`]);
  });

  it('drop a create that comes after its cancellation (A4)', async () => {
    const id = orderId();

    const outcomes = [
      await reportOrder(message('cancelled', id, { sequence: 2 }), ports()),
      await reportOrder(message('created', id, { sequence: 1 }), ports()),
    ];

    expect(outcomes).toEqual(['reported', 'ignored-after-cancel']);
    expect(requests()).toEqual([`DELETE /v1/order/${id} 404`, `GET /v1/order/${id} 404`]);
  });

  it('turn an update of an unknown order into a create (A6)', async () => {
    const id = orderId();

    const outcome = await reportOrder(message('updated', id, { sequence: 7 }), ports());

    expect(outcome).toBe('reported');
    expect(requests()).toEqual([
      `GET /v1/order/${id} 404`,
      `GET /v1/order/btn-ref/${sample.btn_ref} 200`,
      'POST /v1/order 200',
    ]);
  });

  it('use an order that Button knows and the ledger does not', async () => {
    const id = orderId();
    await createOrderApi(http, 'sk-simulated-brand').create({
      ...(sample as never as object),
      order_id: id,
    } as never);

    const outcome = await reportOrder(
      message('updated', id, {
        sequence: 2,
        changes: { customer_order_id: 'x', total: 4350, line_items: [(sample['line_items'] as object[])[0]] },
      }),
      ports(),
    );

    expect(outcome).toBe('reported');
    expect(requests().slice(1)).toEqual([`GET /v1/order/${id} 200`, `POST /v1/order/${id} 200`]);
  });
});

describe('a bad message', () => {
  it('is kept with its bytes and every reason, and no call is made (A7, B9)', async () => {
    const bad = message('created', orderId(), { changes: { total: 1, currency: 'XXL' } });

    const outcome = await reportOrder(bad, ports());

    const kept = await quarantined(bad.messageId);
    expect(outcome).toBe('quarantined');
    expect(requests()).toEqual([]);
    expect(unpackText(kept?.['bytes'] as Uint8Array).toString()).toBe(bad.body);
    expect((kept?.['reasons'] as unknown[] | undefined)?.length).toBeGreaterThanOrEqual(2);
  });

  it.each([
    ['nothing', ''],
    ['no JSON', 'not json'],
    ['a byte order mark', '\uFEFF{}'],
    ['UTF-16', Buffer.from('\uFEFF{"id":"1"}', 'utf16le').toString('latin1')],
    ['an array', '[]'],
    ['a number', '1e400'],
    ['a retry message for nobody', '{"retry":{"orderId":"nobody-knows"}}'],
    ['a truncated retry message', '{"retry":'],
    ['deep nesting', '['.repeat(100_000)],
    ['deep nesting that is JSON', `${'[{"a":'.repeat(50_000)}1${'}]'.repeat(50_000)}`],
    ['deep nesting in an order', withData('"x":' + '['.repeat(5000) + ']'.repeat(5000))],
    ['__proto__', withData('"__proto__":{"total":1},"total":7350')],
    ['a name twice', withData('"total":7350,"total":1')],
    ['1 MiB of spaces', ' '.repeat(1_048_576)],
    ['1 MiB of one text', withData(`"customer_order_id":"${'x'.repeat(1_048_000)}"`)],
    ['1 MiB of lines', withData(`"line_items":[${'{"identifier":""},'.repeat(58_000)}{}]`)],
    ['a lone surrogate', withData('"customer_order_id":"\\ud800"')],
    ['the next major version', withData('').replace('created.v1', 'created.v2')],
  ])('of any kind is quarantined at its first receive, with its bytes (A18, C3): %s', async (_what, body) => {
    const bad = { messageId: `bad-${(nextId += 1)}`, body, sentAt: clock };

    expect(await reportOrder(bad, ports())).toBe('quarantined');
    const review = createQuarantineReview({ client: dynamodb.client, table: dynamodb.tables.quarantine });
    const kept = await review.read('order#acme', bad.messageId);
    expect(Buffer.from(kept?.bytes ?? []).equals(Buffer.from(body))).toBe(true);
    expect(requests()).toEqual([]);
  });

  it('with the same version and other content is quarantined', async () => {
    const id = orderId();
    await reportOrder(message('created', id), ports());

    const outcome = await reportOrder(
      message('created', id, { changes: { customer_order_id: 'x' } }),
      ports(),
    );

    expect(outcome).toBe('quarantined');
  });
});

describe('an order that Button does not accept', () => {
  it('waits in the ledger and is reported when the sweep retries it (B3)', async () => {
    const id = orderId();
    button.controls.addFault({ on: 'api', match: { method: 'POST' }, answer: { status: 429 } });

    const first = await reportOrder(message('created', id), ports());
    const tooEarly = await ledger.listDue(clock, 10);
    later(2);
    const due = await ledger.listDue(clock, 10);
    const second = await reportOrder(retry(id), ports());

    expect([first, second]).toEqual(['waiting', 'reported']);
    expect(tooEarly).toEqual([]);
    expect(due.map(({ orderId: it }) => it)).toEqual([id]);
    expect(await ledger.listDue(clock, 10)).toEqual([]);
  });

  it('goes to quarantine when the refusal is final, and a newer version goes on (B5)', async () => {
    const id = orderId();
    button.controls.addFault({ on: 'api', match: { method: 'POST' }, answer: { status: 400 } });
    const refused = message('created', id);

    const first = await reportOrder(refused, ports());
    const second = await reportOrder(
      message('created', id, { sequence: 2, changes: { customer_order_id: 'x' } }),
      ports(),
    );

    expect([first, second]).toEqual(['quarantined', 'reported']);
    expect(await quarantined(refused.messageId)).toMatchObject({ reasons: [{ code: 'refused_by_button' }] });
  });

  it('is quarantined as too late when the order is finalized (B8)', async () => {
    const id = orderId();
    await reportOrder(message('created', id), ports());
    button.controls.finalizeOrder(id);
    const late = message('cancelled', id, { sequence: 2 });

    expect(await reportOrder(late, ports())).toBe('quarantined');
    expect(await quarantined(late.messageId)).toMatchObject({ reasons: [{ code: 'too_late' }] });
  });

  it('waits while the key is refused, and is counted (B4)', async () => {
    const id = orderId();

    const outcome = await reportOrder(
      message('created', id),
      ports({ orderApi: createOrderApi(http, 'sk-wrong') }),
    );

    expect(outcome).toBe('waiting');
    expect(measured).toContainEqual({ name: 'ButtonKeyRefused', value: 1 });
  });

  it('waits while nobody has set the key (F10)', async () => {
    const id = orderId();

    expect(await reportOrder(message('created', id), ports({ orderApi: 'api_key_not_set' }))).toBe('waiting');
    expect(await progress(id)).toBe('waiting');
  });
});

describe.each(['409', 'upsert', 'second-order'] as const)(
  'in a world where a second create gives %s',
  (duplicateCreate) => {
    beforeEach(() => {
      button.controls.setWorld({ duplicateCreate });
    });

    it('an answer lost after the work was done leads to exactly one order (A22, B1)', async () => {
      const id = orderId();
      button.controls.addFault({ on: 'api', match: { method: 'POST' }, answer: 'lost' });

      const first = await reportOrder(message('created', id), ports());
      const early = await reportOrder(retry(id), ports());
      later(61);
      const second = await reportOrder(retry(id), ports());

      expect([first, early, second]).toEqual(['waiting', 'waiting', 'reported']);
      expect(await progress(id)).toBe('settled');
      expect(button.controls.orders().filter((order) => order['order_id'] === id)).toHaveLength(1);
    });

    it('a run that dies between answer and settle leads to exactly one order (A20)', async () => {
      const id = orderId();
      const created = message('created', id);
      let writes = 0;
      const dying: ReportOrderPorts['ledger'] = {
        read: (it) => ledger.read(it),
        write: (entry, revision) => {
          writes += 1;
          return writes > 1 ? Promise.reject(new Error('killed')) : ledger.write(entry, revision);
        },
      };

      await expect(reportOrder(created, ports({ ledger: dying }))).rejects.toThrow('killed');
      later(40);
      const redelivered = await reportOrder(created, ports());
      later(61);
      const retried = await reportOrder(retry(id), ports());

      expect([redelivered, retried]).toEqual(['waiting', 'reported']);
      expect(button.controls.orders().filter((order) => order['order_id'] === id)).toHaveLength(1);
    });
  },
);

describe.each(['409', 'upsert', 'second-order'] as const)(
  'in a world where a GET accepts only Button’s own ids, and a second create gives %s',
  (duplicateCreate) => {
    beforeEach(() => {
      button.controls.setWorld({ duplicateCreate, readIds: 'button' });
    });

    it('an order whose answer was lost is found by its token, and stays one order (A22, B1)', async () => {
      const id = orderId();
      button.controls.addFault({ on: 'api', match: { method: 'POST' }, answer: 'lost' });

      const first = await reportOrder(message('created', id), ports());
      later(61);
      const second = await reportOrder(retry(id), ports());

      expect([first, second]).toEqual(['waiting', 'reported']);
      expect(await progress(id)).toBe('settled');
      expect(button.controls.orders().filter((order) => order['order_id'] === id)).toHaveLength(1);
    });

    it('an order that failed many times before its answer was lost is found by its token too (A22, B1)', async () => {
      const id = orderId();
      button.controls.addFault({ on: 'api', match: { method: 'POST' }, answer: { status: 503 }, times: 8 });
      button.controls.addFault({ on: 'api', match: { method: 'POST' }, answer: 'lost' });

      await reportOrder(message('created', id), ports());
      for (let tries = 0; tries < 9; tries += 1) {
        later(1801);
        await reportOrder(retry(id), ports());
      }

      expect(await progress(id)).toBe('settled');
      expect(button.controls.orders().filter((order) => order['order_id'] === id)).toHaveLength(1);
    });

    it('an order whose token belongs to other orders too is still created if it is missing', async () => {
      const id = orderId();
      const other = orderId();
      await reportOrder(message('created', other), ports());
      button.controls.addFault({
        on: 'api',
        match: { method: 'POST' },
        answer: { status: 500 },
        work: 'skipped',
      });

      await reportOrder(message('created', id), ports());
      later(61);
      await reportOrder(retry(id), ports());
      later(61);
      await reportOrder(retry(id), ports());

      expect(await progress(id)).toBe('settled');
      const held = button.controls.orders().map((order) => order['order_id']);
      expect(held.filter((it) => it === id || it === other).sort()).toEqual([id, other].sort());
    });
  },
);

describe('a look-up by token', () => {
  const inDoubt = async (): Promise<string> => {
    const id = orderId();
    button.controls.addFault({
      on: 'api',
      match: { method: 'POST' },
      answer: { status: 500 },
      work: 'skipped',
    });
    await reportOrder(message('created', id), ports());
    later(61);
    return id;
  };
  const failing = (status: number, times: number | 'unlimited') => {
    button.controls.addFault({ on: 'api', match: { path: '/btn-ref/' }, answer: { status }, times });
  };

  it('that Button refuses with 404 leaves the answer by id valid', async () => {
    const id = await inDoubt();
    failing(404, 1);

    const outcome = await reportOrder(retry(id), ports());

    expect(outcome).toBe('reported');
    expect(button.controls.orders().filter((order) => order['order_id'] === id)).toHaveLength(1);
  });

  it.each([503, 400, 401, 403])(
    'that fails with %d is tried again before anything is sent',
    async (status) => {
      const id = await inDoubt();
      failing(status, 1);

      const outcome = await reportOrder(retry(id), ports());
      const sentMeanwhile = requests().filter((line) => line.startsWith('POST'));
      later(900);
      const after = await reportOrder(retry(id), ports());

      expect([outcome, after]).toEqual(['waiting', 'reported']);
      expect(sentMeanwhile).toHaveLength(1);
    },
  );

  it.each([
    [500, 48],
    [400, 6],
    [403, 6],
  ])(
    'that always fails with %d is given up after %d times, so that the order is reported',
    async (status, times) => {
      const id = await inDoubt();
      failing(status, 'unlimited');

      const outcomes: string[] = [];
      while (outcomes.length < 100 && outcomes.at(-1) !== 'reported') {
        outcomes.push(await reportOrder(retry(id), ports()));
        later(901);
      }

      expect(outcomes.at(-1)).toBe('reported');
      expect(requests().filter((line) => line.includes('/btn-ref/'))).toHaveLength(times + 1);
    },
  );
});

it('a run that comes back after its lease keeps what others have found since, and the order stays one (A2, A20)', async () => {
  const id = orderId();
  const created = message('created', id);
  const api = createOrderApi(http, 'sk-simulated-brand');
  const outcomes: string[] = [];
  const slow: OrderApi = {
    ...api,
    create: async (order) => {
      const answer = await api.create(order);
      later(40);
      outcomes.push(await reportOrder(created, ports()));
      return answer;
    },
  };

  outcomes.push(await reportOrder(created, ports({ orderApi: slow })));
  const afterwards = await progress(id);
  later(61);
  outcomes.push(await reportOrder(retry(id), ports()));

  expect(afterwards).toBe('in-doubt');
  expect(outcomes).toEqual(['waiting', 'reported', 'reported']);
  expect(await progress(id)).toBe('settled');
  expect(button.controls.orders().filter((order) => order['order_id'] === id)).toHaveLength(1);
});

describe('an order that Button has only accepted (202)', () => {
  const note = (text: string) => ({ changes: { customer_order_id: text } });

  it('is not undone by earlier work that is carried out late: the next version waits', async () => {
    const id = orderId();
    await reportOrder(message('created', id), ports());
    button.controls.addFault({
      on: 'api',
      match: { method: 'POST' },
      answer: 'accepted',
      work: { afterMs: 45_000 },
    });
    await reportOrder(message('updated', id, { sequence: 2, ...note('second') }), ports());
    later(10);

    const early = await reportOrder(message('updated', id, { sequence: 3, ...note('third') }), ports());
    later(51);
    await button.controls.advance(61_000);
    const due = await reportOrder(retry(id), ports());

    expect([early, due]).toEqual(['waiting', 'reported']);
    expect(button.controls.orders()).toMatchObject([{ customer_order_id: 'third' }]);
  });

  it('is waited for when a cancellation does not find it', async () => {
    const id = orderId();
    button.controls.addFault({ on: 'api', answer: 'accepted', work: { afterMs: 90_000 } });
    await reportOrder(message('created', id), ports());
    later(70);

    const early = await reportOrder(message('cancelled', id, { sequence: 2 }), ports());
    await button.controls.advance(90_000);
    later(30);
    const due = await reportOrder(retry(id), ports());

    expect([early, due]).toEqual(['waiting', 'reported']);
    expect(button.controls.orders()).toMatchObject([{ status: 'deleted' }]);
  });

  it('is given up after two hours, for the right reason', async () => {
    const id = orderId();
    button.controls.addFault({ on: 'api', answer: 'accepted', work: 'skipped' });
    await reportOrder(message('created', id), ports());
    const update = message('updated', id, { sequence: 2, ...note('second') });
    later(7100);

    const waited = await reportOrder(update, ports());
    later(7200);
    const givenUp = await reportOrder(retry(id), ports());

    expect([waited, givenUp]).toEqual(['waiting', 'quarantined']);
    expect(await quarantined(update.messageId)).toMatchObject({ reasons: [{ code: 'unknown_to_button' }] });
  });
});

describe('a call that is carried out later than the quiet time', () => {
  it('does not bring a cancelled order back: the cancellation is checked once more', async () => {
    const id = orderId();
    button.controls.addFault({ on: 'api', answer: 'lost', work: { afterMs: 80_000 } });
    await reportOrder(message('created', id), ports());
    await reportOrder(message('cancelled', id, { sequence: 2 }), ports());

    // The create is not shown yet; it is cancelled; the cancellation is confirmed.
    for (let quietTime = 0; quietTime < 3; quietTime += 1) {
      later(61);
      await button.controls.advance(61_000);
      await reportOrder(retry(id), ports());
    }

    expect(button.controls.orders()).toMatchObject([{ status: 'deleted' }]);
    expect(await progress(id)).toBe('settled');
  });

  it('does not undo the version after it: that version is checked once more', async () => {
    const id = orderId();
    await reportOrder(message('created', id), ports());
    button.controls.addFault({
      on: 'api',
      match: { method: 'POST' },
      answer: 'lost',
      work: { afterMs: 80_000 },
    });
    const version = (sequence: number) =>
      message('updated', id, { sequence, changes: { customer_order_id: `version ${sequence}` } });
    await reportOrder(version(2), ports());
    await reportOrder(version(3), ports());

    for (let quietTime = 0; quietTime < 2; quietTime += 1) {
      later(61);
      await button.controls.advance(61_000);
      await reportOrder(retry(id), ports());
    }

    expect(button.controls.orders()).toMatchObject([{ customer_order_id: 'version 3' }]);
    expect(await progress(id)).toBe('settled');
  });
});

describe('a 403 on a create', () => {
  it('leaves the order due if the key can read: the key is not refused (requirement 4)', async () => {
    button.controls.addFault({ on: 'api', match: { method: 'POST' }, answer: { status: 403 } });
    const id = orderId();

    const outcome = await reportOrder(message('created', id), ports());

    expect([outcome, await progress(id)]).toEqual(['waiting', 'waiting']);
    expect(measured).not.toContainEqual({ name: 'ButtonKeyRefused', value: 1 });
  });

  it('is about the order, if that is finalized: one old order does not stop the brand', async () => {
    const id = orderId();
    button.controls.setWorld({ duplicateCreate: 'upsert' });
    await reportOrder(message('created', id), ports({ ledger: forgetfulLedger() }));
    button.controls.finalizeOrder(id);
    const again = message('created', id, { changes: { customer_order_id: 'x' } });

    const outcome = await reportOrder(again, ports());

    expect(outcome).toBe('quarantined');
    expect(await quarantined(again.messageId)).toMatchObject({ reasons: [{ code: 'too_late' }] });
    expect(measured).not.toContainEqual({ name: 'ButtonKeyRefused', value: 1 });
  });
});

describe('a version that Button refuses', () => {
  it('shows what was at stake, even if a cancellation comes too late (B8)', async () => {
    const id = orderId();
    await reportOrder(message('created', id), ports());
    button.controls.finalizeOrder(id);

    await reportOrder(message('cancelled', id, { sequence: 2 }), ports());

    const dimensions = { Brand: 'acme', Currency: 'USD' };
    expect(measured).toContainEqual({ name: 'QuarantinedAmountMinor', value: 7350, dimensions });
  });

  it('is kept once, under the message that brought it, whichever message led to the refusal', async () => {
    const id = orderId();
    button.controls.addFault({ on: 'api', answer: { status: 429 } });
    button.controls.addFault({ on: 'api', answer: { status: 400 } });
    const created = message('created', id);
    await reportOrder(created, ports());
    later(2);
    const retried = retry(id);

    expect(await reportOrder(retried, ports())).toBe('quarantined');
    expect(await quarantined(created.messageId)).toMatchObject({ reasons: [{ code: 'refused_by_button' }] });
    expect(await quarantined(retried.messageId)).toBeUndefined();
  });

  it('is tried once more when it is replayed, unchanged or fixed, and only then', async () => {
    const id = orderId();
    button.controls.addFault({ on: 'api', times: 2, answer: { status: 400 } });
    const fixed = { changes: { customer_order_id: 'fixed' } };
    const replay = (one: OrderMessage): OrderMessage => ({ ...one, replayOf: 'entry' });

    const outcomes = [
      await reportOrder(message('created', id), ports()),
      await reportOrder(message('created', id), ports()),
      await reportOrder(replay(message('created', id)), ports()),
      await reportOrder(message('created', id, fixed), ports()),
      await reportOrder(replay(message('created', id, fixed)), ports()),
      await reportOrder(replay(message('created', id)), ports()),
    ];

    expect(outcomes).toEqual([
      'quarantined',
      'duplicate',
      'quarantined',
      'quarantined',
      'reported',
      'quarantined',
    ]);
    expect(button.controls.orders()).toMatchObject([{ customer_order_id: 'fixed' }]);
  });
});

describe('after the ledger was restored', () => {
  const restored = { verifyBefore: '2026-06-01T13:00:00.000Z' };

  it('a create that it does not know is looked up before it is sent, if it is older', async () => {
    const [old, fresh] = [orderId(), orderId()];
    button.controls.setWorld({ duplicateCreate: 'second-order' });
    await reportOrder(message('created', old), ports({ ledger: forgetfulLedger() }));

    const again = await reportOrder(message('created', old), ports(restored));
    clock = new Date('2026-06-01T13:00:01.000Z');
    const bought = { changes: { purchase_date: clock.toISOString() } };
    await reportOrder(message('created', fresh, bought), ports(restored));

    expect(again).toBe('reported');
    expect(requests()).toEqual([
      'POST /v1/order 200',
      `GET /v1/order/${old} 200`,
      `POST /v1/order/${old} 200`,
      'POST /v1/order 200',
    ]);
  });

  it('a version that equals the last reported one is compared with the order at Button', async () => {
    const id = orderId();
    await reportOrder(message('created', id), ports());
    await reportOrder(
      message('updated', id, { sequence: 2, changes: { customer_order_id: 'forgotten' } }),
      ports({ ledger: forgetfulLedger() }),
    );

    const again = await reportOrder(message('updated', id, { sequence: 3 }), ports(restored));

    expect(again).toBe('reported');
    expect(button.controls.orders()).toMatchObject([{ customer_order_id: sample['customer_order_id'] }]);
  });

  it('a version that Button already holds is not sent again', async () => {
    const id = orderId();
    await reportOrder(message('created', id), ports());

    const again = await reportOrder(message('updated', id, { sequence: 2 }), ports(restored));

    expect(again).toBe('reported');
    const buttonId = button.controls.orders().find(({ order_id }) => order_id === id)?.['button_order_id'];
    expect(requests()).toEqual(['POST /v1/order 200', `GET /v1/order/${String(buttonId)} 200`]);
  });

  it('an update of an order that was deleted in the meantime is quarantined, not sent', async () => {
    const id = orderId();
    await reportOrder(message('created', id), ports());
    await reportOrder(message('cancelled', id, { sequence: 9 }), ports({ ledger: forgetfulLedger() }));
    const update = message('updated', id, { sequence: 2, changes: { customer_order_id: 'x' } });

    expect(await reportOrder(update, ports(restored))).toBe('quarantined');
    expect(await quarantined(update.messageId)).toMatchObject({ reasons: [{ code: 'deleted_at_button' }] });
  });

  it('a creation that is sent again without a time is old if its purchase is: it is not doubled', async () => {
    const id = orderId();
    button.controls.setWorld({ duplicateCreate: 'second-order', readIds: 'button' });
    const again = message('created', id, { changes: { btn_ref: undefined } });
    await reportOrder(again, ports({ ledger: forgetfulLedger() }));
    clock = new Date('2026-06-01T14:00:00.000Z');

    await reportOrder({ ...again, sentAt: clock }, ports(restored));

    expect(button.controls.orders().filter((order) => order['order_id'] === id)).toHaveLength(1);
  });

  it('what was reported since then is trusted again', async () => {
    const id = orderId();
    clock = new Date('2026-06-01T14:00:00.000Z');
    const purchase_date = clock.toISOString();
    await reportOrder(message('created', id, { changes: { purchase_date } }), ports(restored));

    await reportOrder(
      message('updated', id, { sequence: 2, changes: { customer_order_id: 'x', purchase_date } }),
      ports(restored),
    );

    expect(requests()).toEqual(['POST /v1/order 200', `POST /v1/order/${buttonId()} 200`]);
  });
});

describe('while the breaker is open', () => {
  const watched = async (): Promise<Partial<ReportOrderPorts>> => {
    const store = createInMemoryBreakerStore();
    await store.write(openBreaker(undefined, 'outage', clock), 0);
    return { breaker: createBreakerWatch({ store, now: () => clock }) };
  };

  it('a new order is stored with one write, and no call is made (B4)', async () => {
    const id = orderId();

    const outcome = await reportOrder(message('created', id), ports(await watched()));

    expect([outcome, await progress(id)]).toEqual(['waiting', 'waiting']);
    expect(dynamodb.counts()).toMatchObject({ PutItem: 1 });
    expect(requests()).toEqual([]);
    expect(await ledger.listDue(clock, 10)).toHaveLength(1);
    await reportOrder(retry(id), ports());
  });

  it('only the probe is sent; when it succeeds, all orders are', async () => {
    const [first, second] = [orderId(), orderId()];
    const breaker = await watched();
    await reportOrder(message('created', first), ports(breaker));
    await reportOrder(message('created', second), ports(breaker));

    const outcomes = [
      await reportOrder(retry(second), ports(breaker)),
      await reportOrder(retry(first, { isProbe: true }), ports(breaker)),
      await reportOrder(retry(second), ports(breaker)),
    ];

    expect(outcomes).toEqual(['waiting', 'reported', 'reported']);
  });

  it('a probe without an order is one harmless read, after which orders are sent again', async () => {
    const breaker = await watched();
    const probe = { messageId: 'probe', body: PROBE_MESSAGE, sentAt: clock };

    const outcomes = [
      await reportOrder(probe, ports(breaker)),
      await reportOrder(message('created', orderId()), ports(breaker)),
    ];

    expect(outcomes).toEqual(['probed', 'reported']);
    expect(requests()).toEqual(['GET /v1/order/button-serverless-probe 404', 'POST /v1/order 200']);
  });
});

it('while the brand is paused, not even a probe that was under way is sent', async () => {
  const store = createInMemoryBreakerStore();
  await store.write(pauseBrand(undefined, 'wrong prices', clock), 0);
  const breaker = createBreakerWatch({ store, now: () => clock });
  const id = orderId();

  const outcomes = [
    await reportOrder(message('created', id), ports({ breaker })),
    await reportOrder(retry(id), ports({ breaker })),
    await reportOrder(retry(id, { isProbe: true }), ports({ breaker })),
    await reportOrder({ messageId: 'probe', body: PROBE_MESSAGE, sentAt: clock }, ports({ breaker })),
  ];

  expect(outcomes).toEqual(['waiting', 'waiting', 'waiting', 'probed']);
  expect(requests()).toEqual([]);
  await reportOrder(retry(id), ports());
});

it('keeps no key in the ledger (S5)', async () => {
  const id = orderId();

  await reportOrder(message('created', id), ports());

  expect(JSON.stringify(await ledger.read(id))).not.toContain('sk-simulated-brand');
});
