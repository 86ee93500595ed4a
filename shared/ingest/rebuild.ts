import { createHash } from 'node:crypto';

import { readTransaction } from '../button/transaction-wire.ts';
import type { TransactionPage } from '../button/api-result.ts';
import type { TransactionsApi } from '../button/transactions-api.ts';
import { DEFAULT_FORM, isSamePage, type NextPage } from '../domain/paging-form.ts';
import { transactionKey } from '../domain/transaction.ts';
import type { QuarantineStore } from '../store/quarantine-store.ts';
import type { TransactionStore } from '../store/transaction-store.ts';
import { applyTransaction } from './apply-transaction.ts';

/** What to read again: everything of one account that was modified in the range, `start` inclusive, `end` exclusive (ISO 8601 UTC). */
export type RebuildRange = {
  accountId: string;
  start: string;
  end: string;
  /** What a transaction is that the table does not know: `historical` unless it is certain that nobody was rewarded for it. */
  newTransactionsAre: 'live' | 'historical';
};

/** What rebuilding needs. */
export type RebuildPorts = {
  api: Pick<TransactionsApi, 'listTransactions'>;
  transactions: TransactionStore;
  /** The categories that a user is rewarded for; `REWARDABLE_CATEGORIES` if left out. */
  rewardableCategories?: readonly string[];
  quarantine: Pick<QuarantineStore, 'put'>;
  /** Rows asked for at once. */
  pageSize: number;
  now: () => Date;
};

/** Rows by what became of them. */
export type RebuildCounts = { changed: number; unchanged: number; quarantined: number };

/** What rebuilding came to. After `partial` run it again from `readThrough`: what is stored stays stored. */
export type RebuildOutcome = RebuildCounts &
  ({ outcome: 'complete' } | { outcome: 'partial'; reason: string; readThrough: string });

const DAY_MS = 86_400_000;

/**
 * Reads a range of an account from the Transactions API again, day by day, and applies every row by the same merge as a webhook: what
 * was lost comes back, what is right stays as it is, and a conflict recorded before is settled.
 *
 * Throws if a table cannot be reached; running it again does no harm.
 */
export async function rebuild(range: RebuildRange, ports: RebuildPorts): Promise<RebuildOutcome> {
  const counts: RebuildCounts = { changed: 0, unchanged: 0, quarantined: 0 };
  for (const day of daysOf(range)) {
    const problem = await rebuildDay({ ...range, ...day }, counts, ports);
    if (problem !== undefined)
      return { ...counts, outcome: 'partial', reason: problem, readThrough: day.start };
  }
  return { ...counts, outcome: 'complete' };
}

/** Counts what it stores, page by page. Returns why it stopped; undefined if every page is stored. */
async function rebuildDay(
  range: RebuildRange,
  counts: RebuildCounts,
  ports: RebuildPorts,
): Promise<string | undefined> {
  const { accountId, start, end } = range;
  let next: NextPage | null = null;
  do {
    const readStartedAt = ports.now().toISOString();
    const reading = await ports.api.listTransactions({
      accountId,
      timeField: 'modified_date',
      start,
      end,
      pageSize: ports.pageSize,
      page: next && { next, form: DEFAULT_FORM },
    });
    if (!reading.ok) return reading.reason;
    const { rows, next: after }: TransactionPage = reading.value;
    for (const row of rows) counts[await applyRow(row, { ...range, readStartedAt }, ports)] += 1;
    // A cursor that does not move would be read for ever.
    if (after !== null && next !== null && isSamePage(after, next)) return 'repeated_cursor';
    next = after;
  } while (next !== null);
  return undefined;
}

async function applyRow(
  row: unknown,
  { accountId, newTransactionsAre, readStartedAt }: RebuildRange & { readStartedAt: string },
  { quarantine, ...ports }: RebuildPorts,
): Promise<keyof RebuildCounts> {
  const reading = readTransaction(row);
  const seenAt = ports.now().toISOString();
  if (!reading.ok) {
    const bytes = JSON.stringify(row);
    await quarantine.put({
      kind: 'transaction-row',
      id: createHash('sha256').update(bytes).digest('hex'),
      bytes,
      reasons: reading.faults.map((fault) => ({ ...fault, problem: 'The row was not understood here' })),
      refusedAt: seenAt,
      origin: `account:${accountId}`,
    });
    return 'quarantined';
  }
  const { transaction } = reading;
  const known = await ports.transactions.read(transactionKey(transaction));
  const { before, after } = await applyTransaction(
    ports,
    {
      transaction,
      payload: row,
      source: { kind: 'api', readStartedAt },
      seenAt,
      delivery: known?.value.delivery ?? newTransactionsAre,
    },
    known ?? 'absent',
  );
  return before === after ? 'unchanged' : 'changed';
}

/** Button's dates have whole seconds, and a day bounds what has to be read again. */
function daysOf({ start, end }: RebuildRange): { start: string; end: string }[] {
  const toSecond = (epochMs: number): string => new Date(epochMs).toISOString().replace(/\.\d+Z$/, 'Z');
  const first = Date.parse(start);
  const last = Date.parse(end);
  return Array.from({ length: Math.max(0, Math.ceil((last - first) / DAY_MS)) }, (_, day) => ({
    start: toSecond(first + day * DAY_MS),
    end: toSecond(Math.min(first + (day + 1) * DAY_MS, last)),
  }));
}
