import { ordersOfEveryBrand } from '../../shared/orders/store/order-ledger-scan.ts';
import { scanAll } from '../../shared/transactions/store/transaction-scan.ts';
import type { CommandContext } from '../command.ts';
import { transactionsTable } from '../transaction-access.ts';
import type { Finding } from '../timeline/finding.ts';
import { lookUpOrders } from './orders.ts';
import { namesOrder, namesTransaction, scanFor } from './scan.ts';
import { costInWords, scanCost } from './scan-cost.ts';
import { orderPorts, transactionPorts } from './stage-look-up.ts';
import { lookUpTransactions } from './transactions.ts';

/** The tables that a search without a key reads, and what that costs. */
export async function stageScanCost({ stage, clients }: CommandContext): Promise<string> {
  const tables = ['OrderLedgerTableName', 'TransactionsTableName']
    .filter((name) => stage.outputNames.includes(name))
    .map((name) => stage.output(name));
  return costInWords(await scanCost(clients.dynamodb, tables));
}

/**
 * Finds what an id that is no key stands for: the id of an applied webhook, the Brand's order, a `btn_ref`,
 * the shopper by the other field, Button's id of an order. Reads at most `limit` items of the ledger, and of
 * the transactions.
 */
export async function scanStage(
  asked: string,
  { context, limit }: { context: CommandContext; limit: number },
): Promise<{ findings: Finding[]; read: number; isWhole: boolean }> {
  const [orders, transactions] = [orderPorts(context), transactionPorts(context)];
  const table = orders && context.stage.output('OrderLedgerTableName');
  const [inLedger, inTransactions] = await Promise.all([
    orders && table !== undefined
      ? scanFor(ordersOfEveryBrand({ client: context.clients.dynamodb, table }), {
          matches: (state) => namesOrder(state, asked),
          limit,
        })
      : NOTHING,
    transactions
      ? scanFor(records(context), { matches: (it) => namesTransaction(it, asked), limit })
      : NOTHING,
  ]);
  const findings = await Promise.all([
    ...inLedger.found.map(({ brand, orderId }) =>
      orders
        ? lookUpOrders(orderId, { ...orders, brands: orders.brands.filter((it) => it.brand === brand) })
        : [],
    ),
    ...inTransactions.found.map(({ key }) => (transactions ? lookUpTransactions(key, transactions) : [])),
  ]);
  return {
    findings: findings.flat(),
    read: inLedger.read + inTransactions.read,
    isWhole: inLedger.isWhole && inTransactions.isWhole,
  };
}

const NOTHING = { found: [], read: 0, isWhole: true };

/** Every transaction of the stage, without unreadable ones. Reads the whole table. */
export async function* records(context: CommandContext) {
  for await (const scanned of scanAll(transactionsTable(context)))
    if (scanned.kind === 'record') yield scanned.stored.value;
}
