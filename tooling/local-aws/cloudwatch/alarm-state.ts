import type { AlarmDefinition } from './alarm-definition.ts';
import { evaluateQueries } from './metric-query.ts';
import type { MetricStore, Span } from './metric-store.ts';
import { windowUntil } from './time-series.ts';

/** The state of an alarm. */
export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

/** A change of state, and when. */
export type AlarmTransition = { atMs: number; state: AlarmState };

/** An alarm is evaluated every minute, whatever its period, over a sliding window. */
const EVALUATION_INTERVAL_MS = 60_000;

/**
 * How many more periods than it needs an alarm looks at: in AWS's examples 5 for 3. AWS does not document
 * other cases.
 */
const EXTRA_PERIODS = 2;

/**
 * The state of an alarm at its last evaluation at or before `atMs`: over the periods that end with that
 * minute. `previous` is the state before, which counts where missing data leaves it as it is; a new alarm has
 * INSUFFICIENT_DATA.
 *
 * Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html, "Alarm evaluation settings"
 */
export function alarmState(
  alarm: AlarmDefinition,
  store: MetricStore,
  { atMs, previous = 'INSUFFICIENT_DATA' }: { atMs: number; previous?: AlarmState },
): AlarmState {
  const evaluatedAtMs = Math.floor(atMs / EVALUATION_INTERVAL_MS) * EVALUATION_INTERVAL_MS;
  const window = windowUntil(evaluatedAtMs, {
    periodMs: alarm.periodMs,
    length: alarm.evaluationPeriods + EXTRA_PERIODS,
  });
  const [series, ...others] = evaluateQueries(alarm.queries, { store, window })(alarm.watchedId);
  if (series === undefined || others.length > 0) throw new Error('An alarm watches exactly one time series.');
  const datapoints = series.values.map((value) =>
    value === undefined ? 'missing' : alarm.isBreaching(value) ? 'breaching' : 'good',
  );
  return judge(datapoints, alarm, previous);
}

/** Every change of an alarm's state within a span, evaluated each minute, from INSUFFICIENT_DATA on. */
export function alarmHistory(alarm: AlarmDefinition, store: MetricStore, span: Span): AlarmTransition[] {
  const transitions: AlarmTransition[] = [];
  const firstMs = Math.ceil(span.fromMs / EVALUATION_INTERVAL_MS) * EVALUATION_INTERVAL_MS;
  let previous: AlarmState = 'INSUFFICIENT_DATA';
  for (let atMs = firstMs; atMs < span.untilMs; atMs += EVALUATION_INTERVAL_MS) {
    const state = alarmState(alarm, store, { atMs, previous });
    if (state !== previous) transitions.push({ atMs, state });
    previous = state;
  }
  return transitions;
}

/** How a period compares with the threshold. */
export type Datapoint = 'good' | 'breaching' | 'missing';

type Judgement = Pick<AlarmDefinition, 'evaluationPeriods' | 'datapointsToAlarm' | 'treatMissingData'>;

/**
 * The state that follows from the periods of the evaluation range, oldest first. Enough real ones decide
 * alone, the newest of them. Otherwise all real ones count, and the gaps as the alarm says. What is missing
 * and to be left so, alarms only if nothing speaks against it and the oldest breach is old enough that no
 * data could come between any more.
 *
 * Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html; its tables are the tests. For
 * a lone breach that is too young, an older edition of the page says INSUFFICIENT_DATA.
 */
export function judge(
  datapoints: readonly Datapoint[],
  { evaluationPeriods, datapointsToAlarm, treatMissingData }: Judgement,
  previous: AlarmState,
): AlarmState {
  const real = datapoints.filter((datapoint) => datapoint !== 'missing').slice(-evaluationPeriods);
  const breaching = real.filter((datapoint) => datapoint === 'breaching').length;
  const filled = treatMissingData === 'breaching' ? evaluationPeriods - real.length : 0;
  if (breaching + filled >= datapointsToAlarm) return 'ALARM';

  const isDecided = real.length === evaluationPeriods || breaching < real.length;
  if (isDecided || treatMissingData === 'notBreaching' || treatMissingData === 'breaching') return 'OK';
  if (treatMissingData === 'ignore') return previous;
  const oldestBreach = datapoints.indexOf('breaching');
  const isOldEnough = oldestBreach !== -1 && datapoints.length - oldestBreach >= datapointsToAlarm;
  return isOldEnough ? 'ALARM' : 'INSUFFICIENT_DATA';
}
