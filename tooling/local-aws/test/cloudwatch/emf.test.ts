import { describe, expect, it } from 'vitest';
import { putSamples, readEmf, type EmfSample } from '../../cloudwatch/emf.ts';
import { createMetricStore } from '../../cloudwatch/metric-store.ts';
import { createMetrics } from '../../../../shared/runtime/metrics.ts';

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
const EXAMPLE_MS = 1_574_109_732_004;
const EXAMPLE = {
  _aws: {
    Timestamp: EXAMPLE_MS,
    CloudWatchMetrics: [
      {
        Namespace: 'lambda-function-metrics',
        Dimensions: [['functionVersion']],
        Metrics: [{ Name: 'time', Unit: 'Milliseconds' }],
      },
    ],
  },
  functionVersion: '$LATEST',
  time: 100,
  requestId: '989ffbf8-9ace-4817-a57c-e4dd734019ee',
};

/** The example with a change in its only directive. */
function withDirective(change: object): object {
  const [directive] = EXAMPLE._aws.CloudWatchMetrics;
  return { ...EXAMPLE, _aws: { ...EXAMPLE._aws, CloudWatchMetrics: [{ ...directive, ...change }] } };
}

function samplesOf(line: string, atMs: number): EmfSample[] {
  const reading = readEmf(line, atMs);
  if (reading.kind !== 'metrics') throw new Error(reading.kind);
  return reading.samples;
}

describe('a log line', () => {
  it('gives the metric of the specification’s example', () => {
    expect(readEmf(JSON.stringify(EXAMPLE), EXAMPLE_MS)).toEqual({
      kind: 'metrics',
      document: EXAMPLE,
      samples: [
        {
          metric: {
            namespace: 'lambda-function-metrics',
            name: 'time',
            dimensions: { functionVersion: '$LATEST' },
          },
          atMs: EXAMPLE_MS,
          value: 100,
        },
      ],
    });
  });

  it('gives each value of an array, once for each set of dimensions', () => {
    const store = createMetricStore();
    const line = JSON.stringify({
      ...withDirective({ Dimensions: [['functionVersion'], []] }),
      time: [1, 2, 3],
    });

    putSamples(store, samplesOf(line, EXAMPLE_MS));

    const whole = { fromMs: 0, untilMs: EXAMPLE_MS + 1 };
    expect(store.metrics()).toHaveLength(2);
    for (const metric of store.metrics())
      expect(store.samples(metric, whole).map(({ value }) => value)).toEqual([1, 2, 3]);
  });

  it.each(['', 'plain text', '{"level":"INFO","message":"_aws"}', '{"_aws": unfinished', '["_aws"]'])(
    'without the format is ignored: %s',
    (line) => {
      expect(readEmf(line, EXAMPLE_MS)).toEqual({ kind: 'no-emf' });
    },
  );

  it.each([
    ['without a timestamp', { ...EXAMPLE, _aws: { CloudWatchMetrics: [] } }, 'Timestamp'],
    ['without any set of dimensions', withDirective({ Dimensions: [] }), 'Dimensions'],
    ['with dimensions in one list', withDirective({ Dimensions: ['functionVersion'] }), 'Dimensions'],
    ['whose dimension is missing', withDirective({ Dimensions: [['Region']] }), 'The dimension Region'],
    ['whose dimension is not a string', { ...EXAMPLE, functionVersion: 1 }, 'The dimension functionVersion'],
    ['whose metric is missing', { ...EXAMPLE, time: undefined }, 'The metric time'],
    ['whose metric is a string', { ...EXAMPLE, time: '100' }, 'The metric time'],
    ['with a nested metric', withDirective({ Metrics: [{ Name: 'a.b' }] }), 'The metric a.b'],
    ['with an inherited name', withDirective({ Metrics: [{ Name: 'toString' }] }), 'The metric toString'],
    ['with 101 values', { ...EXAMPLE, time: Array<number>(101).fill(1) }, 'more than 100 values'],
    ['with 101 metrics', withDirective({ Metrics: Array(101).fill({ Name: 'time' }) }), 'Metrics'],
    ['with an unknown unit', withDirective({ Metrics: [{ Name: 'time', Unit: 'Orders' }] }), 'Orders'],
  ])('%s is malformed, and says why', (_name, document, problem) => {
    const reading = readEmf(JSON.stringify(document), EXAMPLE_MS);

    expect(reading).toMatchObject({ kind: 'malformed', problem: expect.stringContaining(problem) as string });
  });

  it.each([
    ['two weeks late', 14 * 86_400_000 + 1],
    ['more than two hours early', -2 * 3_600_000 - 1],
  ])('that comes %s is malformed', (_name, lateMs) => {
    expect(readEmf(JSON.stringify(EXAMPLE), EXAMPLE_MS + lateMs)).toMatchObject({ kind: 'malformed' });
  });

  it('written by this project’s own functions is read completely', () => {
    const store = createMetricStore();
    const write = (line: string) => {
      putSamples(store, samplesOf(line, 5000));
    };
    const metrics = createMetrics({ namespace: 'Shop', write, now: () => 5000 });

    metrics.add({ name: 'Orders', value: 2, dimensions: { Brand: 'acme' } });
    metrics.flush();

    const metric = { namespace: 'Shop', name: 'Orders', dimensions: { Brand: 'acme' } };
    expect(store.samples(metric, { fromMs: 5000, untilMs: 5001 })).toEqual([
      { atMs: 5000, value: 2, count: 1 },
    ]);
  });
});
