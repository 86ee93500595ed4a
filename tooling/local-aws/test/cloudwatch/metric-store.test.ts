import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMetricStore } from '../../cloudwatch/metric-store.ts';
import { summarize } from '../../cloudwatch/statistic.ts';
import { metricSeries, windowOver, windowUntil } from '../../cloudwatch/time-series.ts';

const ORDERS = { namespace: 'Shop', name: 'Orders', dimensions: { Brand: 'acme' } };

describe('the metric store', () => {
  it('keeps metrics with different dimensions separate, in whatever order the dimensions are named', () => {
    const store = createMetricStore();
    const metric = { namespace: 'Shop', name: 'Orders' };
    store.put({ ...metric, dimensions: { Brand: 'acme', Country: 'de' } }, { atMs: 0, value: 1 });
    store.put({ ...metric, dimensions: { Country: 'de', Brand: 'acme' } }, { atMs: 1, value: 2 });
    store.put({ ...metric, dimensions: { Brand: 'acme' } }, { atMs: 2, value: 4 });

    const whole = { fromMs: 0, untilMs: 10 };
    expect(store.metrics()).toHaveLength(2);
    expect(store.samples({ ...metric, dimensions: { Brand: 'acme', Country: 'de' } }, whole)).toHaveLength(2);
    expect(store.samples({ ...metric, dimensions: {} }, whole)).toEqual([]);
  });

  it('returns the values of a time range, oldest first, in whatever order they arrived', () => {
    const instants = fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 40 });

    fc.assert(
      fc.property(instants, fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 50 }), (all, a, b) => {
        const store = createMetricStore();
        for (const atMs of all) store.put(ORDERS, { atMs, value: atMs });
        const span = { fromMs: Math.min(a, b), untilMs: Math.max(a, b) };

        const found = store.samples(ORDERS, span).map(({ atMs }) => atMs);

        const expected = all.filter((atMs) => atMs >= span.fromMs && atMs < span.untilMs);
        expect(found).toEqual(expected.sort((one, other) => one - other));
      }),
    );
  });

  it('refuses a value that is not a number', () => {
    expect(() => {
      createMetricStore().put(ORDERS, { atMs: 0, value: Number.NaN });
    }).toThrow('The metric Orders got a value or an instant that is no number.');
  });
});

describe('a statistic', () => {
  const samples = [
    { atMs: 0, value: 10, count: 1 },
    { atMs: 1, value: 2, count: 3 },
    { atMs: 2, value: 4, count: 1 },
  ];

  it.each([
    ['Sum', 20],
    ['SampleCount', 5],
    ['Average', 4],
    ['Minimum', 2],
    ['Maximum', 10],
    ['p50', 2],
    ['p80', 4],
    ['p99', 10],
    ['p99.9', 10],
    ['p100', 10],
  ])('%s of the samples is %d', (statistic, value) => {
    expect(summarize(samples, statistic)).toBe(value);
  });

  it('of no samples is undefined', () => {
    expect(summarize([], 'Sum')).toBeUndefined();
  });

  it.each(['TM(10%:90%)', 'IQM', 'sum', 'p101', 'toString'])(
    '%s is refused, even without samples',
    (statistic) => {
      expect(() => summarize([], statistic)).toThrow(`The statistic ${statistic} is not supported locally.`);
    },
  );
});

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html, StartTime
describe('the periods of a graph', () => {
  it('begin at multiples of the period', () => {
    expect(windowOver({ fromMs: 12 * 60_000 + 7, untilMs: 21 * 60_000 }, 300_000)).toEqual({
      fromMs: 10 * 60_000,
      periodMs: 300_000,
      length: 3,
    });
  });

  it('contain each value once, and nothing if there is no data', () => {
    const store = createMetricStore();
    for (const atMs of [0, 299_999, 300_000, 900_000]) store.put(ORDERS, { atMs, value: 1 });

    const { values } = metricSeries(store, ORDERS, {
      statistic: 'Sum',
      window: windowUntil(1_200_000, { periodMs: 300_000, length: 4 }),
    });

    expect(values).toEqual([2, 1, undefined, 1]);
  });
});
