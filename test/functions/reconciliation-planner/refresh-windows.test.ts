import { describe, expect, it } from 'vitest';

import { refreshWindows } from '../../../functions/reconciliation-planner/refresh-windows.ts';
import type { BrandsApi } from '../../../shared/button/list-brands.ts';
import type { Measured } from '../../../shared/runtime/metric-definitions.ts';
import type { FinalizationWindows } from '../../../shared/transactions/store/finalization-windows.ts';

type Listing = Awaited<ReturnType<BrandsApi['listBrands']>>;

const HOUR_MS = 3_600_000;

/** What is stored and measured after ticks at these hours, each with Button's answer. */
async function afterTicks(ticks: readonly (readonly [hour: number, listing: Listing])[]) {
  const measured: Measured[] = [];
  let stored: FinalizationWindows | undefined;
  let asked = 0;
  for (const [hour, listing] of ticks)
    await refreshWindows({
      api: {
        listBrands() {
          asked += 1;
          return Promise.resolve(listing);
        },
      },
      read: () => Promise.resolve(stored),
      save: (windows) => Promise.resolve(void (stored = windows)),
      metrics: { add: (one) => measured.push(one) },
      now: () => new Date(Date.parse('2026-06-01T00:00:00Z') + hour * HOUR_MS),
    });
  return { windows: Object.fromEntries(stored?.minutes ?? []), asked, measured };
}

const listed = (windows: Record<string, number>, malformed = 0): Listing => ({
  ok: true,
  value: { windows: new Map(Object.entries(windows)), malformed },
});
const refused: Listing = { ok: false, reason: 'refused', status: 404 };

describe('the finalization windows', () => {
  it('are requested once a day', async () => {
    const { asked, windows } = await afterTicks([
      [0, listed({ 'org-1': 60 })],
      [23.9, listed({ 'org-1': 61 })],
      [24, listed({ 'org-1': 62 })],
    ]);

    expect({ asked, windows }).toEqual({ asked: 2, windows: { 'org-1': 62 } });
  });

  it('are requested again after an hour if Button did not return them, and keep their last value', async () => {
    const { asked, windows, measured } = await afterTicks([
      [0, listed({ 'org-1': 60 })],
      [24, refused],
      [24.5, refused],
      [25, refused],
    ]);

    expect({ asked, windows }).toEqual({ asked: 3, windows: { 'org-1': 60 } });
    expect(measured.filter(({ name }) => name === 'BrandsUnavailable')).toHaveLength(2);
  });

  it('of a brand that is missing or malformed today keeps its last value', async () => {
    const { windows, measured } = await afterTicks([
      [0, listed({ 'org-1': 60, 'org-2': 70 })],
      [24, listed({ 'org-2': 71, 'org-3': 80 }, 1)],
    ]);

    expect(windows).toEqual({ 'org-1': 60, 'org-2': 71, 'org-3': 80 });
    expect(measured).toContainEqual({ name: 'MalformedBrands', value: 1 });
  });
});
