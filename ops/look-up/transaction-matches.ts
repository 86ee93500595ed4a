import { asJsonObject } from '@button-serverless/validation/json';
import { recordStatus, type TransactionRecord } from '@button-serverless/validation/webhooks';

import { matches, type SearchCriteria } from './search-criteria.ts';

/**
 * Whether a transaction matches: the user ordered or Button created it within the range, its reward or its
 * order has the amount, and Button gives the Brand's order this name. Pure.
 */
export function transactionMatches(record: TransactionRecord, criteria: SearchCriteria): boolean {
  const transactions = record.candidates.map(({ transaction }) => transaction);
  const payloads = [...record.candidates, ...record.seen].map(({ payload }) => asJsonObject(payload) ?? {});
  return matches(
    {
      instants: transactions.flatMap(({ createdDate, purchaseDate }) => [createdDate, purchaseDate]),
      status: recordStatus(record),
      amounts: transactions.flatMap(({ amountMinor, orderTotalMinor }) => [amountMinor, orderTotalMinor]),
      orders: payloads.flatMap(({ order_id: id, customer_order_id: customerId }) => [id, customerId]),
      shoppers: transactions.flatMap(({ publisherCustomerId, pubRef }) => [publisherCustomerId, pubRef]),
    },
    criteria,
  );
}
