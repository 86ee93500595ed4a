import type { ExpiryPass } from '../../shared/transactions/store/expiry-pass-store.ts';
import { continuePass, type PassRun, type PassStore } from '../../shared/dynamodb/weekly-pass.ts';
import type { Metrics } from '../../shared/runtime/metric-definitions.ts';
import {
  countStalePending,
  NO_STALE_PENDING,
  type StalePending,
} from '../../shared/transactions/rules/stale-pending.ts';
import { expirePersonalData, type EraseTransactionsPorts } from '../../shared/transactions/erase-shopper.ts';
import { EXPIRY_PASS_PARTITION } from '../../shared/dynamodb/table.ts';
import type { ScannedPage } from '../../shared/transactions/store/transaction-scan.ts';
import { reportUnreadable } from '../../shared/dynamodb/unreadable-item.ts';

/**
 * In days: how long personal data is kept after the last change was stored, the finalization window of a
 * brand for which Button gives none, and how long past its window a pending transaction is not overdue yet.
 */
export type ExpiryPolicy = { personalDataDays: number; finalizationDays: number; graceDays: number };

/** What a run needs. */
export type ScanTransactionsPorts = Omit<EraseTransactionsPorts, 'all' | 'onUnreadable'> & {
  passes: PassStore<ExpiryPass>;
  /** The finalization windows of the brands, in minutes. */
  windows: () => Promise<ReadonlyMap<string, number>>;
  /** A page of the table behind a key, or the first. */
  scanPage: (after: string | undefined) => Promise<ScannedPage>;
  /** Whether there is time for another page. */
  timeLeft: () => boolean;
  metrics: Metrics;
};

/** How a run ended, and how many transactions lost their personal data in it. */
export type ScanRun = { outcome: PassRun; expired: number };

/**
 * Looks at every transaction once a week: erases old personal data, and counts overdue transactions. One pass
 * does both, because reading is what costs. An unreadable item is counted and skipped, with its key in the
 * log.
 *
 * Counts are emitted only at the end of the pass, because half a count would be wrong. Throws if a table
 * cannot be reached.
 */
export async function scanTransactions(policy: ExpiryPolicy, ports: ScanTransactionsPorts): Promise<ScanRun> {
  const { metrics } = ports;
  let expired = 0;
  const workOnNext = async (pass: ExpiryPass): Promise<ExpiryPass> => {
    let expiredOnPage = 0;
    try {
      const page = await workOnPage(pass, policy, ports);
      expiredOnPage = page.expired;
      expired += page.expired;
      // Emitted before the position is saved: emitting a level twice does no harm, but a run that died in
      // between would leave it out for a week.
      if (page.pass.finishedAt !== undefined) emitStalePending(page.pass.stalePending, metrics);
      return page.pass;
    } finally {
      metrics.add({ name: 'PersonalDataExpired', value: expiredOnPage });
    }
  };
  const begin = (startedAt: string): ExpiryPass => ({ startedAt, stalePending: NO_STALE_PENDING });
  const onUnreadable = (): void => {
    reportUnreadable(metrics)(EXPIRY_PASS_PARTITION);
  };
  const outcome = await continuePass({ ...ports, begin, workOnPage: workOnNext, onUnreadable });
  return { outcome, expired };
}

/** Does everything that a page needs. Returns the position of the pass after it. */
async function workOnPage(
  { startedAt, after, stalePending }: ExpiryPass,
  days: ExpiryPolicy,
  { scanPage, windows: readWindows, ...ports }: ScanTransactionsPorts,
): Promise<{ pass: ExpiryPass; expired: number }> {
  const { scanned: all, next } = await scanPage(after);
  const policy = { ...days, windows: await readWindows(), at: startedAt };
  let counted = stalePending;
  async function* counting(): EraseTransactionsPorts['all'] {
    for await (const scanned of all) {
      if (scanned.kind === 'record') counted = countStalePending(counted, scanned.stored.value, policy);
      yield scanned;
    }
  }
  const onUnreadable = reportUnreadable(ports.metrics);
  const erasing = { ...ports, all: counting(), onUnreadable };
  const expired = await expirePersonalData(policy, erasing);
  const reached = next === undefined ? { finishedAt: ports.now().toISOString() } : { after: next };
  return { pass: { startedAt, stalePending: counted, ...reached }, expired };
}

function emitStalePending({ transactions, amountsMinor }: StalePending, metrics: Metrics): void {
  metrics.add({ name: 'StalePendingTransactions', value: transactions });
  for (const [currency, value] of Object.entries(amountsMinor)) {
    metrics.add({ name: 'StalePendingAmountMinor', value, dimensions: { Currency: currency } });
  }
}
