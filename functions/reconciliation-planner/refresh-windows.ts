import type { BrandsApi } from '../../shared/button/list-brands.ts';
import type { FinalizationWindows } from '../../shared/transactions/store/finalization-windows.ts';
import { log } from '../../shared/runtime/logger.ts';
import type { Metrics } from '../../shared/runtime/metric-definitions.ts';

/** What refreshing needs. */
export type RefreshWindowsPorts = {
  api: BrandsApi;
  read: () => Promise<FinalizationWindows | undefined>;
  save: (windows: FinalizationWindows) => Promise<void>;
  metrics: Metrics;
  now: () => Date;
};

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/**
 * Asks Button once a day for the finalization windows of its brands, and again after an hour if Button does
 * not return all of them. A brand that is missing or malformed today keeps its known window. Throws if the
 * table cannot be reached.
 */
export async function refreshWindows({ api, read, save, metrics, now }: RefreshWindowsPorts): Promise<void> {
  const known = await read();
  if (known && now().toISOString() < known.readAgainAt) return;
  const listing = await api.listBrands();
  const minutes = new Map(known?.minutes);
  if (listing.ok) {
    const { windows, malformed, cutShortBy } = listing.value;
    for (const [brand, window] of windows) minutes.set(brand, window);
    metrics.add({ name: 'BrandsListed', value: windows.size });
    if (malformed > 0) metrics.add({ name: 'MalformedBrands', value: malformed });
    if (cutShortBy !== undefined) log.warn('brands_cut_short', { reason: cutShortBy });
  } else {
    metrics.add({ name: 'BrandsUnavailable', value: 1 });
    log.warn('brands_unavailable', {
      reason: listing.reason === 'unavailable' ? listing.detail : listing.reason,
    });
  }
  const isWhole = listing.ok && listing.value.cutShortBy === undefined;
  const readAgainAt = new Date(now().getTime() + (isWhole ? DAY_MS : HOUR_MS)).toISOString();
  await save({ minutes, readAgainAt });
}
