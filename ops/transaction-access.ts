import * as z from 'zod';

import { positiveInteger, textList } from '../shared/runtime/env.ts';
import type { TableAccess } from '../shared/dynamodb/table-access.ts';
import type { OverduePolicy } from '../shared/transactions/rules/stale-pending.ts';
import { readFinalizationWindows } from '../shared/transactions/store/finalization-windows.ts';
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

/** The stage's transactions, written like its functions write them: with the stage's index by shopper. */
export function openTransactions(context: CommandContext): TransactionStore {
  const shopperField = ShopperFieldSchema.parse(context.stage.output('ShopperField'));
  return createTransactionStore({ ...transactionsTable(context), shopperField });
}

/** The categories for which users are rewarded at this stage. */
export function rewardableCategories({ stage }: CommandContext): readonly string[] {
  return textList.parse(stage.output('RewardableCategories'));
}

/** When a transaction is overdue at this stage: by each brand's own window, and the settings. */
export async function overduePolicy({ stage, clients, now }: CommandContext): Promise<OverduePolicy> {
  const positions = { client: clients.dynamodb, table: stage.output('PositionsTableName') };
  return {
    windows: (await readFinalizationWindows(positions))?.minutes ?? new Map<string, number>(),
    finalizationDays: positiveInteger.parse(stage.output('FinalizationDays')),
    graceDays: positiveInteger.parse(stage.output('OverdueGraceDays')),
    at: now().toISOString(),
  };
}
