import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';

import type { Endpoints } from '../../local/system.ts';
import { readQuarantine, type QuarantinedReasons } from '../../local/tour/quarantine.ts';
import { messageDeduplicationId, messageGroupId } from '../../shared/validation/orders/order-event.ts';
import type { LedgerEntry } from '../../shared/orders/rules/order-ledger.ts';
import type { TransactionRecord } from '../../shared/validation/webhooks/transaction.ts';
import { createOrderLedger } from '../../shared/orders/store/order-ledger-store.ts';
import { createTransactionStore } from '../../shared/transactions/store/transaction-store.ts';

/**
 * A message for the order queue. A message that `orderEvent` did not write gives its group and its
 * deduplication id.
 */
export type QueueMessage = { body: string; groupId: string; deduplicationId: string };

const BusEventsSchema = z.array(
  z.object({
    'detail-type': z.string(),
    detail: z.looseObject({
      transactionKey: z.string(),
      version: z.number(),
      delivery: z.string(),
      status: z.string(),
      amountMinor: z.number().nullable(),
    }),
  }),
);

const MetricsSchema = z.array(z.record(z.string(), z.unknown()));

/** The events on the bus. */
export type BusEvents = z.infer<typeof BusEventsSchema>;

/** A running system as its users see it: only its public endpoints. */
export type SystemClient = {
  /** Sends one message and returns its id. */
  send: (message: QueueMessage) => Promise<string>;
  /** Sends in batches of ten, as producers do. Returns the message ids in the same order. */
  sendAll: (messages: readonly QueueMessage[]) => Promise<string[]>;
  /** Whether the order queue has no message to receive and none in flight. */
  isOrderQueueEmpty: () => Promise<boolean>;
  /**
   * How many messages are in the dead-letter queue, because they killed the reporter or failed again and
   * again.
   */
  deadLetters: () => Promise<number>;
  ledgerEntry: (orderId: string) => Promise<LedgerEntry | undefined>;
  /** Why an order message is in quarantine. */
  reasons: (messageId: string) => Promise<QuarantinedReasons | undefined>;
  /** By `order#<Button's order id>` or `tx#<Button's transaction id>`. */
  transaction: (key: string) => Promise<TransactionRecord | undefined>;
  /** All items of a table. */
  items: (table: string) => Promise<Record<string, unknown>[]>;
  postWebhook: (body: Uint8Array, signature: string | undefined) => Promise<number>;
  /** Returns the status. */
  reconcile: () => Promise<number>;
  /** The events of one transaction, oldest first; without a key, of all. */
  events: (transactionKey?: string) => Promise<BusEvents>;
  /** A metric's values so far, summed over all dimensions. */
  metricSum: (name: string) => Promise<number>;
  close: () => void;
};

/** Connects to a running system as one of its brands (by default the first) and as the publisher. */
export function connectSystem(
  endpoints: Endpoints,
  { brand = 'acme', queueUrl = endpoints.orderQueueUrl ?? '' } = {},
): SystemClient {
  const local = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
  const sqs = new SQSClient({ ...local, endpoint: endpoints.sqsEndpoint });
  const client = new DynamoDBClient({ ...local, endpoint: endpoints.dynamodbEndpoint });
  const tableOf = (logicalName: string): string => {
    const table = endpoints.tables[logicalName];
    if (table === undefined) throw new Error(`There is no table ${logicalName}`);
    return table;
  };
  const attributes = async (url: string): Promise<Record<string, string>> => {
    const { Attributes: found = {} } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] }),
    );
    return found;
  };
  const get = async (url: string): Promise<unknown> => (await fetch(url)).json();
  const inFlight = ({
    ApproximateNumberOfMessages: ready,
    ApproximateNumberOfMessagesNotVisible: hidden,
  }: Record<string, string>): number => Number(ready) + Number(hidden);

  return {
    async send(message) {
      const { MessageId: id = '' } = await sqs.send(
        new SendMessageCommand({ QueueUrl: queueUrl, ...toEntry(message) }),
      );
      return id;
    },
    async sendAll(messages) {
      const ids: string[] = [];
      for (let start = 0; start < messages.length; start += 10) {
        const entries = messages.slice(start, start + 10);
        const { Successful: sent = [] } = await sqs.send(
          new SendMessageBatchCommand({
            QueueUrl: queueUrl,
            Entries: entries.map((message, index) => ({ Id: String(index), ...toEntry(message) })),
          }),
        );
        ids.push(...entries.map((_, index) => sent.find(({ Id }) => Id === String(index))?.MessageId ?? ''));
      }
      return ids;
    },
    isOrderQueueEmpty: async () => inFlight(await attributes(queueUrl)) === 0,
    async deadLetters() {
      const { RedrivePolicy: policy = '' } = await attributes(queueUrl);
      const { deadLetterTargetArn } = z.object({ deadLetterTargetArn: z.string() }).parse(JSON.parse(policy));
      const { QueueUrl: url = '' } = await sqs.send(
        new GetQueueUrlCommand({ QueueName: deadLetterTargetArn.split(':').at(-1) }),
      );
      return inFlight(await attributes(url));
    },
    async ledgerEntry(orderId) {
      const ledger = createOrderLedger({ client, table: tableOf('OrderLedger'), brand });
      const state = (await ledger.read(orderId))?.value;
      return state?.newest ? state : undefined;
    },
    reasons: (id) =>
      readQuarantine({ client, table: tableOf('OrderQuarantine'), kind: `order#${brand}`, id }),
    async transaction(key) {
      const store = createTransactionStore({ client, table: tableOf('Transactions'), shopperField: 'none' });
      return (await store.read(key))?.value;
    },
    async items(table) {
      const { Items: found = [] } = await client.send(new ScanCommand({ TableName: tableOf(table) }));
      return found.map((item) => unmarshall(item));
    },
    async postWebhook(body, signature) {
      const headers = {
        'content-type': 'application/json',
        ...(signature === undefined ? {} : { 'x-button-signature': signature }),
      };
      const { status } = await fetch(endpoints.webhookUrl ?? '', {
        method: 'POST',
        headers,
        body: Buffer.from(body),
      });
      return status;
    },
    reconcile: async () => (await fetch(endpoints.reconcileUrl, { method: 'POST' })).status,
    async events(transactionKey) {
      const events = BusEventsSchema.parse(await get(endpoints.eventsUrl));
      return events.filter(
        ({ detail }) => transactionKey === undefined || detail.transactionKey === transactionKey,
      );
    },
    async metricSum(name) {
      const documents = MetricsSchema.parse(await get(endpoints.metricsUrl));
      return documents
        .flatMap((document) => document[name] ?? [])
        .reduce<number>((sum, value) => sum + Number(value), 0);
    },
    close: () => {
      sqs.destroy();
      client.destroy();
    },
  };
}

function toEntry({ body, groupId, deduplicationId }: QueueMessage) {
  return { MessageBody: body, MessageGroupId: groupId, MessageDeduplicationId: deduplicationId };
}

/** The fields of a message about an order. */
export type OrderEventFields = {
  type?: string;
  orderId: string;
  sequence?: number;
  /** The time of the event, ISO 8601, for brands that order versions by time. */
  time?: string;
  data?: object;
  /** Distinguishes two events with one version. */
  eventId?: string;
};

/** A message about an order with the ids of its contract. A cancellation has no data. */
export function orderEvent({
  type = 'order.created.v1',
  orderId,
  sequence = 1,
  time,
  data,
  eventId = `${orderId}-${sequence}`,
}: OrderEventFields): QueueMessage {
  const event = {
    specversion: '1.0',
    id: eventId,
    source: 'https://shop.example/flows',
    type,
    subject: orderId,
    sequence: String(sequence),
    ...(time === undefined ? {} : { time }),
    ...(data === undefined ? {} : { data }),
  };
  return {
    body: JSON.stringify(event),
    groupId: messageGroupId(orderId),
    deduplicationId: messageDeduplicationId(event),
  };
}

/** A valid order of one line, without a token, so that it has no transaction. */
export function plainOrder(orderId: string, total = 1200): Record<string, unknown> {
  return {
    order_id: orderId,
    total,
    currency: 'USD',
    purchase_date: '2025-03-14T15:09:26Z',
    line_items: [{ identifier: 'sku-1', total, quantity: 1 }],
  };
}
