import { createOrderLedger } from '../../shared/orders/store/order-ledger-store.ts';
import { createQuarantineReview } from '../../shared/quarantine/quarantine-review.ts';
import { shopperTransactions } from '../../shared/transactions/store/shopper-index.ts';
import type { CommandContext } from '../command.ts';
import { createOperationLog } from '../operation-log.ts';
import { quarantineTableOf } from '../quarantine-tables.ts';
import { openTransactions, overduePolicy, transactionsTable } from '../transaction-access.ts';
import type { OrderLookUpPorts } from './orders.ts';
import type { TransactionLookUpPorts } from './transactions.ts';

/** Where the stage's orders are looked up; undefined if it reports none. */
export function orderPorts({ stage, clients }: CommandContext): OrderLookUpPorts | undefined {
  if (stage.brands.length === 0) return undefined;
  const client = clients.dynamodb;
  const table = stage.output('OrderLedgerTableName');
  const quarantine = { client, table: quarantineTableOf(stage, 'orders') };
  return {
    brands: stage.brands.map((brand) => ({ brand, ledger: createOrderLedger({ client, table, brand }) })),
    quarantine: createQuarantineReview(quarantine),
    operations: createOperationLog(quarantine),
  };
}

/** Where the stage's transactions are looked up; undefined if it takes in none. */
export function transactionPorts(context: CommandContext): TransactionLookUpPorts | undefined {
  const { stage, clients } = context;
  if (!stage.outputNames.includes('TransactionsTableName')) return undefined;
  const quarantine = { client: clients.dynamodb, table: quarantineTableOf(stage, 'transactions') };
  const hasIndex = stage.output('ShopperField') !== 'none';
  return {
    transactions: openTransactions(context),
    ofShopper: (shopper) =>
      hasIndex ? shopperTransactions(transactionsTable(context), shopper) : NO_TRANSACTIONS,
    quarantine: createQuarantineReview(quarantine),
    operations: createOperationLog(quarantine),
    overdue: () => overduePolicy(context),
  };
}

const NO_TRANSACTIONS: AsyncIterable<never> = (async function* none() {})();
