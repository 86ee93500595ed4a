import { readFileSync } from 'node:fs';

import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import {
  reportOrder,
  type OrderMessage,
  type ReportOrderPorts,
} from '../../../functions/order-reporter/report-order.ts';
import { startButtonSimulator, type ButtonSimulator } from '../../../local/button-simulator/simulator.ts';
import { createButtonHttp, type ButtonHttp } from '../../../shared/button/button-http.ts';
import { createOrderApi } from '../../../shared/button/order-api.ts';
import type { Measured } from '../../../shared/domain/metrics.ts';
import { wakeUpMessage } from '../../../shared/domain/order-report.ts';
import { createOrderReportStore, type OrderReportStore } from '../../../shared/store/order-report-store.ts';
import { createQuarantineStore } from '../../../shared/store/quarantine-store.ts';
import { unpackText } from '../../../shared/store/packed-json.ts';
import { startTestDynamoDB, type TestDynamoDB } from '../../emulators/dynamodb.ts';

const sample = JSON.parse(
  readFileSync(new URL('../../fixtures/button/order-create.json', import.meta.url), 'utf8'),
) as Record<string, unknown> & { order_id: string };

let dynamodb: TestDynamoDB;
let button: ButtonSimulator;
let http: ButtonHttp;
let ledger: OrderReportStore;
let measured: Measured[];
let clock: Date;
let nextId = 0;

beforeAll(async () => {
  dynamodb = await startTestDynamoDB();
  button = await startButtonSimulator();
  http = createButtonHttp({ baseUrl: button.url, timeoutMs: 500 });
  ledger = createOrderReportStore({
    client: dynamodb.client,
    table: dynamodb.tables.orderReports,
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

function wakeUp(id: string): OrderMessage {
  nextId += 1;
  return { messageId: `message-${nextId}`, body: wakeUpMessage(id), sentAt: clock };
}

function later(seconds: number): void {
  clock = new Date(clock.getTime() + seconds * 1000);
}

/** Method, path and status of what Button was asked since the last reset. */
function requests(): string[] {
  return button.controls.requests().map(({ method, path, status }) => `${method} ${path} ${status}`);
}

async function progress(id: string): Promise<string | undefined> {
  return (await ledger.read(id))?.thing.progress.state;
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
  it('is reported with one call and two writes of one unit each', async () => {
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

  it('says what it was worth, and how long the report took', async () => {
    const sent = message('created', orderId());
    later(3);

    await reportOrder(sent, ports());

    expect(measured).toContainEqual({ name: 'ReportDelaySeconds', value: 3 });
    expect(measured).toContainEqual({
      name: 'ReportedAmountMinor',
      value: 7350,
      dimensions: { Brand: 'acme', Currency: 'USD' },
    });
  });
});

describe('later versions', () => {
  it('become an update of the whole order and a cancellation', async () => {
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
    expect((await ledger.read(id))?.thing.reported).toMatchObject({
      kind: 'cancelled',
      buttonOrderId: expect.stringMatching(/^btnorder-/) as string,
    });
    expect(requests()).toEqual([
      `POST /v1/order 200`,
      `POST /v1/order/${id} 200`,
      `DELETE /v1/order/${id} 200`,
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
    expect(requests()).toEqual(['POST /v1/order 200', `DELETE /v1/order/${id} 200`]);
  });

  it('suppress a create that comes after its cancellation (A4)', async () => {
    const id = orderId();

    const outcomes = [
      await reportOrder(message('cancelled', id, { sequence: 2 }), ports()),
      await reportOrder(message('created', id, { sequence: 1 }), ports()),
    ];

    expect(outcomes).toEqual(['reported', 'ignored-after-cancel']);
    expect(requests()).toEqual([`DELETE /v1/order/${id} 404`]);
  });

  it('turn an update of an order that nobody knows into a create (A6)', async () => {
    const id = orderId();

    const outcome = await reportOrder(message('updated', id, { sequence: 7 }), ports());

    expect(outcome).toBe('reported');
    expect(requests()).toEqual([`GET /v1/order/${id} 404`, 'POST /v1/order 200']);
  });

  it('adopt an order that Button knows and the ledger does not', async () => {
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
  it('is kept with its bytes and every reason, and Button is not asked (A7, B9)', async () => {
    const bad = message('created', orderId(), { changes: { total: 1, currency: 'XXL' } });

    const outcome = await reportOrder(bad, ports());

    const kept = await quarantined(bad.messageId);
    expect(outcome).toBe('quarantined');
    expect(requests()).toEqual([]);
    expect(unpackText(kept?.['bytes'] as Uint8Array).toString()).toBe(bad.body);
    expect((kept?.['reasons'] as unknown[]).length).toBeGreaterThanOrEqual(2);
  });

  it.each([
    '',
    'not json',
    '\uFEFF{}',
    '[]',
    '{"wakeUp":{"orderId":"nobody-knows"}}',
    '{"wakeUp":',
    '['.repeat(100_000),
  ])('that is no order event at all is quarantined too (A18): %#', async (body) => {
    const bad = { messageId: `bad-${(nextId += 1)}`, body, sentAt: clock };

    expect(await reportOrder(bad, ports())).toBe('quarantined');
    expect(await quarantined(bad.messageId)).toBeDefined();
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

describe('what Button does not take', () => {
  it('waits in the ledger and is reported when the sweep wakes it (B3)', async () => {
    const id = orderId();
    button.controls.addFault({ on: 'api', match: { method: 'POST' }, answer: { status: 503 } });

    const first = await reportOrder(message('created', id), ports());
    const tooEarly = await ledger.listDue(clock, 10);
    later(2);
    const due = await ledger.listDue(clock, 10);
    const second = await reportOrder(wakeUp(id), ports());

    expect([first, second]).toEqual(['waiting', 'reported']);
    expect(tooEarly).toEqual([]);
    expect(due.map(({ orderId: it }) => it)).toEqual([id]);
    expect(await ledger.listDue(clock, 10)).toEqual([]);
  });

  it('goes to quarantine when the refusal is final, and a newer version moves on (B5)', async () => {
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

  it('waits while the key is refused, and counts it (B4)', async () => {
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
      const early = await reportOrder(wakeUp(id), ports());
      later(61);
      const second = await reportOrder(wakeUp(id), ports());

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
        write: (report, revision) => {
          writes += 1;
          return writes > 1 ? Promise.reject(new Error('killed')) : ledger.write(report, revision);
        },
      };

      await expect(reportOrder(created, ports({ ledger: dying }))).rejects.toThrow('killed');
      later(40);
      const redelivered = await reportOrder(created, ports());
      later(61);
      const woken = await reportOrder(wakeUp(id), ports());

      expect([redelivered, woken]).toEqual(['waiting', 'reported']);
      expect(button.controls.orders().filter((order) => order['order_id'] === id)).toHaveLength(1);
    });
  },
);

it('keeps no key in the ledger (S5)', async () => {
  const id = orderId();

  await reportOrder(message('created', id), ports());

  expect(JSON.stringify(await ledger.read(id))).not.toContain('sk-simulated-brand');
});
