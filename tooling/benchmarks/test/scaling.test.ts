import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { formatPage } from '../report.ts';
import { defaultSettings, HIGHEST_SETTINGS, listLimits, scalingPage } from '../scaling.ts';

describe('listLimits', () => {
  it('lists the lowest limit first', () => {
    const orders = listLimits(defaultSettings()).map(({ ordersPerDay }) => ordersPerDay);

    expect(orders).toEqual(orders.toSorted((one, other) => one - other));
  });

  it('raises a limit when its setting is raised, and no other', () => {
    const defaults = listLimits(defaultSettings());
    const highest = listLimits({ ...defaultSettings(), ...HIGHEST_SETTINGS });
    const roomOf = (limits: typeof defaults, kind: string) =>
      limits.filter((limit) => limit.kind === kind).map(({ ordersPerDay }) => ordersPerDay);

    expect(Math.min(...roomOf(highest, 'setting'))).toBeGreaterThan(Math.max(...roomOf(defaults, 'setting')));
    expect(roomOf(highest, 'quota')).toEqual(roomOf(defaults, 'quota'));
    expect(roomOf(highest, 'design')).toEqual(roomOf(defaults, 'design'));
  });

  it('doubles the throttle for twice the webhooks', () => {
    const throttleOf = (throttlePerSecond: number) =>
      listLimits({ ...defaultSettings(), throttlePerSecond }).find(({ what }) => what.includes('throttle'))
        ?.ordersPerDay ?? 0;

    // 100 a second are 8.64 million a day. An order makes two, and the peak is ten times the average.
    expect(throttleOf(100)).toBe(432_000);
    expect(throttleOf(200)).toBe(864_000);
  });
});

describe('docs/scaling.md', () => {
  it('is what the settings and quotas give ("npm run bench -- --costs" rewrites it)', async () => {
    const page = readFileSync(join(import.meta.dirname, '../../..', 'docs', 'scaling.md'), 'utf8');

    expect(page).toBe(await formatPage(scalingPage()));
  });
});
