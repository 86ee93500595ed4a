import { createHash, createHmac, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { everythingIsLive } from '../../fakes/cut-over.ts';
import { createCheckoutStore } from '../../../shared/transactions/store/checkout-store.ts';
import {
  receiveEvent,
  type ReceiveEventPorts,
  type WebhookRequest,
} from '../../../functions/webhook-receiver/receive-event.ts';
import type { WebhookSecret } from '../../../shared/validation/webhooks/signature.ts';
import type { Measured } from '../../../shared/runtime/metric-definitions.ts';
import { recordStatus } from '../../../shared/validation/webhooks/transaction.ts';
import { deferredMessage, readDeferredMessage } from '../../../shared/transactions/deferred-webhook.ts';
import { applyWebhook } from '../../../shared/transactions/apply-webhook.ts';
import { createSampler } from '../../../shared/runtime/sampler.ts';
import type { SecretResult } from '../../../shared/runtime/secret.ts';
import { createQuarantineStore, type QuarantineEntry } from '../../../shared/quarantine/quarantine-store.ts';
import {
  createTransactionStore,
  type TransactionStore,
} from '../../../shared/transactions/store/transaction-store.ts';
import { shopperTotals } from '../../../shared/transactions/store/shopper-index.ts';
import { startTestDynamoDB, type TestDynamoDB } from '../../emulators/dynamodb.ts';

const SECRETS: WebhookSecret[] = [{ name: 'main', secret: 'whsec-1' }];

let dynamodb: TestDynamoDB;
let transactions: TransactionStore;
let deferred: { body: Uint8Array; receivedAt: string }[];
let measured: Measured[];
let nextOrder = 0;

beforeAll(async () => {
  dynamodb = await startTestDynamoDB();
  transactions = createTransactionStore({
    client: dynamodb.client,
    table: dynamodb.tables.transactions,
    shopperField: 'publisher_customer_id',
  });
});

afterAll(async () => {
  await dynamodb.close();
});

beforeEach(() => {
  deferred = [];
  measured = [];
  nextOrder += 1;
  dynamodb.resetCounts();
});

function ports(changes: Partial<ReceiveEventPorts> = {}): ReceiveEventPorts {
  const reading: SecretResult<WebhookSecret[]> = { status: 'set', value: SECRETS };
  return {
    secrets: { read: () => Promise.resolve(reading), refresh: () => Promise.resolve(reading) },
    transactions,
    checkouts: createCheckoutStore({ client: dynamodb.client, table: dynamodb.tables.transactions }),
    quarantine: createQuarantineStore({
      client: dynamodb.client,
      table: dynamodb.tables.quarantine,
      retentionDays: 30,
    }),
    defer: (event) => {
      deferred.push(event);
      return Promise.resolve();
    },
    forgeries: createSampler(10_000, () => 0),
    cutOver: everythingIsLive,
    metrics: { add: (one) => measured.push(one) },
    now: () => new Date('2026-06-01T12:00:00.000Z'),
    ...changes,
  };
}

function signed(body: Uint8Array, secret = 'whsec-1'): WebhookRequest {
  return { body, signature: createHmac('sha256', secret).update(body).digest('hex') };
}

/** A documented webhook body with this test's own order. */
function webhook(name: string, changes: object = {}): Buffer {
  const body = JSON.parse(
    readFileSync(new URL(`../../fixtures/button/${name}.json`, import.meta.url), 'utf8'),
  ) as { data: Record<string, unknown> };
  const data = { ...body.data, button_order_id: `btnorder-${nextOrder}`, ...changes };
  return Buffer.from(JSON.stringify({ ...body, data }));
}

const broken: TransactionStore = {
  read: () => Promise.reject(new Error('throttled')),
  find: () => Promise.reject(new Error('throttled')),
  putAlias: () => Promise.reject(new Error('throttled')),
  readMany: () => Promise.reject(new Error('throttled')),
  write: () => Promise.reject(new Error('throttled')),
};

async function stored() {
  return (await transactions.read(`order#btnorder-${nextOrder}`))?.value;
}

describe('receiveEvent', () => {
  it('stores a new purchase with its alias, without reading it: two writes, four write units with the shopper index', async () => {
    const outcome = await receiveEvent(signed(webhook('webhook-tx-pending')), ports());

    expect(outcome).toBe('applied');
    expect(dynamodb.counts()).toEqual({ PutItem: 2 });
    expect(dynamodb.writeUnits()).toBeLessThanOrEqual(4);
  });

  it('answers a repeat of a first version after a refused write and one read, under the same event id and a new attempt (C10)', async () => {
    await receiveEvent(signed(webhook('webhook-tx-pending')), ports());
    dynamodb.resetCounts();

    const outcome = await receiveEvent(signed(webhook('webhook-tx-pending')), ports());

    expect(outcome).toBe('unchanged');
    expect(dynamodb.counts()).toEqual({ PutItem: 1, GetItem: 1 });
  });

  it('answers a repeat of a final version after one read alone (C10)', async () => {
    await receiveEvent(signed(webhook('webhook-tx-validated')), ports());
    dynamodb.resetCounts();

    const outcome = await receiveEvent(signed(webhook('webhook-tx-validated')), ports());

    expect(outcome).toBe('unchanged');
    expect(dynamodb.counts()).toEqual({ GetItem: 1 });
  });

  it.each([
    ['a wrong secret', (body: Buffer) => signed(body, 'other')],
    ['no signature', (body: Buffer) => ({ body, signature: undefined })],
    [
      'a changed body',
      (body: Buffer) => ({ ...signed(body), body: Buffer.concat([body, Buffer.from('\n')]) }),
    ],
  ])('refuses %s and writes nothing (C1, C15)', async (_name, forge) => {
    const outcome = await receiveEvent(forge(webhook('webhook-tx-pending')), ports());

    expect(outcome).toBe('forged');
    expect(dynamodb.counts()).toEqual({});
  });

  it('accepts a secret that has just been set, after reading the secrets again (C12)', async () => {
    const renewed = {
      read: () => ports().secrets.read(),
      refresh: () =>
        Promise.resolve({ status: 'set', value: [...SECRETS, { name: 'new', secret: 'whsec-2' }] } as const),
    };

    const outcome = await receiveEvent(
      signed(webhook('webhook-tx-pending'), 'whsec-2'),
      ports({ secrets: renewed }),
    );

    expect(outcome).toBe('applied');
    expect(measured).toContainEqual({ name: 'WebhooksBySecret', value: 1, dimensions: { Secret: 'new' } });
  });

  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['no signature at all', 'sha256=x'],
  ])(
    'does not read the secrets again for a signature that no secret can have made: %s (C1, C15)',
    async (_, signature) => {
      let refreshes = 0;
      const { secrets } = ports();
      const refresh = () => {
        refreshes += 1;
        return secrets.refresh();
      };

      const outcome = await receiveEvent(
        { body: webhook('webhook-tx-pending'), signature },
        ports({ secrets: { ...secrets, refresh } }),
      );

      expect([outcome, refreshes]).toEqual(['forged', 0]);
    },
  );

  it.each(['not-set', 'malformed'] as const)(
    'asks Button to send a webhook again that no secret fits when they are %s: it may be authentic (C12, C13)',
    async (status) => {
      const refresh = () => Promise.resolve({ status });

      const outcome = await receiveEvent(
        signed(webhook('webhook-tx-pending'), 'whsec-2'),
        ports({ secrets: { ...ports().secrets, refresh } }),
      );

      expect(outcome).toBe('not-configured');
      expect(await stored()).toBeUndefined();
    },
  );

  it.each(['not-set', 'malformed', 'unreachable'] as const)(
    'accepts nothing while the secrets are %s (C13, F10)',
    async (status) => {
      const read = () => Promise.resolve({ status });

      const outcome = await receiveEvent(
        signed(webhook('webhook-tx-pending')),
        ports({ secrets: { read, refresh: read } }),
      );

      expect(outcome).toBe('not-configured');
    },
  );

  it('keeps the raw bytes of what it does not understand (C3, C4, C5)', async () => {
    const body = Buffer.from('{"id":"hook-odd","event_type":"odd"}');
    const kept: QuarantineEntry[] = [];
    const quarantine = { put: (entry: QuarantineEntry) => Promise.resolve({ isNew: kept.push(entry) > 0 }) };

    const outcome = await receiveEvent(signed(body), ports({ quarantine }));

    expect(outcome).toBe('quarantined');
    expect(kept).toMatchObject([
      { kind: 'webhook', id: createHash('sha256').update(body).digest('hex'), bytes: body },
    ]);
  });

  it('defers an authentic event while the table is down, and the function `deferred-webhooks` applies the same bytes later (C6, F1)', async () => {
    const body = webhook('webhook-tx-pending');

    const outcome = await receiveEvent(signed(body), ports({ transactions: broken }));
    const [event] = deferred.map((it) => readDeferredMessage(deferredMessage(it)));
    const applied = event && (await applyWebhook(event, ports()));

    expect(outcome).toBe('deferred');
    expect(Buffer.from(event?.body ?? [])).toEqual(body);
    expect(applied).toBe('applied');
    expect(await stored()).toBeDefined();
  });

  it('asks Button to send it again only if nothing could be stored anywhere (C6)', async () => {
    const defer = () => Promise.reject(new Error('down'));

    const outcome = await receiveEvent(
      signed(webhook('webhook-tx-pending')),
      ports({ transactions: broken, quarantine: { put: defer }, defer }),
    );

    expect(outcome).toBe('unavailable');
  });

  it('keeps the bytes in quarantine if the table is down and the queue does not accept them (C6, C14)', async () => {
    const body = webhook('webhook-tx-pending', { description: randomBytes(900_000).toString('base64') });
    const kept: QuarantineEntry[] = [];

    const outcome = await receiveEvent(
      signed(body),
      ports({
        transactions: broken,
        quarantine: { put: (entry) => Promise.resolve({ isNew: kept.push(entry) > 0 }) },
        defer: () => Promise.reject(new Error('message too long')),
      }),
    );

    expect(outcome).toBe('quarantined');
    expect(kept).toMatchObject([{ kind: 'webhook', bytes: body, reasons: [{ code: 'not_stored' }] }]);
  });

  it('accepts an odd webhook, and counts it by its flag alone (C4, D5, D8)', async () => {
    const body = webhook('webhook-tx-pending', {
      loyalty_tier: 'SENTINEL',
      category: 'gift-order',
      amount: 1,
    });

    const outcome = await receiveEvent(signed(body), ports());

    const flags = measured.flatMap((one) => (one.name === 'WebhookFlags' ? [one.dimensions.Flag] : []));
    expect(outcome).toBe('applied');
    expect(flags).toEqual(['unknown_category', 'commission_mismatch', 'unknown_field']);
    expect(JSON.stringify(measured)).not.toContain('SENTINEL');
  });

  it('counts an order that comes under a second Button id (D6)', async () => {
    await receiveEvent(signed(webhook('webhook-tx-pending')), ports());

    await receiveEvent(signed(webhook('webhook-tx-pending', { id: 'tx-another' })), ports());
    await receiveEvent(signed(webhook('webhook-tx-pending', { id: 'tx-another' })), ports());

    expect(measured.filter(({ name }) => name === 'WebhookFlags')).toEqual([
      { name: 'WebhookFlags', value: 1, dimensions: { Flag: 'several_button_ids' } },
    ]);
  });

  it('counts a flood of forgeries without a line for each (C15, S27)', async () => {
    let nowMs = 0;
    const flooded = ports({ forgeries: createSampler(10_000, () => nowMs) });

    for (let sent = 0; sent < 1000; sent += 1) {
      await receiveEvent({ body: Buffer.from('{}'), signature: 'f'.repeat(64) }, flooded);
      nowMs += 20;
    }

    expect(measured).toEqual([
      { name: 'WebhooksForged', value: 1 },
      { name: 'WebhooksForged', value: 500 },
    ]);
  });

  it('ends in the same state whatever the order of arrival (D1, D2)', async () => {
    const bodies = ['webhook-tx-validated', 'webhook-tx-pending', 'webhook-tx-pending-adjusted'].map((name) =>
      webhook(name),
    );

    for (const body of bodies) await receiveEvent(signed(body), ports());

    const record = await stored();
    expect(record && recordStatus(record)).toBe('validated');
  });

  it('loses nothing when versions are stored at the same time (D10)', async () => {
    const bodies = ['webhook-tx-pending', 'webhook-tx-pending-adjusted', 'webhook-tx-validated'].map((name) =>
      webhook(name),
    );

    const outcomes = await Promise.all(bodies.map((body) => receiveEvent(signed(body), ports())));

    const record = await stored();
    expect(outcomes).not.toContain('unavailable');
    expect(record && recordStatus(record)).toBe('validated');
  });
});

describe('shopperTotals', () => {
  it('sums a shopper by status and currency, without app installs (D7)', async () => {
    const shopper = { publisher_customer_id: `shopper-${nextOrder}` };
    await receiveEvent(signed(webhook('webhook-tx-pending', shopper)), ports());
    await receiveEvent(
      signed(webhook('webhook-app-install', { ...shopper, button_order_id: null })),
      ports(),
    );

    const { totals } = await shopperTotals(
      { client: dynamodb.client, table: dynamodb.tables.transactions },
      shopper.publisher_customer_id,
      { now: () => new Date() },
    );

    expect(totals).toEqual([{ status: 'pending', currency: 'USD', amountMinor: 368, transactions: 1 }]);
  });
});
