import {
  ORDER_LEDGER_TABLE,
  POSITIONS_TABLE,
  QUARANTINE_TABLE,
  TRANSACTIONS_TABLE,
} from '../../shared/dynamodb/table.ts';
import type { TableSettings } from '../../tooling/local-aws/models/dynamodb-model.ts';

/** The queues by name. */
export const QUEUES = {
  orders: 'orders.fifo',
  orderDeadLetters: 'orders-dead-letters.fifo',
  deferredWebhooks: 'deferred-webhooks',
  deferredWebhooksDeadLetters: 'deferred-webhooks-dead-letters',
  readQueue: 'read-messages.fifo',
  readDeadLetters: 'read-messages-dead-letters.fifo',
} as const;

/** The URL of a queue, as in the functions' environment variables. */
export function urlOf(queue: string): string {
  return `https://sqs.eu-west-1.amazonaws.com/111122223333/${queue}`;
}

/** The tables by name. */
export const TABLES = {
  orderLedger: 'order-ledger',
  transactions: 'transactions',
  positions: 'positions',
  orderQuarantine: 'order-quarantine',
  webhookQuarantine: 'webhook-quarantine',
} as const;

/** The secrets by name. */
export const SECRETS = {
  brandApiKey: 'brand-api-key',
  publisherApiKey: 'publisher-api-key',
  webhooks: 'webhooks',
} as const;

/** The tables as they are deployed. */
export const TABLE_SETTINGS: readonly (TableSettings & { timeToLive?: string })[] = [
  { name: TABLES.orderLedger, ...ORDER_LEDGER_TABLE, index: ORDER_LEDGER_TABLE.dueIndex },
  {
    name: TABLES.transactions,
    ...TRANSACTIONS_TABLE,
    index: TRANSACTIONS_TABLE.shopperIndex,
    hasStream: true,
  },
  { name: TABLES.positions, ...POSITIONS_TABLE },
  { name: TABLES.orderQuarantine, ...QUARANTINE_TABLE, index: QUARANTINE_TABLE.orderIndex },
  { name: TABLES.webhookQuarantine, ...QUARANTINE_TABLE },
];
