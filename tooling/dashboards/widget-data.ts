import { evaluateQueries } from '@button-serverless/local-aws/cloudwatch';
import type { MetricStore, Span } from '@button-serverless/local-aws/cloudwatch';
import { windowOver, type TimeSeries, type TimeWindow } from '@button-serverless/local-aws/cloudwatch';
import type { LineQuery, MetricWidget } from './dashboard-body.ts';

/** A line to draw. */
export type Line = {
  label: string;
  points: { atMs: number; value: number | undefined }[];
  periodMs: number;
  /** One figure for the whole run: the total of a flow, or the highest value of a level. */
  figure: number | undefined;
  isTotal: boolean;
};

/** The data of a run, and the length on the page of a period of this many milliseconds on AWS. */
export type RunData = {
  store: MetricStore;
  span: Span;
  localPeriodMs: (periodMs: number) => number;
  /** What people call a resource by its physical name. */
  nameOf: (physicalName: string) => string;
};

/** The lines of a graph. One that shows a single value has one period: the whole run. */
export function linesOf(widget: MetricWidget, run: RunData): Line[] {
  const shown = widget.lines
    .filter(({ isVisible }) => isVisible)
    .flatMap((query) => seriesOf(query, { widget, run }));
  const names = namesOf(shown, run.nameOf);
  return shown.map(({ query, series, window, isAlone }, index) => {
    const name = names[index] ?? '';
    const points = series.values.map((value, at) => ({ atMs: window.fromMs + at * window.periodMs, value }));
    const isTotal = series.statistic === 'Sum' || series.statistic === 'SampleCount';
    return {
      label: query.label === '' ? name || query.id : isAlone ? query.label : `${query.label} ${name}`,
      points,
      periodMs: window.periodMs,
      figure: figureOf(series.values, isTotal),
      isTotal,
    };
  });
}

type Shown = {
  query: LineQuery;
  series: TimeSeries;
  window: TimeWindow;
  isAlone: boolean;
  isSearched: boolean;
};

function seriesOf(query: LineQuery, { widget, run }: { widget: MetricWidget; run: RunData }): Shown[] {
  const { store, span } = run;
  const window: TimeWindow =
    widget.view === 'singleValue'
      ? { fromMs: span.fromMs, periodMs: span.untilMs - span.fromMs, length: 1 }
      : windowOver(span, run.localPeriodMs(query.periodMs));
  const found = evaluateQueries(widget.queries, { store, window })(query.id);
  const isSearched = widget.queries.some((known) => known.id === query.id && 'expression' in known);
  return found.map((series) => ({ query, series, window, isAlone: found.length === 1, isSearched }));
}

function figureOf(values: readonly (number | undefined)[], isTotal: boolean): number | undefined {
  const present = values.filter((value) => value !== undefined);
  if (present.length === 0) return undefined;
  return isTotal
    ? present.reduce((total, value) => total + value, 0)
    : present.reduce((most, value) => Math.max(most, value));
}

/**
 * What distinguishes each series from the others: its metric's name, or its dimensions if a search finds
 * several, or both; and its statistic if nothing else does.
 */
function namesOf(shown: readonly Shown[], nameOf: RunData['nameOf']): string[] {
  const parts = shown.map(({ series: { metric }, isSearched }) => ({
    name: metric?.name ?? '',
    values: Object.values(metric?.dimensions ?? {})
      .map(nameOf)
      .join(' '),
    isSearched,
  }));
  const isOneMetric = new Set(parts.map(({ name }) => name)).size === 1;
  const isOneSource = new Set(parts.map(({ values }) => values)).size === 1;
  const names = parts.map(({ name, values, isSearched }) => {
    if (isOneMetric && values !== '' && (isSearched || !isOneSource)) return values;
    return isOneSource || values === '' ? name : `${name} ${values}`;
  });
  return names.map((name, index) => {
    const isUnique = names.filter((other) => other === name).length === 1;
    const statistic = shown[index]?.series.statistic;
    return isUnique || statistic === undefined ? name : `${name}, ${statistic}`;
  });
}
