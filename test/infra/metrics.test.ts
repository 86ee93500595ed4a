import { describe, expect, it } from 'vitest';

import { StageConfigSchema } from '../../infra/config.ts';
import { stageMetrics } from '../../infra/metrics.ts';
import {
  METRICS,
  unitOf,
  type MetricDefinition,
  type MetricName,
} from '../../shared/runtime/metric-definitions.ts';

const metrics = stageMetrics({ config: StageConfigSchema.parse({ stage: 'development', transactions: {} }) });

const LEVELS = Object.entries<MetricDefinition>(METRICS).filter(([, { isLevel }]) => isLevel);

describe('stageMetrics', () => {
  it.each([
    ['a flow by its sum', 'WebhooksApplied', 'Sum'],
    ['an age by the highest', 'OldestWindowAgeSeconds', 'Maximum'],
    ['a level by the highest, because each measurement is complete', 'StalePendingTransactions', 'Maximum'],
    ['a switch by whether it was on', 'BreakerOpen', 'Maximum'],
  ] as const)('chooses the statistic of %s', (_what, name, statistic) => {
    expect(metrics.overall(name).statistic).toBe(statistic);
  });

  it('gives the unit None to amounts, and to nothing else', () => {
    const all = Object.entries<MetricDefinition>(METRICS);
    const amounts = all.filter(([, { dimensions }]) => dimensions.includes('Currency')).map(([name]) => name);

    expect(all.map(([name]) => name).filter((name) => unitOf(name) === 'None')).toEqual(amounts);
    expect([unitOf('RepairDelaySeconds'), unitOf('WebhooksApplied')]).toEqual(['Seconds', 'Count']);
  });

  it('chooses the same statistic for a level with dimensions', () => {
    const names: MetricName[] = [
      'StalePendingAmountMinor',
      'BrandPaused',
      'BreakerOpen',
      'DrainPacePerSecond',
      'StalePendingTransactions',
      'UnreadGaps',
    ];

    expect(LEVELS.map(([name]) => name).toSorted()).toEqual(names.toSorted());
    expect(JSON.stringify(metrics.searched('StalePendingAmountMinor'))).toContain("'Maximum'");
  });
});
