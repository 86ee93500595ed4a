import type { TransactionRecord } from '@button-serverless/validation/webhooks';
import type { OverduePolicy } from '../../shared/transactions/rules/stale-pending.ts';
import type { QuarantineReview } from '../../shared/quarantine/quarantine-review.ts';
import type { TransactionStore } from '../../shared/transactions/store/transaction-store.ts';
import type { ShopperTransaction } from '../../shared/transactions/store/shopper-index.ts';
import type { OperationLog } from '../operation-log.ts';
import type { Finding } from '../timeline/finding.ts';
import { shopperFinding } from '../timeline/shopper-finding.ts';
import { transactionFinding } from '../timeline/transaction-finding.ts';
import { webhookFinding } from '../timeline/webhook-finding.ts';
import { momentsByHand } from './by-hand.ts';

/** Where transactions and webhooks are looked up. */
export type TransactionLookUpPorts = {
  transactions: Pick<TransactionStore, 'read'>;
  /** A shopper's transactions, the latest first; empty if the stage has no index by shopper. */
  ofShopper: (shopper: string) => AsyncIterable<ShopperTransaction>;
  quarantine: Pick<QuarantineReview, 'read'>;
  operations: Pick<OperationLog, 'list'>;
  /** When a transaction is overdue. */
  overdue: () => Promise<OverduePolicy>;
};

const LATEST_OPERATIONS = 500;

/** The most transactions of one shopper that are shown. */
const MOST_TRANSACTIONS = 50;

/**
 * What an id names on the publisher's side, by key: a transaction by its key, Button's order id or Button's
 * id; a webhook or a row in quarantine; a shopper. Throws if a table cannot be reached.
 */
export async function lookUpTransactions(asked: string, ports: TransactionLookUpPorts): Promise<Finding[]> {
  const keys = /^(?:order|tx)#./.test(asked) ? [asked] : [`order#${asked}`, `tx#${asked}`];
  const [records, webhook, row, shopper] = await Promise.all([
    Promise.all(keys.map((key) => ports.transactions.read(key))),
    ports.quarantine.read('webhook', asked),
    ports.quarantine.read('transaction-row', asked),
    lookUpShopper(asked, ports),
  ]);
  const distinct = new Map(records.flatMap((stored) => (stored ? [[stored.value.key, stored.value]] : [])));
  if (distinct.size === 0 && !webhook && !row) return shopper;
  const [log, overdue] = await Promise.all([ports.operations.list(LATEST_OPERATIONS), ports.overdue()]);
  const byHand = momentsByHand(log, [asked]);
  return [
    ...[...distinct.values()].map((record) => describe(record, { log, overdue })),
    ...(webhook ? [webhookFinding(webhook, { kind: 'webhook', byHand })] : []),
    ...(row ? [webhookFinding(row, { kind: 'row', byHand })] : []),
    ...shopper,
  ];
}

function describe(
  record: TransactionRecord,
  { log, overdue }: { log: Awaited<ReturnType<OperationLog['list']>>; overdue: OverduePolicy },
): Finding {
  return transactionFinding(record, { byHand: momentsByHand(log, [record.key]), overdue });
}

async function lookUpShopper(
  shopper: string,
  { ofShopper, overdue }: TransactionLookUpPorts,
): Promise<Finding[]> {
  const transactions: ShopperTransaction[] = [];
  for await (const transaction of ofShopper(shopper)) {
    transactions.push(transaction);
    if (transactions.length > MOST_TRANSACTIONS) break;
  }
  if (transactions.length === 0) return [];
  const more = transactions.length > MOST_TRANSACTIONS;
  const shown = transactions.slice(0, MOST_TRANSACTIONS);
  return [shopperFinding(shopper, { transactions: shown, more, overdue: await overdue() })];
}
