export type { DeployedAlarm } from './cloudwatch.ts';
export { evaluateQueries, type MetricQuery } from './metric-query.ts';
export type { MetricStore, Span } from './metric-store.ts';
export { windowOver, type TimeSeries, type TimeWindow } from './time-series.ts';
