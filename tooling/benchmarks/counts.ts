import * as z from 'zod';

import { orderRecord, sqsRecord, transactionRow, webhookEvent, type OrderVersion } from './events.ts';
import type { Laboratory } from './laboratory.ts';
import { countOperations, type Counted } from './operations.ts';
import { ACCOUNT, rewindPosition } from './positions.ts';
import { TABLES } from './stand-ins/tables.ts';

/** The number of items that are counted together: one batch of orders. */
export const COUNTED = 10;

/** The state of the table when a webhook arrives. */
export type WebhookSituation = 'new' | 'repeated' | 'next version' | 'older version';

/** The kinds of order messages. */
export type OrderSituation = 'created' | 'updated' | 'cancelled' | 'repeated';

const LATER = '2026-05-20T10:00:00.000Z';

const WEBHOOKS: Record<WebhookSituation, { isStored: boolean; changes: Record<string, unknown> }> = {
  new: { isStored: false, changes: {} },
  repeated: { isStored: true, changes: {} },
  'next version': {
    isStored: true,
    changes: { status: 'validated', modified_date: LATER, validated_date: LATER },
  },
  'older version': { isStored: true, changes: { modified_date: '2026-03-14T15:00:00.000Z', amount: 367 } },
};

/** Counts what ten webhooks use when they find the table in one situation. */
export async function countWebhooks(
  laboratory: Laboratory,
  file: string,
  situation: WebhookSituation,
): Promise<Counted> {
  const { isStored, changes } = WEBHOOKS[situation];
  await laboratory.aws.resetTables();
  const rows = Array.from({ length: COUNTED }, (_, index) => index + 1);
  // Row 0 only opens connections.
  const before = [0, ...(isStored ? rows : [])].map((row) => webhookEvent(transactionRow(row)));
  const events = rows.map((row) => webhookEvent(transactionRow(row, changes)));
  return countOperations(laboratory, { file, env: laboratory.env }, { before, events });
}

const ORDERS: Record<OrderSituation, { isStored: boolean; version: (orderId: string) => OrderVersion }> = {
  created: { isStored: false, version: (orderId) => ({ orderId }) },
  updated: { isStored: true, version: (orderId) => ({ orderId, kind: 'updated', sequence: 2 }) },
  cancelled: { isStored: true, version: (orderId) => ({ orderId, kind: 'cancelled', sequence: 2 }) },
  repeated: { isStored: true, version: (orderId) => ({ orderId }) },
};

/** Counts what ten order messages use, in one batch or in ten. Each message is about a different order. */
export async function countOrders(
  laboratory: Laboratory,
  file: string,
  { situation, batchSize = COUNTED }: { situation: OrderSituation; batchSize?: number },
): Promise<Counted> {
  const { isStored, version } = ORDERS[situation];
  await laboratory.aws.resetTables();
  laboratory.button.reset();
  const orders = Array.from({ length: COUNTED }, (_, index) => `order-${index + 1}`);
  const first = (orderId: string): OrderVersion => ({ orderId });
  const before = [batchOf([first('order-0')]), ...(isStored ? [batchOf(orders.map(first))] : [])];
  const events = Array.from({ length: COUNTED / batchSize }, (_, batch) =>
    batchOf(orders.slice(batch * batchSize, (batch + 1) * batchSize).map(version)),
  );
  return countOperations(laboratory, { file, env: laboratory.env }, { before, events });
}

function batchOf(versions: readonly OrderVersion[]) {
  return { Records: versions.map(orderRecord) };
}

/** Counts what ten sweeps use for a brand that has no orders. */
export async function countIdleSweeps(laboratory: Laboratory): Promise<Counted> {
  const { aws, bundles, env } = laboratory;
  await aws.resetTables();
  const sweeps = Array.from({ length: COUNTED }, () => ({}));
  const options = { file: bundles.ours('retry-sweep').entry, env };
  return countOperations(laboratory, options, { before: [{}], events: sweeps });
}

/** The number of rows of the Transactions API that are counted together. */
export const COUNTED_ROWS = 300;

/**
 * Counts what the reconciler uses for a few pages of rows, in a table with the shopper index. The table knows
 * either all of the rows or none.
 */
export async function countRows(laboratory: Laboratory, situation: 'new' | 'unchanged'): Promise<Counted> {
  const { aws, button, bundles, env } = laboratory;
  await aws.resetTables();
  button.reset();
  // Inside the window that is read: the reconciler rejects a page with rows from outside it.
  const modifiedDate = new Date(Date.now() - 6 * 3_600_000).toISOString();
  button.setTransactions({
    count: COUNTED_ROWS,
    rowAt: (index) => transactionRow(index, { modified_date: modifiedDate }),
  });
  const toRead = sqsRecord({
    id: 'read-message',
    body: JSON.stringify({ account: ACCOUNT, stream: 'incremental' }),
    group: ACCOUNT,
  });
  const options = { file: bundles.ours('transaction-reconciler').entry, env };
  const reading = [{ Records: [toRead] }];
  if (situation === 'unchanged') {
    await rewindPosition(aws.tables);
    await countOperations(laboratory, options, { before: [], events: reading });
  }
  await rewindPosition(aws.tables);
  return countOperations(laboratory, options, { before: [], events: reading });
}

/**
 * Counts what the event publisher uses for the changes of ten new transactions, in one batch of the stream.
 */
export async function countPublications(laboratory: Laboratory): Promise<Counted> {
  const { aws, bundles, env } = laboratory;
  await countWebhooks(laboratory, bundles.ours('webhook-receiver').entry, 'new');
  const { Items } = ItemsSchema.parse(await aws.tables('Scan', { TableName: TABLES.transactions }));
  const [first, ...changes] = Items.map((item, index) => ({
    eventID: String(index),
    eventName: 'INSERT',
    dynamodb: { SequenceNumber: String(index + 1), NewImage: item, StreamViewType: 'NEW_AND_OLD_IMAGES' },
  }));
  return countOperations(
    laboratory,
    { file: bundles.ours('event-publisher').entry, env },
    { before: [{ Records: [first] }], events: [{ Records: changes }] },
  );
}

const ItemsSchema = z.object({ Items: z.array(z.unknown()) });
