import { brandOutput } from '../brand-orders.ts';
import type { CommandContext } from '../command.ts';
import type { Finding } from '../timeline/finding.ts';
import { lookUpOrders } from './orders.ts';
import { orderPorts, transactionPorts } from './stage-look-up.ts';
import { lookUpTransactions } from './transactions.ts';

/**
 * What an id names, by key: of one brand, or anything of the stage. Throws a `UsageError` if the stage does
 * not report that brand's orders, and if a table cannot be reached.
 */
export async function lookUp(
  asked: string,
  brand: string | undefined,
  context: CommandContext,
): Promise<Finding[]> {
  const [orders, transactions] = [orderPorts(context), transactionPorts(context)];
  if (brand !== undefined) brandOutput(context.stage, 'OrderQueueUrl', brand);
  const brands = orders?.brands.filter((known) => brand === undefined || known.brand === brand) ?? [];
  const found = await Promise.all([
    orders ? lookUpOrders(asked, { ...orders, brands }) : [],
    transactions && brand === undefined ? lookUpTransactions(asked, transactions) : [],
  ]);
  return found.flat();
}

/** No key of DynamoDB is longer than this. */
const MOST_KEY_BYTES = 1000;

/** Whether an id could be a key. Pure. */
export function isKey(id: string): boolean {
  return id !== '' && Buffer.byteLength(id) <= MOST_KEY_BYTES;
}
