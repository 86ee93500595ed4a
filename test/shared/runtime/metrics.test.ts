import { describe, expect, it } from 'vitest';

import { METRICS_NAMESPACE, type MetricName } from '../../../shared/runtime/metric-definitions.ts';
import { createMetrics } from '../../../shared/runtime/metrics.ts';

function recording() {
  const lines: string[] = [];
  const metrics = createMetrics<MetricName>({
    namespace: METRICS_NAMESPACE,
    write: (line) => lines.push(line),
    now: () => 1_700_000_000_000,
  });
  return {
    lines,
    metrics,
    documents: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

describe('createMetrics', () => {
  it('writes fields next to the metrics that they belong to, and makes no metric or dimension of them', () => {
    const { metrics, documents } = recording();

    metrics.add({ name: 'WebhooksApplied', value: 1, fields: { eventId: 'hook-1', outcome: 'applied' } });
    metrics.add({ name: 'WebhooksBySecret', value: 1, dimensions: { Secret: 'main' } });
    metrics.flush();

    const [line] = documents();
    expect(line).toMatchObject({ eventId: 'hook-1', outcome: 'applied', WebhooksApplied: 1 });
    expect(JSON.stringify(line?.['_aws'])).not.toMatch(/eventId|outcome/);
  });

  it('writes a line for each value of a dimension, in the embedded metric format', () => {
    const { metrics, documents } = recording();

    metrics.add({ name: 'OrdersReported', value: 1, dimensions: { Brand: 'acme' } });
    metrics.add({ name: 'OrdersReported', value: 1, dimensions: { Brand: 'acme' } });
    metrics.add({ name: 'OrdersReported', value: 1, dimensions: { Brand: 'other' } });
    metrics.flush();

    expect(documents()).toEqual([
      {
        _aws: {
          Timestamp: 1_700_000_000_000,
          CloudWatchMetrics: [
            {
              Namespace: 'ButtonServerless',
              Dimensions: [['Brand']],
              Metrics: [{ Name: 'OrdersReported', Unit: 'Count' }],
            },
          ],
        },
        Brand: 'acme',
        OrdersReported: 2,
      },
      expect.objectContaining({ Brand: 'other', OrdersReported: 1 }),
    ]);
  });

  it('keeps the single values of metrics that do not add up', () => {
    const { metrics, documents } = recording();

    metrics.add({ name: 'ReportDelaySeconds', value: 3 });
    metrics.add({ name: 'ReportDelaySeconds', value: 5 });
    metrics.flush();

    expect(documents()).toMatchObject([{ ReportDelaySeconds: [3, 5] }]);
  });

  it('writes each measurement once, and ends every line', () => {
    const { metrics, lines } = recording();

    metrics.add({ name: 'EventsPublished', value: 1 });
    metrics.flush();
    metrics.flush();

    expect(lines).toHaveLength(1);
    expect(lines[0]?.endsWith('\n')).toBe(true);
  });

  it('keeps the longest times if there are more than a line can hold, and loses no money', () => {
    const { metrics, documents } = recording();
    const dimensions = { Currency: 'USD' };

    for (let seconds = 150; seconds >= 0; seconds -= 1) {
      metrics.add({ name: 'ReportDelaySeconds', value: seconds === 0 ? 999 : seconds });
      metrics.add({ name: 'DriftAmountMinor', value: 2, dimensions });
    }
    metrics.flush();

    const [line] = documents();
    expect(line?.['ReportDelaySeconds']).toHaveLength(100);
    expect(line?.['ReportDelaySeconds']).toContain(999);
    expect(line?.['DriftAmountMinor']).toBe(302);
  });

  it.each([
    ['Schlüssel', 'Schl?ssel'],
    [':first', '?first'],
    [' ', '?'],
    ['', '?'],
  ])('makes a dimension that CloudWatch accepts of %j', (name, dimension) => {
    const { metrics, documents } = recording();

    metrics.add({ name: 'WebhooksBySecret', value: 1, dimensions: { Secret: name } });
    metrics.flush();

    expect(documents()).toMatchObject([{ Secret: dimension }]);
  });

  it('puts different dimensions into one line, each with its own metrics', () => {
    const { metrics, documents } = recording();
    const Brand = 'acme';

    metrics.add({ name: 'ReportDelaySeconds', value: 3 });
    metrics.add({ name: 'OrdersReported', value: 1, dimensions: { Brand } });
    for (const Currency of ['USD', 'EUR'])
      metrics.add({ name: 'ReportedAmountChangeMinor', value: 5, dimensions: { Brand, Currency } });
    metrics.flush();

    const [line, ...others] = documents();
    expect(line).toMatchObject({ Brand, Currency: 'USD', ReportDelaySeconds: 3, OrdersReported: 1 });
    const directives = (line?.['_aws'] as { CloudWatchMetrics: object[] } | undefined)?.CloudWatchMetrics;
    expect(directives).toMatchObject([
      { Dimensions: [[]], Metrics: [{ Name: 'ReportDelaySeconds' }] },
      { Dimensions: [['Brand']], Metrics: [{ Name: 'OrdersReported' }] },
      { Dimensions: [['Brand', 'Currency']], Metrics: [{ Name: 'ReportedAmountChangeMinor' }] },
    ]);
    expect(others).toMatchObject([{ Brand, Currency: 'EUR', ReportedAmountChangeMinor: 5 }]);
  });
});
