import type { Metrics } from '../../shared/domain/metrics.ts';
import { countStalePending } from '../../shared/domain/stale-pending.ts';
import { expirePersonalData, type EraseTransactionsPorts } from '../../shared/ingest/erase-shopper.ts';
import type { Scanned } from '../../shared/store/transaction-scan.ts';

/** After how many days something is due: days since the last change of a final transaction, and since the creation of a pending one. */
export type Ages = { personalDataDays: number; stalePendingDays: number };

/** What the weekly scan found. */
export type WeeklyScan = { expired: number; stalePending: number };

const DAY_MS = 86_400_000;

/**
 * Looks at every transaction once: lets personal data expire, and counts what is pending though its time is long over. One scan does
 * both, because it is what costs.
 *
 * Counts are emitted only when the scan has come to its end: half a count would be a wrong one. Throws if the table cannot be reached.
 */
export async function scanTransactions(
  { personalDataDays, stalePendingDays }: Ages,
  { metrics, ...ports }: EraseTransactionsPorts & { metrics: Metrics },
): Promise<WeeklyScan> {
  const daysAgo = (days: number): string => new Date(ports.now().getTime() - days * DAY_MS).toISOString();
  const { see, counted } = countStalePending(daysAgo(stalePendingDays));
  const expired = await expirePersonalData(daysAgo(personalDataDays), {
    ...ports,
    all: passing(ports.all, see),
  });
  metrics.add({ name: 'PersonalDataExpired', value: expired });
  const { transactions, amountsMinor } = counted();
  metrics.add({ name: 'StalePendingTransactions', value: transactions });
  for (const [currency, value] of amountsMinor) {
    metrics.add({ name: 'StalePendingAmountMinor', value, dimensions: { Currency: currency } });
  }
  return { expired, stalePending: transactions };
}

async function* passing(
  all: EraseTransactionsPorts['all'],
  see: ReturnType<typeof countStalePending>['see'],
): AsyncGenerator<Scanned> {
  for await (const scanned of all) {
    if (scanned.kind === 'record') see(scanned.stored.thing);
    yield scanned;
  }
}
