import { recordStatus, type TransactionRecord } from '@button-serverless/validation/webhooks';

import { shopperTransactions } from '../../shared/transactions/store/shopper-index.ts';
import type { CommandContext } from '../command.ts';
import { money } from '../timeline/words.ts';
import { openTransactions, transactionsTable } from '../transaction-access.ts';
import { records } from './scan-stage.ts';
import { scanFor, type ScanResult } from './scan.ts';
import type { SearchCriteria } from './search-criteria.ts';
import { transactionMatches } from './transaction-matches.ts';

/** A transaction that was found, without its shopper. */
export type FoundTransaction = {
  key: string;
  status: string;
  worth: string;
  createdDate: string;
  brand: string | null;
};

/** How many of one shopper's transactions are searched: the latest ones. */
const MOST_OF_A_SHOPPER = 500;

/** By the index by shopper: empty if no shopper is given, or if the stage has no index. */
export async function transactionsByShopper(
  criteria: SearchCriteria,
  context: CommandContext,
): Promise<ScanResult<FoundTransaction>> {
  const nothing = { found: [], read: 0, isWhole: true };
  if (criteria.shopper === undefined || context.stage.output('ShopperField') === 'none') return nothing;
  const store = openTransactions(context);
  const found: FoundTransaction[] = [];
  let read = 0;
  for await (const { pk } of shopperTransactions(transactionsTable(context), criteria.shopper)) {
    if (read === MOST_OF_A_SHOPPER) return { found, read, isWhole: false };
    read += 1;
    const record = (await store.read(pk))?.value;
    if (record && transactionMatches(record, criteria)) found.push(asFound(record));
  }
  return { found, read, isWhole: true };
}

/** By reading the table, at most `limit` items. */
export async function transactionsByScan(
  criteria: SearchCriteria,
  { context, limit }: { context: CommandContext; limit: number },
): Promise<ScanResult<FoundTransaction>> {
  const matches = (record: TransactionRecord): boolean => transactionMatches(record, criteria);
  const scanned = await scanFor(records(context), { matches, limit });
  return { ...scanned, found: scanned.found.map(asFound) };
}

function asFound(record: TransactionRecord): FoundTransaction {
  const { amountMinor, currency, createdDate, commerceOrganizationName, commerceOrganization } =
    record.candidates[0].transaction;
  return {
    key: record.key,
    status: recordStatus(record),
    worth: money(amountMinor, currency),
    createdDate,
    brand: commerceOrganizationName ?? commerceOrganization,
  };
}
