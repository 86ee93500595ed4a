import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { DynamoDBServiceException } from '@aws-sdk/client-dynamodb';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { createBreakerWatch } from '../../functions/order-reporter/breaker-watch.ts';
import { reportOrder } from '../../functions/order-reporter/report-order.ts';
import { receiveEvent, type ReceiveEventPorts } from '../../functions/webhook-receiver/receive-event.ts';
import { apiKeyProblem, parseApiKey } from '../../shared/button/api-key.ts';
import { parseWebhookSecrets } from '../../shared/button/webhook-secrets.ts';
import type { ReceivedWebhook } from '../../shared/ingest/apply-webhook.ts';
import { createSampler } from '../../shared/runtime/sampler.ts';
import { cachedSecret } from '../../shared/runtime/secret.ts';
import {
  createInMemoryBreakerStore,
  createInMemoryLedger,
  createInMemoryQuarantine,
} from '../fakes/in-memory-stores.ts';
import { createInMemoryTransactions } from '../fakes/in-memory-transactions.ts';
import pending from '../fixtures/button/webhook-tx-pending.json' with { type: 'json' };

const now = (): Date => new Date('2026-06-01T12:00:00.000Z');

/** How Secrets Manager answers where the secret is marked for deletion, its key is disabled, or the right to use it is gone. */
const REFUSALS = ['InvalidRequestException', 'DecryptionFailure', 'AccessDeniedException'];

/** A Secrets Manager that gives a value until it refuses, and the milliseconds that have passed. */
function vault(value: string) {
  const state: { refusal: string | undefined; nowMs: number } = { refusal: undefined, nowMs: 0 };
  const send = () =>
    state.refusal === undefined
      ? Promise.resolve({ SecretString: value })
      : Promise.reject(Object.assign(new Error('refused'), { name: state.refusal }));
  return { state, client: { send } as unknown as SecretsManagerClient, now: () => state.nowMs };
}

function receiver(changes: Partial<ReceiveEventPorts> = {}) {
  const { state, ...secretsManager } = vault('[{"name":"main","secret":"whsec-1"}]');
  const transactions = createInMemoryTransactions();
  const deferred: ReceivedWebhook[] = [];
  const ports: ReceiveEventPorts = {
    secrets: cachedSecret({ ...secretsManager, secretId: 's', parse: parseWebhookSecrets }),
    transactions,
    quarantine: createInMemoryQuarantine(),
    metrics: { add: () => undefined },
    forgeries: createSampler(1000, () => 0),
    defer: (event) => Promise.resolve(void deferred.push(event)),
    now,
    ...changes,
  };
  const body = Buffer.from(JSON.stringify(pending));
  const receive = (secret = 'whsec-1') =>
    receiveEvent({ body, signature: createHmac('sha256', secret).update(body).digest('hex') }, ports);
  return { state, transactions, deferred, receive };
}

beforeEach(() => {
  for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(console, level).mockReturnValue();
});

afterEach(() => vi.restoreAllMocks());

describe.each(REFUSALS)('while Secrets Manager answers %s', (refusal) => {
  it('a receiver that never had the secrets accepts nothing and stores nothing, and Button sends it again (F7)', async () => {
    const { state, transactions, deferred, receive } = receiver();
    state.refusal = refusal;

    const outcomes = [await receive(), await receive('forged')];

    expect(outcomes).toEqual(['not-configured', 'not-configured']);
    expect([transactions.all(), deferred]).toEqual([[], []]);
  });

  it('a receiver that had the secrets goes on with them (F7)', async () => {
    const { state, receive } = receiver();
    await receive('forged');
    state.refusal = refusal;
    state.nowMs += 600_000;

    expect([await receive('forged'), await receive()]).toEqual(['forged', 'applied']);
  });

  it('a reporter keeps its orders in the ledger, calls nobody, and reports them once it has the key (F7)', async () => {
    const { state, ...secretsManager } = vault('sk-live');
    state.refusal = refusal;
    const secret = cachedSecret({ ...secretsManager, secretId: 's', parse: parseApiKey });
    const ledger = createInMemoryLedger();
    const key = await secret.read();
    if (key.status === 'set') throw new Error('nobody can read it');

    const outcome = await reportOrder(message(), {
      brand: 'acme',
      settings: { orderBy: 'sequence', testTokens: 'allow', allowFinalizationDate: false },
      policy: { quietTimeMs: 60_000, retryBaseMs: 1000, retryMaxMs: 900_000, jitter: () => 1 },
      ledger,
      quarantine: createInMemoryQuarantine(),
      breaker: createBreakerWatch({ store: createInMemoryBreakerStore(), now }),
      orderApi: apiKeyProblem(key),
      metrics: { add: () => undefined },
      now,
      claimant: () => ({ owner: 'run', leaseMs: 30_000 }),
    });

    expect(outcome).toBe('waiting');
    expect(ledger.all()).toMatchObject([
      { progress: { state: 'waiting', reason: 'api_key_unreachable' }, newest: { kind: 'created' } },
    ]);
    state.refusal = undefined;
    expect(await secret.refresh()).toEqual({ status: 'set', value: 'sk-live' });
  });
});

describe("while the table's own key is disabled", () => {
  it('an authentic webhook waits on the queue (F7)', async () => {
    const disabled = () =>
      Promise.reject(
        new DynamoDBServiceException({ name: 'AccessDeniedException', $fault: 'client', $metadata: {} }),
      );
    const { deferred, receive } = receiver({
      transactions: { read: disabled, readMany: disabled, write: disabled },
    });

    expect(await receive()).toBe('deferred');
    expect(deferred).toHaveLength(1);
  });
});

function message() {
  const sample = JSON.parse(
    readFileSync(new URL('../fixtures/button/order-create.json', import.meta.url), 'utf8'),
  ) as object;
  const body = JSON.stringify({
    ...{ specversion: '1.0', id: 'event-1', source: 'https://shop.example', type: 'order.created.v1' },
    ...{ subject: 'o-1', sequence: '1', data: { ...sample, order_id: 'o-1' } },
  });
  return { messageId: 'message-1', body, sentAt: now() };
}
