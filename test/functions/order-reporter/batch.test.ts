import { readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';

import type { SQSRecord } from 'aws-lambda';
import { expect, it } from 'vitest';

import { createBreakerWatch } from '../../../functions/order-reporter/breaker-watch.ts';
import { reportOrder } from '../../../functions/order-reporter/report-order.ts';
import type { OrderApi, OrderApiAnswer } from '../../../shared/button/order-api.ts';
import { processBatch } from '../../../shared/runtime/sqs-batch.ts';
import {
  createInMemoryBreakerStore,
  createInMemoryLedger,
  createInMemoryQuarantine,
} from '../../fakes/in-memory-stores.ts';

const sample = JSON.parse(
  readFileSync(new URL('../../fixtures/button/order-create.json', import.meta.url), 'utf8'),
) as object;

function record(index: number): SQSRecord {
  const orderId = `order-${index}`;
  const body = JSON.stringify({
    specversion: '1.0',
    id: `event-${index}`,
    source: 'https://shop.example',
    type: 'order.created.v1',
    subject: orderId,
    sequence: '1',
    data: { ...sample, order_id: orderId },
  });
  return { messageId: `message-${index}`, body, attributes: { MessageGroupId: orderId } } as SQSRecord;
}

it('a batch of ten orders in ten groups takes as long as one call to Button, not ten: all calls start before any is answered', async () => {
  let [asked, answered, askedAtFirstAnswer] = [0, 0, 0];
  const answer = async (): Promise<OrderApiAnswer> => {
    asked += 1;
    // Many turns of the event loop, so that everything that can start does.
    for (let turn = 0; turn < 20; turn += 1) await setImmediate();
    if (answered === 0) askedAtFirstAnswer = asked;
    answered += 1;
    return { answer: 'done', acceptedOnly: false };
  };
  const orderApi: OrderApi = {
    create: answer,
    update: answer,
    cancel: answer,
    get: answer,
    getByToken: answer,
  };
  const ledger = createInMemoryLedger();

  const { batchItemFailures } = await processBatch({
    records: Array.from({ length: 10 }, (_, index) => record(index)),
    timeLeft: () => true,
    handle: async ({ messageId, body }) => {
      await reportOrder(
        { messageId, body, sentAt: new Date() },
        {
          brand: 'acme',
          settings: { orderBy: 'sequence', testTokens: 'allow', allowFinalizationDate: false },
          policy: { quietTimeMs: 60_000, retryBaseMs: 1000, retryMaxMs: 900_000, jitter: () => 1 },
          ledger,
          quarantine: createInMemoryQuarantine(),
          breaker: createBreakerWatch({ store: createInMemoryBreakerStore(), now: () => new Date() }),
          orderApi,
          metrics: { add: () => undefined },
          now: () => new Date(),
          claimant: () => ({ owner: 'run', leaseMs: 30_000 }),
        },
      );
    },
  });

  expect(batchItemFailures).toEqual([]);
  expect(ledger.all().filter(({ progress }) => progress.state === 'settled')).toHaveLength(10);
  expect(askedAtFirstAnswer).toBe(10);
});
