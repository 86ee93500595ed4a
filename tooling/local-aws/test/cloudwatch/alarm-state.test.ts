import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAlarm } from '../../cloudwatch/alarm-definition.ts';
import {
  alarmHistory,
  alarmState,
  judge,
  type AlarmState,
  type Datapoint,
} from '../../cloudwatch/alarm-state.ts';
import { createMetricStore, type MetricStore } from '../../cloudwatch/metric-store.ts';

const MINUTE_MS = 60_000;
const QUEUE_AGE = { namespace: 'Shop', name: 'Age', dimensions: { Queue: 'orders' } };

const AGE_ALARM = {
  Namespace: 'Shop',
  MetricName: 'Age',
  Dimensions: [{ Name: 'Queue', Value: 'orders' }],
  Statistic: 'Maximum',
  Period: 300,
  EvaluationPeriods: 1,
  Threshold: 100,
  ComparisonOperator: 'GreaterThanThreshold',
  TreatMissingData: 'notBreaching',
};

/**
 * The notation of AWS's tables: `0` is good, `X` is breaching, `-` is missing; the newest is on the right.
 */
function datapoints(text: string): Datapoint[] {
  const meaning: Record<string, Datapoint> = { '0': 'good', X: 'breaching', '-': 'missing' };
  return text.split(' ').map((sign) => meaning[sign] ?? 'missing');
}

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
describe('missing data', () => {
  const TREATMENTS = ['missing', 'ignore', 'breaching', 'notBreaching'] as const;
  const RETAINED = 'retained';

  it.each([
    { m: 3, points: '0 - X - X', states: ['OK', 'OK', 'OK', 'OK'] },
    { m: 3, points: '0 - - - -', states: ['OK', 'OK', 'OK', 'OK'] },
    { m: 3, points: '- - - - -', states: ['INSUFFICIENT_DATA', RETAINED, 'ALARM', 'OK'] },
    { m: 3, points: '0 X X - X', states: ['ALARM', 'ALARM', 'ALARM', 'ALARM'] },
    { m: 3, points: '- - X - -', states: ['ALARM', RETAINED, 'ALARM', 'OK'] },
    { m: 2, points: '0 - X - X', states: ['ALARM', 'ALARM', 'ALARM', 'ALARM'] },
    { m: 2, points: '0 0 X 0 X', states: ['ALARM', 'ALARM', 'ALARM', 'ALARM'] },
    { m: 2, points: '0 - X - -', states: ['OK', 'OK', 'ALARM', 'OK'] },
    { m: 2, points: '- - - - 0', states: ['OK', 'OK', 'ALARM', 'OK'] },
    { m: 2, points: '- - - X -', states: ['ALARM', RETAINED, 'ALARM', 'OK'] },
    // "Avoiding premature transitions to alarm state", and an older edition of the table.
    { m: 3, points: '- - - - X', states: ['INSUFFICIENT_DATA', RETAINED, 'ALARM', 'OK'] },
    { m: 3, points: '- - - X -', states: ['INSUFFICIENT_DATA', RETAINED, 'ALARM', 'OK'] },
    { m: 3, points: '- - - X 0', states: ['OK', 'OK', 'OK', 'OK'] },
    { m: 3, points: 'X - - - -', states: ['ALARM', RETAINED, 'ALARM', 'OK'] },
    { m: 2, points: '- - - - X', states: ['INSUFFICIENT_DATA', RETAINED, 'ALARM', 'OK'] },
  ])('among $points is evaluated as in AWS’s tables, $m of 3', ({ m, points, states }) => {
    for (const previous of ['OK', 'ALARM'] as const) {
      const judged = TREATMENTS.map((treatMissingData) =>
        judge(datapoints(points), { evaluationPeriods: 3, datapointsToAlarm: m, treatMissingData }, previous),
      );

      expect(judged).toEqual(states.map((state) => (state === RETAINED ? previous : state)));
    }
  });
});

describe('any data', () => {
  const signs = fc.array(fc.constantFrom('0', 'X', '-'), { minLength: 1, maxLength: 8 });

  it('that fires when missing data is good fires under any treatment, and is OK under any if it is OK when missing data is bad', () => {
    fc.assert(
      fc.property(signs, fc.nat(), (points, some) => {
        const evaluationPeriods = Math.max(1, points.length - 2);
        const datapointsToAlarm = 1 + (some % evaluationPeriods);
        const states = (['notBreaching', 'missing', 'ignore', 'breaching'] as const).map((treatMissingData) =>
          judge(
            datapoints(points.join(' ')),
            { evaluationPeriods, datapointsToAlarm, treatMissingData },
            'OK',
          ),
        );

        if (states[0] === 'ALARM') expect(new Set(states)).toEqual(new Set(['ALARM']));
        if (states[3] === 'OK') expect(new Set(states)).toEqual(new Set(['OK']));
      }),
    );
  });

  it('without gaps is evaluated by how many of the newest periods breach, whatever missing data means', () => {
    const whole = fc.array(fc.constantFrom('0', 'X'), { minLength: 3, maxLength: 8 });

    fc.assert(
      fc.property(whole, fc.nat(), (points, some) => {
        const evaluationPeriods = points.length - 2;
        const datapointsToAlarm = 1 + (some % evaluationPeriods);
        const breaching = points.slice(-evaluationPeriods).filter((sign) => sign === 'X').length;

        for (const treatMissingData of ['notBreaching', 'missing', 'ignore', 'breaching'] as const) {
          const rule = { evaluationPeriods, datapointsToAlarm, treatMissingData };
          const state = judge(datapoints(points.join(' ')), rule, 'INSUFFICIENT_DATA');
          expect(state).toBe(breaching >= datapointsToAlarm ? 'ALARM' : 'OK');
        }
      }),
    );
  });
});

describe('an alarm', () => {
  function storeWith(minutes: Record<number, number>): MetricStore {
    const store = createMetricStore();
    for (const [minute, value] of Object.entries(minutes))
      store.put(QUEUE_AGE, { atMs: Number(minute) * MINUTE_MS, value });
    return store;
  }

  function history(
    properties: Record<string, unknown>,
    store: MetricStore,
    untilMinute: number,
  ): [number, AlarmState][] {
    const span = { fromMs: MINUTE_MS, untilMs: untilMinute * MINUTE_MS + 1 };
    return alarmHistory(readAlarm(properties), store, span).map(({ atMs, state }) => [
      atMs / MINUTE_MS,
      state,
    ]);
  }

  // https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html: "at the end of
  // minute 5 the alarm evaluates based on data from minutes 1 to 5. Then at the end of minute 6, the alarm is
  // evaluated based on the data from minutes 2 to 6."
  it('is evaluated each minute over a sliding window', () => {
    const store = storeWith({ 7: 101 });

    expect(history(AGE_ALARM, store, 12)).toEqual([
      [1, 'OK'],
      [8, 'ALARM'],
    ]);
  });

  it('keeps evaluating the last data for a while after the metric has stopped', () => {
    const store = storeWith({ 7: 101 });

    // The window of one period of five minutes, and two periods more that are searched for data.
    expect(history(AGE_ALARM, store, 40).at(-1)).toEqual([23, 'OK']);
  });

  it('fires for missing data only when the whole evaluation range has none', () => {
    const silence = {
      ...AGE_ALARM,
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
      TreatMissingData: 'breaching',
    };
    const store = storeWith({ 0: 5, 1: 5, 2: 5 });

    expect(history(silence, store, 60)).toEqual([
      [1, 'OK'],
      [18, 'ALARM'],
    ]);
  });

  it('needs the configured number of breaching periods, anywhere in its range', () => {
    const twoOfThree = { ...AGE_ALARM, Period: 60, EvaluationPeriods: 3, DatapointsToAlarm: 2 };
    const store = storeWith({ 1: 101, 2: 0, 3: 101, 4: 0, 5: 0, 6: 0 });

    expect(history(twoOfThree, store, 7)).toEqual([
      [1, 'OK'],
      [4, 'ALARM'],
      [5, 'OK'],
    ]);
  });

  it('keeps its state while data is missing, if missing data is ignored', () => {
    const ignoring = { ...AGE_ALARM, Period: 60, TreatMissingData: 'ignore' };
    const store = storeWith({ 1: 101, 100: 3 });

    expect(history(ignoring, store, 101)).toEqual([
      [2, 'ALARM'],
      [101, 'OK'],
    ]);
  });

  it.each([
    ['GreaterThanThreshold', 'OK', 'ALARM'],
    ['GreaterThanOrEqualToThreshold', 'ALARM', 'ALARM'],
    ['LessThanThreshold', 'OK', 'OK'],
    ['LessThanOrEqualToThreshold', 'ALARM', 'OK'],
  ])('with %s is %s at its threshold and %s above', (operator, at, above) => {
    const alarm = readAlarm({ ...AGE_ALARM, ComparisonOperator: operator });

    expect(alarmState(alarm, storeWith({ 0: 100 }), { atMs: 5 * MINUTE_MS })).toBe(at);
    expect(alarmState(alarm, storeWith({ 0: 101 }), { atMs: 5 * MINUTE_MS })).toBe(above);
  });

  it('supports expressions on metrics', () => {
    const ratio = {
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      EvaluationPeriods: 1,
      Threshold: 2,
      TreatMissingData: 'notBreaching',
      Metrics: [
        { Id: 'ratio', Expression: 'IF(failed >= 2, 100 * failed / all, 0)', Label: 'failed, %' },
        metricPart('all', 'WebhooksFromButton'),
        metricPart('failed', 'WebhooksFailedForButton'),
      ],
    };
    const metric = (name: string) => ({ namespace: 'Shop', name, dimensions: {} });
    const stateAfter = (all: number, failed: number): AlarmState => {
      const store = createMetricStore();
      store.put(metric('WebhooksFromButton'), { atMs: 0, value: 1, count: all });
      store.put(metric('WebhooksFailedForButton'), { atMs: 0, value: failed });
      return alarmState(readAlarm(ratio), store, { atMs: 5 * MINUTE_MS });
    };

    expect([stateAfter(100, 2), stateAfter(101, 2), stateAfter(10, 1)]).toEqual(['ALARM', 'OK', 'OK']);
  });

  function metricPart(id: string, name: string): object {
    const metric = { Namespace: 'Shop', MetricName: name };
    return { Id: id, ReturnData: false, MetricStat: { Metric: metric, Period: 300, Stat: 'Sum' } };
  }

  // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
  it.each([undefined, 'notBreaching', 'breaching', 'missing'])(
    'of DynamoDB ignores missing data, even if the template says %s',
    (chosen) => {
      const { TreatMissingData: _, ...unspecified } = AGE_ALARM;
      const alarm = { ...unspecified, ...(chosen !== undefined && { TreatMissingData: chosen }) };

      expect(readAlarm({ ...alarm, Namespace: 'AWS/DynamoDB' }).treatMissingData).toBe('ignore');
      expect(readAlarm(alarm).treatMissingData).toBe(chosen ?? 'missing');
    },
  );

  it.each([
    ['an unknown property', { Anomaly: true }, 'Anomaly'],
    ['an anomaly comparison', { ComparisonOperator: 'LessThanLowerThreshold' }, 'ComparisonOperator'],
    ['a reference that was not resolved', { Dimensions: [{ Name: 'Q', Value: { Ref: 'X' } }] }, 'Dimensions'],
    ['ten seconds', { Period: 10 }, 'Period'],
    ['no metric', { MetricName: undefined }, 'The alarm needs Metrics, or Namespace'],
    ['more datapoints than periods', { DatapointsToAlarm: 2 }, 'DatapointsToAlarm is more than'],
    ['a range over a day', { EvaluationPeriods: 289 }, 'more than a day'],
    [
      'a search',
      { Metrics: [{ Id: 'e', Expression: "SUM(SEARCH('{Shop} Age', 'Sum', 300))", Period: 300 }] },
      'An alarm may not search.',
    ],
    ['two results', { Metrics: [metricPart('a', 'A'), metricPart('b', 'B')] }, 'Exactly one'],
    [
      'different periods',
      { Metrics: [{ Id: 'e', Expression: 'a', Period: 60 }, metricPart('a', 'A')] },
      'must have one period',
    ],
    [
      'eleven metrics',
      {
        Metrics: [
          { Id: 'e', Expression: 'SUM(METRICS())' },
          ...Array.from({ length: 11 }, (_, index) => metricPart(`m${index}`, 'A')),
        ],
      },
      'at most 10 metrics',
    ],
  ])('with %s is refused', (_name, change, problem) => {
    expect(() => readAlarm({ ...AGE_ALARM, ...change })).toThrow(problem);
  });
});
