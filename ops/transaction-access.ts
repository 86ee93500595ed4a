import * as z from 'zod';

import { textList } from '../shared/runtime/env.ts';
import type { TableAccess } from '../shared/dynamodb/split-body.ts';
import {
  createTransactionStore,
  type TransactionStore,
} from '../shared/transactions/store/transaction-store.ts';
import type { CommandContext } from './command.ts';

const ShopperFieldSchema = z.enum(['publisher_customer_id', 'pub_ref', 'none']);

/** The stage's table of transactions. */
export function transactionsTable({ stage, clients }: CommandContext): TableAccess {
  return { client: clients.dynamodb, table: stage.output('TransactionsTableName') };
}

/** The stage's transactions, written as its functions write them: with the index by shopper that it has. */
export function openTransactions(context: CommandContext): TransactionStore {
  const shopperField = ShopperFieldSchema.parse(context.stage.output('ShopperField'));
  return createTransactionStore({ ...transactionsTable(context), shopperField });
}

/** The categories that a user is rewarded for at this stage. */
export function rewardableCategories({ stage }: CommandContext): readonly string[] {
  return textList.parse(stage.output('RewardableCategories'));
}
