import type { MathOperator } from './math-syntax.ts';
import type { TimeSeries } from './time-series.ts';

/** The value of a part of an expression: S, TS or TS[] in AWS's terms. */
export type MathValue = number | TimeSeries | TimeSeries[];

type Point = number | undefined;

const OPERATIONS: Readonly<Record<MathOperator, (left: number, right: number) => number>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '^': (left, right) => left ** right,
  '==': (left, right) => Number(left === right),
  '!=': (left, right) => Number(left !== right),
  '<=': (left, right) => Number(left <= right),
  '>=': (left, right) => Number(left >= right),
  '<': (left, right) => Number(left < right),
  '>': (left, right) => Number(left > right),
  AND: (left, right) => Number(left !== 0 && right !== 0),
  OR: (left, right) => Number(left !== 0 || right !== 0),
};

/**
 * Applies an operator to each point of time. Where only one of two series has a value, the other counts as 0;
 * a division by zero leaves no value. Throws for two arrays, whose pairs AWS does not define.
 *
 * Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html, "Basic arithmetic functions" and
 * "Comparison and logical operators"
 */
export function operate(operator: MathOperator, left: MathValue, right: MathValue): MathValue {
  if (Array.isArray(left)) {
    if (Array.isArray(right)) throw new Error(`${operator} between two arrays is not supported locally.`);
    return left.map((series) => combine(operator, series, right));
  }
  if (Array.isArray(right)) return right.map((series) => combine(operator, left, series));
  if (typeof left === 'number' && typeof right === 'number') return OPERATIONS[operator](left, right);
  return combine(operator, left, right);
}

function combine(operator: MathOperator, left: number | TimeSeries, right: number | TimeSeries): TimeSeries {
  const length = Math.max(lengthOf(left), lengthOf(right));
  const values = Array.from({ length }, (_, index) => {
    const [one, other] = [pointAt(left, index), pointAt(right, index)];
    const hasValue = [
      typeof left === 'number' ? undefined : one,
      typeof right === 'number' ? undefined : other,
    ].some((point) => point !== undefined);
    return hasValue ? finite(OPERATIONS[operator](one ?? 0, other ?? 0)) : undefined;
  });
  return { values, ...sourceOf(left, right) };
}

/** A series that is only scaled or compared with a number is still that metric's. */
function sourceOf(left: number | TimeSeries, right: number | TimeSeries): Pick<TimeSeries, 'metric'> {
  const series = typeof left === 'number' ? right : left;
  const isAlone = typeof left === 'number' || typeof right === 'number';
  return isAlone && typeof series !== 'number' && series.metric ? { metric: series.metric } : {};
}

/** Applies a function to each single series. A number is rejected. */
export function mapSeries(value: MathValue, change: (series: TimeSeries) => TimeSeries): MathValue {
  if (typeof value === 'number') throw new Error('A time series is needed, not a number.');
  return Array.isArray(value) ? value.map(change) : change(value);
}

/** A value at one point of time; a number is the same at every one. */
export function pointAt(value: number | TimeSeries, index: number): Point {
  return typeof value === 'number' ? value : value.values[index];
}

/** The values that are there. */
export function present(points: readonly Point[]): number[] {
  return points.filter((point) => point !== undefined);
}

/** A result that is not a number is dropped, like that of a division by zero. */
export function finite(value: number): Point {
  return Number.isFinite(value) ? value : undefined;
}

function lengthOf(value: number | TimeSeries): number {
  return typeof value === 'number' ? 0 : value.values.length;
}
