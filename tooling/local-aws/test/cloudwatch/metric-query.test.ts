import { describe, expect, it } from 'vitest';
import { evaluateQueries, type MetricQuery } from '../../cloudwatch/metric-query.ts';
import { createMetricStore, type MetricStore } from '../../cloudwatch/metric-store.ts';

const PERIOD_MS = 60_000;

/** Series in the notation of AWS's page: `-` is no value. */
type Points = (number | '-')[];

function storeWith(series: Record<string, Points>): MetricStore {
  const store = createMetricStore();
  for (const [name, points] of Object.entries(series)) {
    for (const [index, value] of points.entries()) {
      const metric = { namespace: 'Test', name, dimensions: {} };
      if (value !== '-') store.put(metric, { atMs: index * PERIOD_MS, value });
    }
  }
  return store;
}

/** The result of the expression; ids are the metrics' names. */
function evaluate(expression: string, series: Record<string, Points>): Points[] {
  const length = Math.max(...Object.values(series).map((points) => points.length));
  const queries: MetricQuery[] = [
    ...Object.keys(series).map((name) => ({
      id: name,
      metric: { namespace: 'Test', name, dimensions: {} },
      statistic: 'Sum',
    })),
    { id: 'result', expression },
  ];
  const store = storeWith(series);
  const window = { fromMs: 0, periodMs: PERIOD_MS, length };
  return evaluateQueries(queries, { store, window })('result').map(({ values }) =>
    values.map((value) => value ?? '-'),
  );
}

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
describe('metric math', () => {
  it.each([
    ['metric1 < metric2', [0, 0, 1, 0]],
    ['metric1 >= 30', [1, 0, 0, 0]],
    ['metric1 > 15 AND metric2 > 15', [1, 0, 0, 0]],
    ['metric1 > 15 && metric2 > 15', [1, 0, 0, 0]],
  ])('compares as in the page’s table: %s', (expression, expected) => {
    const series: Record<string, Points> = { metric1: [30, 20, 0, 0], metric2: [20, '-', 20, '-'] };

    expect(evaluate(expression, series)).toEqual([expected]);
  });

  it.each<[string, Points]>([
    ['IF(metric1, metric2, metric3)', [30, 0, 20, '-', '-']],
    ['IF(metric1, 5, metric3)', [5, 5, 20, '-', '-']],
    ['IF(metric1, metric2, 5)', [30, 0, 5, 5, '-']],
    ['IF(metric1, metric2)', [30, 0, '-', '-', '-']],
    ['IF(1, metric2, metric3)', [30, '-', 0, 0, 30]],
    ['IF(0, metric2, metric3)', [0, 0, 20, '-', 20]],
    ['IF(metric3 > 10, 1, 0)', [0, 0, 1, '-', 1]],
  ])('chooses as in the page’s tables: %s', (expression, expected) => {
    const series: Record<string, Points> = {
      metric1: [1, 1, 0, 0, '-'],
      metric2: [30, '-', 0, 0, 30],
      metric3: [0, 0, 20, '-', 20],
    };

    expect(evaluate(expression, series)).toEqual([expected]);
  });

  it.each<[string, Points]>([
    ['m1 + m2', [3, 4, 5, '-']],
    ['m1 - m2', [-1, 4, -5, '-']],
    ['m1 / m2', [0.5, '-', 0, '-']],
    ['2 * m1 + 1', [3, 9, '-', '-']],
    ['2 + m1 * 3', [5, 14, '-', '-']],
    ['(2 + m1) * 3', [9, 18, '-', '-']],
    ['m1 - 1 - 1', [-1, 2, '-', '-']],
    ['-m1', [-1, -4, '-', '-']],
    ['m1 ^ 2', [1, 16, '-', '-']],
    ['100 * m1 / (m1 + m2)', [100 / 3, 100, 0, '-']],
    ['SUM([m1, m2])', [3, 4, 5, '-']],
    ['SUM(METRICS())', [3, 4, 5, '-']],
    ['SUM(METRICS("m2"))', [2, '-', 5, '-']],
    ['MAX([m1, m2])', [2, 4, 5, '-']],
    ['MIN([m1, m2])', [1, 4, 5, '-']],
    ['AVG([m1, m2])', [1.5, 2, 2.5, '-']],
    ['m1 / SUM(m1)', [0.2, 0.8, '-', '-']],
    ['m1 - MIN(m1)', [0, 3, '-', '-']],
    ['m1 / PERIOD(m1)', [1 / 60, 4 / 60, '-', '-']],
    ['FILL(m1, 0)', [1, 4, 0, 0]],
    ['FILL(m1, m2)', [1, 4, 5, '-']],
    ['FILL(m1, REPEAT)', [1, 4, 4, 4]],
    ['FILL(m2, REPEAT)', [2, 2, 5, 5]],
    ['DIFF(m2)', ['-', '-', 3, '-']],
    ['RATE(m2)', ['-', '-', 3 / 120, '-']],
    ['RUNNING_SUM(m2)', [2, '-', 7, '-']],
    ['ABS(m1 - m2)', [1, 4, 5, '-']],
    ['TIME_SERIES(MAX(m1))', [4, 4, 4, 4]],
  ])('computes %s', (expression, expected) => {
    const series: Record<string, Points> = { m1: [1, 4, '-', '-'], m2: [2, '-', 5, '-'] };

    expect(evaluate(expression, series)).toEqual([expected]);
  });

  it.each<[string, string[]]>([
    ['SORT(METRICS(), SUM, DESC)', ['steady', 'peak', 'low', 'silent']],
    ['SORT(METRICS(), MAX, DESC, 2)', ['peak', 'steady']],
    ['SORT(METRICS(), MIN, ASC, 1)', ['peak']],
    ['SORT(METRICS(), AVG, ASC)', ['low', 'peak', 'steady', 'silent']],
  ])('sorts series, those without a value last: %s', (expression, names) => {
    const series: Record<string, Points> = {
      low: [1, 1, 1],
      silent: ['-', '-', '-'],
      steady: [4, 4, 4],
      peak: [0, 9, 0],
    };

    expect(evaluate(expression, series)).toEqual(names.map((name) => series[name]));
  });

  it.each([
    'SORT(METRICS(), MEDIAN, ASC)',
    'SORT(METRICS(), MAX, DOWN)',
    'SORT(METRICS(), MAX, ASC, METRICS())',
  ])('does not guess the meaning of %s', (expression) => {
    expect(() => evaluate(expression, { some: [1] })).toThrow('SORT');
  });

  it('returns an array of series for an array', () => {
    expect(evaluate('METRICS() / 100', { m1: [100, 200], m2: ['-', 300] })).toEqual([
      [1, 2],
      ['-', 3],
    ]);
  });

  it.each([
    ['STDDEV(m1)', 'The function STDDEV is not supported locally.'],
    ['FILL(m1, LINEAR)', 'FILL with LINEAR is not supported locally.'],
    ['m9', 'No metric or expression has the id m9.'],
    ['result + 1', 'The expression result refers to itself.'],
    ['SUM(m1)', 'The expression result is a number, not a time series.'],
    ['METRICS() + METRICS()', '+ between two arrays is not supported locally.'],
    ['m1 +', 'The expression m1 + is not understood locally, at its end.'],
    ['m1 m1', 'The expression m1 m1 is not understood locally, at m1.'],
    ['m1 ? 1', 'The expression m1 ? 1 is not understood locally, at  ? 1.'],
    ['IF(METRICS(), 1)', 'IF needs a single time series here, not an array.'],
  ])('reports what it does not understand: %s', (expression, problem) => {
    expect(() => evaluate(expression, { m1: [1] })).toThrow(problem);
  });
});

describe('a search', () => {
  function found(query: string): string[] {
    const store = createMetricStore();
    const metrics = [
      {
        namespace: 'AWS/Lambda',
        name: 'Errors',
        dimensions: { FunctionName: 'Button-local-Orders-Reporter' },
      },
      { namespace: 'AWS/Lambda', name: 'Errors', dimensions: {} },
      { namespace: 'AWS/Lambda', name: 'Invocations', dimensions: { FunctionName: 'Button-local-Sweep' } },
      { namespace: 'AWS/SQS', name: 'Errors', dimensions: { QueueName: 'Button-local-Orders.fifo' } },
      { namespace: 'Shop', name: 'CustomCount1', dimensions: {} },
      { namespace: 'Shop', name: 'Network-Errors-2', dimensions: { Brand: 'acme', Currency: 'USD' } },
    ];
    for (const metric of metrics) store.put(metric, { atMs: 0, value: 1 });
    const queries = [{ id: 'e', expression: `SEARCH('${query}', 'Sum', 300)` }];
    const window = { fromMs: 0, periodMs: PERIOD_MS, length: 1 };
    return evaluateQueries(queries, { store, window })('e').map(({ metric }) => {
      const [dimension] = Object.values(metric?.dimensions ?? {});
      return [metric?.namespace, metric?.name, ...(dimension === undefined ? [] : [dimension])].join(' ');
    });
  }
  const REPORTER = 'AWS/Lambda Errors Button-local-Orders-Reporter';
  const SWEEP = 'AWS/Lambda Invocations Button-local-Sweep';
  const ALL_FUNCTIONS = 'AWS/Lambda Errors';
  const QUEUE = 'AWS/SQS Errors Button-local-Orders.fifo';
  const COUNT = 'Shop CustomCount1';
  const NETWORK = 'Shop Network-Errors-2 acme';

  // https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html
  it.each([
    ['{AWS/Lambda,FunctionName} MetricName="Errors"', [REPORTER]],
    ['{AWS/Lambda,FunctionName}', [REPORTER, SWEEP]],
    ['{AWS/Lambda}', [REPORTER, ALL_FUNCTIONS, SWEEP]],
    ['{AWS/Lambda,FunctionName} MetricName="Errors" Button local', [REPORTER]],
    ['{AWS/Lambda,FunctionName} MetricName="Errors" Button production', []],
    ['{Shop,Currency,Brand} MetricName="Network-Errors-2"', [NETWORK]],
    ['{Shop,Brand} MetricName="Network-Errors-2"', []],
    [
      '{AWS/Lambda, FunctionName} MetricName="Errors" OR (MetricName="Invocations" AND sweep)',
      [REPORTER, SWEEP],
    ],
    ['{AWS/Lambda, FunctionName} MetricName=("Errors" OR "Invocations")', [REPORTER, SWEEP]],
    ['MetricName="Errors" NOT Namespace="AWS/SQS"', [REPORTER, ALL_FUNCTIONS]],
    ['MetricName="Errors" NOT reporter NOT fifo', [ALL_FUNCTIONS]],
    ['QueueName="Button-local-Orders.fifo"', [QUEUE]],
    ['QueueName=orders', [QUEUE]],
    ['{Shop}, "CustomCount1"', [COUNT]],
    ['{Shop}, "customcount1"', []],
    ['{Shop}, "Custom"', []],
    ['count', [COUNT]],
    ['COUNT', [COUNT]],
    ['couNT', []],
    ['CustomCount', [COUNT]],
    ['Count1', [COUNT]],
    ['customcount', []],
    ['count1', []],
    ['network-errors', [NETWORK]],
    ['Network_Errors', [NETWORK]],
  ])('for %s finds %s', (query, expected) => {
    expect(found(query)).toEqual(expected);
  });

  it.each(['', '{', '{AWS/Lambda', 'AND', 'MetricName=', '(Errors', 'MetricName="Errors', '{}'])(
    'for %s is refused',
    (query) => {
      expect(() => found(query)).toThrow('is not understood locally');
    },
  );
});
