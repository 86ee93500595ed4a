import { idKey, type TransactionRecord } from '@button-serverless/validation/webhooks';
import type { TransactionStore } from '../../shared/transactions/store/transaction-store.ts';

/** Records give way to each other in a chain that ends: it is followed no further than this. */
const MAX_MERGES = 5;

/**
 * Finds a transaction by its key, by Button's id or by its `button_order_id`. If its record has given way to
 * another one, returns that. Throws if the table cannot be reached.
 */
export async function findTransaction(
  id: string,
  transactions: Pick<TransactionStore, 'read'>,
): Promise<TransactionRecord | undefined> {
  for (const key of keysOf(id)) {
    let record = (await transactions.read(key))?.value;
    for (let hop = 0; record?.mergedInto !== undefined && hop < MAX_MERGES; hop += 1)
      record = (await transactions.read(record.mergedInto))?.value;
    if (record) return record;
  }
  return undefined;
}

function keysOf(id: string): string[] {
  return /^(order|tx)#./.test(id) ? [id] : [`order#${id}`, idKey(id)];
}
