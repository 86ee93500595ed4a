import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';

import { messageDeduplicationId, messageGroupId } from '@button-serverless/validation/orders';
import type { LedgerEntry } from '../../shared/orders/rules/order-ledger.ts';
import type { TransactionRecord } from '@button-serverless/validation/webhooks';
import { createOrderLedger } from '../../shared/orders/store/order-ledger-store.ts';
import { createTransactionStore } from '../../shared/transactions/store/transaction-store.ts';
import { shopperTotals, type ShopperBalance } from '../../shared/transactions/store/shopper-index.ts';
import { readQuarantine, type QuarantinedReasons } from './quarantine.ts';
import { createRewardConsumer, type RewardConsumer } from './reward-consumer.ts';
import type { SimulatorControl } from './simulator-control.ts';

/** How the token of a test begins, or one of a real click: a brand accepts the first only if it says so. */
export type TokenPrefix = 'fakesrctok' | 'srctok';

/** A CloudEvent for the order queue. */
export type OrderMessage = {
  specversion: '1.0';
  id: string;
  source: string;
  type: 'order.created.v1' | 'order.updated.v1' | 'order.cancelled.v1';
  subject: string;
  sequence: string;
  data?: object;
};

/** What the tour does and reads; the same on this machine and on AWS. */
export type Stage = {
  /** Which sides are deployed. A story uses nothing of a side that is not. */
  flows: { orders: boolean; transactions: boolean };
  /** What tokens the brand accepts. */
  tokenPrefix: TokenPrefix;
  /** Puts a message on the order queue as a commerce system would; returns its message id. */
  sendOrder: (message: OrderMessage) => Promise<string>;
  /** The ledger's entry of an order. */
  ledgerEntry: (orderId: string) => Promise<LedgerEntry | undefined>;
  /** Why a message is in quarantine; undefined if it is not. */
  quarantined: (messageId: string) => Promise<QuarantinedReasons | undefined>;
  /** What is known of an order's transaction. */
  transaction: (buttonOrderId: string) => Promise<TransactionRecord | undefined>;
  shopperTotals: (shopper: string) => Promise<ShopperBalance>;
  /** Sends bytes to the webhook URL; returns the status of the answer. */
  postWebhook: (body: string, signature: string) => Promise<number>;
  /** Reads every account now. */
  reconcile: () => Promise<unknown>;
  /** The events on the bus, if they can be seen. */
  events?: () => { 'detail-type': string; detail: Record<string, unknown> }[];
  /** A consumer on the reward queue, where there is one. */
  rewardConsumer?: RewardConsumer;
  /** The simulator; undefined if another Button is used. */
  simulator: SimulatorControl | undefined;
};

/** The addresses of a stage. Without an endpoint, the clients use AWS itself, with the user's credentials. */
export type StageOptions = {
  /** Both unless given. */
  flows?: Stage['flows'];
  /** Test tokens unless given. */
  tokenPrefix?: TokenPrefix;
  brand: string;
  orderQueueUrl: string;
  webhookUrl: string;
  tables: { orderLedger: string; orderQuarantine: string; transactions: string };
  sqsEndpoint?: string;
  dynamodbEndpoint?: string;
  reconcile: Stage['reconcile'];
  events?: Stage['events'];
  rewardQueueUrl?: string | undefined;
  simulator: SimulatorControl | undefined;
};

/** A stage that is closed when the tour is over. */
export type OpenStage = Stage & { close: () => void };

/** Connects the tour with a deployed system. */
export function openStage(options: StageOptions): OpenStage {
  const local = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
  const { sqsEndpoint, dynamodbEndpoint, tables, events, rewardQueueUrl } = options;
  const sqs = new SQSClient(sqsEndpoint === undefined ? {} : { ...local, endpoint: sqsEndpoint });
  const client = new DynamoDBClient(
    dynamodbEndpoint === undefined ? {} : { ...local, endpoint: dynamodbEndpoint },
  );
  const ledger = createOrderLedger({ client, table: tables.orderLedger, brand: options.brand });
  const transactions = createTransactionStore({ client, table: tables.transactions, shopperField: 'none' });

  return {
    flows: options.flows ?? { orders: true, transactions: true },
    tokenPrefix: options.tokenPrefix ?? 'fakesrctok',
    sendOrder: async (message) => {
      const { MessageId: messageId = '' } = await sqs.send(
        new SendMessageCommand({
          QueueUrl: options.orderQueueUrl,
          MessageBody: JSON.stringify(message),
          MessageGroupId: messageGroupId(message.subject),
          MessageDeduplicationId: messageDeduplicationId(message),
        }),
      );
      return messageId;
    },
    ledgerEntry: async (orderId) => {
      const state = (await ledger.read(orderId))?.value;
      return state?.newest ? state : undefined;
    },
    quarantined: (messageId) =>
      readQuarantine({
        client,
        table: tables.orderQuarantine,
        kind: `order#${options.brand}`,
        id: messageId,
      }),
    transaction: async (buttonOrderId) => (await transactions.read(`order#${buttonOrderId}`))?.value,
    shopperTotals: (shopper) =>
      shopperTotals({ client, table: tables.transactions }, shopper, { now: () => new Date() }),
    postWebhook: async (body, signature) => {
      const headers = { 'content-type': 'application/json', 'x-button-signature': signature };
      const { status } = await fetch(options.webhookUrl, { method: 'POST', headers, body });
      return status;
    },
    reconcile: options.reconcile,
    ...(events === undefined ? {} : { events }),
    ...(rewardQueueUrl === undefined
      ? {}
      : { rewardConsumer: createRewardConsumer({ sqs, queueUrl: rewardQueueUrl }) }),
    simulator: options.simulator,
    close: () => {
      sqs.destroy();
      client.destroy();
    },
  };
}
