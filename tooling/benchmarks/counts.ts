import * as z from 'zod';

import { orderRecord, sqsRecord, transactionRow, webhookEvent, type OrderVersion } from './events.ts';
import type { Laboratory } from './laboratory.ts';
import { countOperations, type Counted } from './operations.ts';
import { ACCOUNT, rewindPosition } from './positions.ts';
import { TABLES } from './stand-ins/tables.ts';

/** So many things are counted at once; one batch of orders. */
export const COUNTED = 10;

/** What a webhook can find. */
export type WebhookSituation = 'new' | 'repeated' | 'next version' | 'older version';

/** What an order message can be. */
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

/** Counts what ten webhooks take that find the table in one situation. */
export async function countWebhooks(
  laboratory: Laboratory,
  file: string,
  situation: WebhookSituation,
): Promise<Counted> {
  const { isStored, changes } = WEBHOOKS[situation];
  await laboratory.aws.resetTables();
  const rows = Array.from({ length: COUNTED }, (_, index) => index + 1);
  // The row 0 is there to open connections.
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

/**
 * Counts what ten order messages take, in one batch or each in its own, every one about an order of its own.
 */
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

/** Counts what ten sweeps take of a brand without any order. */
export async function countIdleSweeps(laboratory: Laboratory): Promise<Counted> {
  const { aws, bundles, env } = laboratory;
  await aws.resetTables();
  const sweeps = Array.from({ length: COUNTED }, () => ({}));
  const options = { file: bundles.ours('retry-sweep').entry, env };
  return countOperations(laboratory, options, { before: [{}], events: sweeps });
}

/** Rows of the Transactions API that are counted at once. */
export const COUNTED_ROWS = 300;

/**
 * Counts what our reconciler takes for a few pages of rows, in a table with the shopper index: all new to it,
 * or all known.
 */
export async function countRows(laboratory: Laboratory, situation: 'new' | 'unchanged'): Promise<Counted> {
  const { aws, button, bundles, env } = laboratory;
  await aws.resetTables();
  button.reset();
  // In the window that is read: the reconciler believes no page with rows from outside it.
  const modifiedDate = new Date(Date.now() - 6 * 3_600_000).toISOString();
  button.setTransactions({
    count: COUNTED_ROWS,
    rowAt: (index) => transactionRow(index, { modified_date: modifiedDate }),
  });
  const toRead = sqsRecord({
    id: 'read-message',
    body: JSON.stringify({ account: ACCOUNT, stream: 'live' }),
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
 * Counts what our publisher takes for the ten changes of as many new transactions, in one batch of the
 * stream.
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
