import type { MathNode } from './math-syntax.ts';
import { finite, mapSeries, pointAt, present, type MathValue } from './math-values.ts';
import type { TimeSeries, TimeWindow } from './time-series.ts';

/** What a function may use. */
export type FunctionCall = {
  name: string;
  parameters: readonly MathNode[];
  window: TimeWindow;
  evaluate: (node: MathNode) => MathValue;
};

type MathFunction = (call: FunctionCall) => MathValue;

/**
 * The functions of metric math that our boards and alarms use, and their near relatives.
 *
 * Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html, "Functions supported for metric math"
 * and "Using IF expressions"
 */
const FUNCTIONS: Readonly<Record<string, MathFunction>> = {
  SUM: aggregate((values) => values.reduce((total, value) => total + value, 0)),
  MIN: aggregate((values) => Math.min(...values)),
  MAX: aggregate((values) => Math.max(...values)),
  AVG: average,
  IF: choose,
  FILL: fill,
  ABS: perPoint(Math.abs),
  CEIL: perPoint(Math.ceil),
  FLOOR: perPoint(Math.floor),
  DIFF: (call) => mapSeries(parameter(call, 0), (series) => differences(series, () => 1)),
  RATE: (call) =>
    mapSeries(parameter(call, 0), (series) =>
      differences(series, (periods) => (periods * call.window.periodMs) / 1000),
    ),
  RUNNING_SUM: (call) => mapSeries(parameter(call, 0), runningSum),
  TIME_SERIES: timeSeries,
  SORT: sort,
  REMOVE_EMPTY: (call) => seriesList(parameter(call, 0)).filter(({ values }) => present(values).length > 0),
};

/** Calls a function of metric math. Throws, with its name, for one that is not supported. */
export function callFunction(call: FunctionCall): MathValue {
  const known = Object.hasOwn(FUNCTIONS, call.name) ? FUNCTIONS[call.name] : undefined;
  if (known === undefined) throw new Error(`The function ${call.name} is not supported locally.`);
  return known(call);
}

/** The series of a parameter, be it one or several. */
function seriesList(value: MathValue): TimeSeries[] {
  if (typeof value === 'number') throw new Error('A time series is needed, not a number.');
  return Array.isArray(value) ? value : [value];
}

function parameter({ name, parameters, evaluate }: FunctionCall, index: number): MathValue {
  const node = parameters[index];
  if (node === undefined) throw new Error(`${name} needs more parameters.`);
  return evaluate(node);
}

function single(value: MathValue, name: string): number | TimeSeries {
  if (Array.isArray(value)) throw new Error(`${name} needs a single time series here, not an array.`);
  return value;
}

/**
 * One series becomes a number; several become one series, from the values that exist at each point of time.
 */
function aggregate(compute: (values: number[]) => number): MathFunction {
  return (call) => {
    const value = parameter(call, 0);
    if (!Array.isArray(value)) return compute(present(seriesList(value).flatMap(({ values }) => values)));
    return acrossSeries(value, call.window, (points) => compute(present(points)));
  };
}

/** "Missing values are treated as 0", where other series have one. */
function average(call: FunctionCall): MathValue {
  const value = parameter(call, 0);
  const mean = (values: readonly number[], count: number): number =>
    values.reduce((total, one) => total + one, 0) / count;
  if (Array.isArray(value))
    return acrossSeries(value, call.window, (points) => mean(present(points), points.length));
  const values = present(seriesList(value).flatMap((series) => series.values));
  return mean(values, values.length);
}

function acrossSeries(
  all: readonly TimeSeries[],
  { length }: TimeWindow,
  compute: (points: (number | undefined)[]) => number,
): TimeSeries {
  const values = Array.from({ length }, (_, index) => {
    const points = all.map(({ values }) => values[index]);
    return present(points).length === 0 ? undefined : finite(compute(points));
  });
  return { values };
}

function choose(call: FunctionCall): MathValue {
  const [condition, whenTrue] = [0, 1].map((index) => single(parameter(call, index), 'IF'));
  if (condition === undefined || whenTrue === undefined) throw new Error('IF needs more parameters.');
  const whenFalse = call.parameters.length > 2 ? single(parameter(call, 2), 'IF') : undefined;
  const values = Array.from({ length: call.window.length }, (_, index) => {
    const decision = pointAt(condition, index);
    if (decision === undefined) return undefined;
    // A constant condition takes the whole series; at a point where a series is true, a missing value counts
    // as 0.
    if (decision !== 0) return pointAt(whenTrue, index) ?? (typeof condition === 'number' ? undefined : 0);
    return whenFalse === undefined ? undefined : pointAt(whenFalse, index);
  });
  return { values };
}

function fill(call: FunctionCall): MathValue {
  const filler = call.parameters[1];
  if (filler?.kind === 'name' && filler.name === 'REPEAT') return mapSeries(parameter(call, 0), repeated);
  if (filler?.kind === 'name' && filler.name === 'LINEAR')
    throw new Error('FILL with LINEAR is not supported locally.');
  const other = single(parameter(call, 1), 'FILL');
  return mapSeries(parameter(call, 0), (series) => ({
    ...series,
    values: series.values.map((value, index) => value ?? pointAt(other, index)),
  }));
}

function repeated(series: TimeSeries): TimeSeries {
  let last: number | undefined;
  return { ...series, values: series.values.map((value) => (last = value ?? last)) };
}

function perPoint(compute: (value: number) => number): MathFunction {
  return (call) =>
    mapSeries(parameter(call, 0), (series) =>
      computed(
        series,
        series.values.map((value) => (value === undefined ? undefined : compute(value))),
      ),
    );
}

/** From each value to the one before it, divided by the time between them. */
function differences(series: TimeSeries, divisorOf: (periods: number) => number): TimeSeries {
  let previous: { value: number; index: number } | undefined;
  const values = series.values.map((value, index) => {
    if (value === undefined) return undefined;
    const before = previous;
    previous = { value, index };
    return before && (value - before.value) / divisorOf(index - before.index);
  });
  return computed(series, values);
}

function runningSum(series: TimeSeries): TimeSeries {
  let total = 0;
  return computed(
    series,
    series.values.map((value) => (value === undefined ? undefined : (total += value))),
  );
}

/** Other values of the same metric: they are no longer its statistic. */
function computed({ metric }: TimeSeries, values: TimeSeries['values']): TimeSeries {
  return metric ? { values, metric } : { values };
}

/** SORT(TS[], AVG | MIN | MAX | SUM, ASC | DESC, limit): a series without any value comes last. */
function sort(call: FunctionCall): MathValue {
  const [, by, order, limit] = call.parameters;
  const measure = by?.kind === 'name' ? MEASURES[by.name] : undefined;
  if (measure === undefined) throw new Error('SORT needs AVG, MIN, MAX or SUM.');
  if (order?.kind !== 'name' || !['ASC', 'DESC'].includes(order.name))
    throw new Error('SORT needs ASC or DESC.');
  const count = limit === undefined ? Infinity : call.evaluate(limit);
  if (typeof count !== 'number') throw new Error('The limit of SORT is a number.');
  const sign = order.name === 'ASC' ? 1 : -1;
  const measured = seriesList(parameter(call, 0)).map((series) => {
    const values = present(series.values);
    return { series, rank: values.length === 0 ? Infinity : sign * measure(values) };
  });
  return measured
    .toSorted((one, other) => (one.rank < other.rank ? -1 : Number(one.rank > other.rank)))
    .slice(0, count)
    .map(({ series }) => series);
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

const MEASURES: Readonly<Record<string, (values: readonly number[]) => number>> = {
  AVG: (values) => total(values) / values.length,
  MIN: (values) => Math.min(...values),
  MAX: (values) => Math.max(...values),
  SUM: total,
};

function timeSeries(call: FunctionCall): MathValue {
  const value = parameter(call, 0);
  if (typeof value !== 'number') throw new Error('TIME_SERIES needs a number.');
  return { values: Array<number | undefined>(call.window.length).fill(finite(value)) };
}
