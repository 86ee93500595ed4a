import { parseJson } from '@button-serverless/validation/json';
import { readMessageOrderId } from '@button-serverless/validation/orders';
import * as z from 'zod';

import { brandName } from '../../infra/order-reporting-config.ts';
import { readEnvelope } from '../../shared/button/webhook-envelope.ts';
import { readRetryMessage } from '../../shared/orders/rules/retry-message.ts';
import { readReadMessage } from '../../shared/reconciliation/rules/read-message.ts';
import { readDeferredMessage } from '../../shared/transactions/deferred-webhook.ts';
import type { Flow } from '../command.ts';
import type { DeployedStage } from '../stage.ts';

/** A queue of the stage whose messages may end in a dead-letter queue. */
export type StageQueue = {
  /** `orders:BRAND`, `deferred-webhooks`, `reads` or `rewards`. */
  name: string;
  flow: Flow;
  url: string;
  /** What a message is about, as far as that can be read. No personal data. */
  about: (body: string) => MessageSubject;
};

/** What a message is about. */
export type MessageSubject = {
  orderId?: string;
  webhookId?: string;
  account?: string;
  stream?: string;
  transactionKey?: string;
};

/** The queues of a stage, those of each brand first. */
export function stageQueues({ brands, output, outputNames }: DeployedStage): StageQueue[] {
  const ofBrands = brands.map((brand) => ({
    name: `orders:${brand}`,
    flow: 'orders' as const,
    url: output(`OrderQueueUrl${brandName(brand)}`),
    about: orderOf,
  }));
  if (!outputNames.includes('ReadQueueUrl')) return ofBrands;
  const deferred = { url: output('DeferredWebhooksQueueUrl'), about: webhookOf };
  const reads = { url: output('ReadQueueUrl'), about: streamOf };
  return [
    ...ofBrands,
    { name: 'deferred-webhooks', flow: 'transactions', ...deferred },
    { name: 'reads', flow: 'transactions', ...reads },
    ...(outputNames.includes('RewardQueueUrl')
      ? [
          {
            name: 'rewards',
            flow: 'transactions' as const,
            url: output('RewardQueueUrl'),
            about: transactionOf,
          },
        ]
      : []),
  ];
}

function orderOf(body: string): MessageSubject {
  const orderId = readRetryMessage(body)?.orderId ?? readMessageOrderId(body);
  return orderId === undefined ? {} : { orderId };
}

function webhookOf(body: string): MessageSubject {
  try {
    const { eventId } = readEnvelope(readDeferredMessage(body).body);
    return eventId === undefined ? {} : { webhookId: eventId };
  } catch {
    return {};
  }
}

function streamOf(body: string): MessageSubject {
  const { account, stream } = readReadMessage(body) ?? {};
  return account === undefined || stream === undefined ? {} : { account, stream };
}

const EventSchema = z.object({ detail: z.object({ transactionKey: z.string() }) });

function transactionOf(body: string): MessageSubject {
  const event = EventSchema.safeParse(parseJson(body));
  return event.success ? { transactionKey: event.data.detail.transactionKey } : {};
}
