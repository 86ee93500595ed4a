import { readFileSync } from 'node:fs';

import { expect, it } from 'vitest';

import { mergeTransaction } from '../../../fakes/merge-first.ts';
import { readWebhook } from '../../../../shared/validation/webhooks/transaction-wire.ts';

import { TransactionHeadSchema } from '../../../../shared/transactions/store/transaction-head.ts';
import { lineItemsIn, toItem } from '../../../../shared/transactions/store/transaction-item.ts';
import { TRANSACTIONS_TABLE } from '../../../../shared/dynamodb/table.ts';

it('docs/transactions-table.md names every attribute of a purchase and of the index by shopper', () => {
  const page = readFileSync('docs/transactions-table.md', 'utf8');
  const { nonKeyAttributes, partitionKey, sortKey } = TRANSACTIONS_TABLE.shopperIndex;
  const [table = '', index = ''] = page.split('## The index by shopper');

  const missing = [
    ...Object.keys(TransactionHeadSchema.shape),
    'rewardable',
    'notRewardableReason',
    partitionKey,
  ];
  expect(missing.filter((name) => !table.includes(`\`${name}\``))).toEqual([]);
  expect(
    [...nonKeyAttributes, partitionKey, sortKey].filter((name) => !index.includes(`\`${name}\``)),
  ).toEqual([]);
});

it('the exported reader finds the line items in the packed attribute, as Button sent them', async () => {
  const body = readFileSync('test/fixtures/button/webhook-tx-pending.json');
  const reading = readWebhook(body);
  if (!reading.ok) throw new Error('not understood');
  const { transaction, payload } = reading;
  const { record } = mergeTransaction(undefined, {
    ...{ transaction, payload, source: { kind: 'webhook', eventId: 'hook-1' } as const },
    ...{ seenAt: '2026-01-01T00:00:00.000Z', delivery: 'live' as const },
  });
  const access = { client: { send: () => Promise.reject(new Error('It fits the item')) }, table: 't' };

  const item = await toItem(access, record, { shopperField: 'none' });

  const sent = JSON.parse(body.toString('utf8')) as { data: { order_line_items: unknown[] } };
  expect(lineItemsIn(item['body']?.B ?? Uint8Array.of())).toEqual(sent.data.order_line_items);
  expect(sent.data.order_line_items).not.toEqual([]);
});
