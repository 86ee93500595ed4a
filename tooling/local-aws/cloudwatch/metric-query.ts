import { callFunction } from './math-functions.ts';
import { parseMath, type MathNode } from './math-syntax.ts';
import { operate, type MathValue } from './math-values.ts';
import type { MetricIdentity, MetricStore } from './metric-store.ts';
import { parseSearch } from './search-expression.ts';
import { metricSeries, type TimeSeries, type TimeWindow } from './time-series.ts';

/** A line of a graph or a part of an alarm: a metric's statistic, or math on others by their ids. */
export type MetricQuery = { id: string } & (
  | { metric: MetricIdentity; statistic: string }
  | { expression: string }
);

/** Asks for the series of one query after the other. */
export type QueryEvaluation = (id: string) => TimeSeries[];

/**
 * Evaluates queries that refer to one another, over one window whose period counts, not that of a SEARCH. The
 * series of an id are those of its metric, or of its expression: none for a search that finds nothing. Throws
 * for what is not understood, for an unknown id, for a circle, and for an expression that comes to a number.
 *
 * Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html
 */
export function evaluateQueries(
  queries: readonly MetricQuery[],
  { store, window }: { store: MetricStore; window: TimeWindow },
): QueryEvaluation {
  const underWay = new Set<string>();
  const valueOf = (id: string): MathValue => {
    const query = queries.find((known) => known.id === id);
    if (query === undefined) throw new Error(`No metric or expression has the id ${id}.`);
    if (underWay.has(id)) throw new Error(`The expression ${id} refers to itself.`);
    if ('metric' in query) return metricSeries(store, query.metric, { statistic: query.statistic, window });
    underWay.add(id);
    const value = evaluate(parseMath(query.expression), { queries, valueOf, store, window });
    underWay.delete(id);
    return value;
  };
  return (id) => {
    const value = valueOf(id);
    if (typeof value === 'number') throw new Error(`The expression ${id} is a number, not a time series.`);
    return Array.isArray(value) ? value : [value];
  };
}

type QueryContext = {
  queries: readonly MetricQuery[];
  valueOf: (id: string) => MathValue;
  store: MetricStore;
  window: TimeWindow;
};

function evaluate(node: MathNode, context: QueryContext): MathValue {
  const evaluateHere = (inner: MathNode): MathValue => evaluate(inner, context);
  switch (node.kind) {
    case 'number':
      return node.value;
    case 'name':
      return context.valueOf(node.name);
    case 'list':
      return node.items.map(evaluateHere).flatMap(asSeries);
    case 'minus':
      return operate('-', 0, evaluateHere(node.of));
    case 'operation':
      return operate(node.operator, evaluateHere(node.left), evaluateHere(node.right));
    case 'call':
      return call(node, context);
    case 'text':
      throw new Error(`The text "${node.text}" stands where a value is needed.`);
  }
}

function asSeries(value: MathValue): TimeSeries[] {
  if (typeof value === 'number') throw new Error('An array is made of time series, not of numbers.');
  return Array.isArray(value) ? value : [value];
}

/** METRICS, SEARCH and PERIOD use more than their parameters. */
function call({ name, parameters }: MathNode & { kind: 'call' }, context: QueryContext): MathValue {
  const [first, second] = parameters;
  switch (name) {
    case 'METRICS':
      if (first !== undefined && first.kind !== 'text') throw new Error('METRICS takes a quoted text.');
      return metrics(context, first?.text ?? '');
    case 'SEARCH':
      if (first?.kind !== 'text' || second?.kind !== 'text')
        throw new Error('SEARCH takes a quoted search and a quoted statistic.');
      return search(context, { query: first.text, statistic: second.text });
    case 'PERIOD':
      return context.window.periodMs / 1000;
    default:
      return callFunction({
        name,
        parameters,
        window: context.window,
        evaluate: (node) => evaluate(node, context),
      });
  }
}

function metrics({ queries, valueOf }: QueryContext, idPart: string): TimeSeries[] {
  return queries
    .filter((query) => 'metric' in query && query.id.includes(idPart))
    .flatMap(({ id }) => asSeries(valueOf(id)));
}

function search(
  { store, window }: QueryContext,
  { query, statistic }: { query: string; statistic: string },
): TimeSeries[] {
  return store
    .metrics()
    .filter(parseSearch(query))
    .map((metric) => metricSeries(store, metric, { statistic, window }));
}
