import type { AlarmDefinition } from './alarm-definition.ts';
import { alarmHistory, alarmState, type AlarmState } from './alarm-state.ts';
import { putSamples, readEmf, type EmfResult } from './emf.ts';
import type { MetricFilter } from './metric-filter.ts';
import { createMetricStore, type MetricStore } from './metric-store.ts';

/** An alarm that is deployed. */
export type DeployedAlarm = { name: string; arn: string; description: string; definition: AlarmDefinition };

/** An alarm and its state. */
export type DescribedAlarm = { name: string; arn: string; description: string; state: AlarmState };

/** A board that is deployed; its body is JSON. */
export type DeployedDashboard = { name: string; body: string };

/** The CloudWatch of a deployment. */
export type CloudWatch = {
  metrics: MetricStore;
  // What has been deployed so far.
  alarms: DeployedAlarm[];
  dashboards: DeployedDashboard[];
  metricFilters: MetricFilter[];
  /**
   * Takes a line of a log group: the metrics in it, and those that metric filters create from it. Returns
   * what the line was.
   */
  takeInLine(event: { logGroupName: string; line: string; atMs: number }): EmfResult;
  /** The problems of lines whose metrics CloudWatch would ignore silently. */
  ignoredMetrics(): string[];
  /** Every alarm as it will be at the end of the minute of `atMs`, if no more data arrives. */
  describeAlarms(atMs: number): DescribedAlarm[];
};

const MINUTE_MS = 60_000;

/** A CloudWatch that begins at `startedAtMs`, the earliest time of an alarm. */
export function createCloudWatch(startedAtMs: number): CloudWatch {
  const metrics = createMetricStore();
  const alarms: DeployedAlarm[] = [];
  const metricFilters: MetricFilter[] = [];
  const ignored: string[] = [];
  return {
    metrics,
    alarms,
    dashboards: [],
    metricFilters,
    takeInLine({ logGroupName, line, atMs }) {
      const reading = readEmf(line, atMs);
      if (reading.kind === 'metrics') putSamples(metrics, reading.samples);
      if (reading.kind === 'malformed') ignored.push(`${logGroupName}: ${reading.problem}`);
      putIncoming(metrics, { logGroupName, line, atMs });
      for (const filter of metricFilters) if (filter.logGroupName === logGroupName) filter.read(line, atMs);
      return reading;
    },
    ignoredMetrics: () => [...ignored],
    describeAlarms(atMs) {
      const endMs = Math.ceil(atMs / MINUTE_MS) * MINUTE_MS;
      return alarms.map(({ definition, ...described }) => ({
        ...described,
        state: stateAt(definition, { metrics, startedAtMs, endMs }),
      }));
    },
  };
}

/** An alarm's past counts only if missing data leaves its state unchanged. */
function stateAt(
  definition: AlarmDefinition,
  { metrics, startedAtMs, endMs }: { metrics: MetricStore; startedAtMs: number; endMs: number },
): AlarmState {
  if (definition.treatMissingData !== 'ignore') return alarmState(definition, metrics, { atMs: endMs });
  const history = alarmHistory(definition, metrics, { fromMs: startedAtMs, untilMs: endMs + 1 });
  return history.at(-1)?.state ?? 'INSUFFICIENT_DATA';
}

/**
 * What CloudWatch Logs adds to each event's size:
 * https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
 */
const EVENT_OVERHEAD_BYTES = 26;

/**
 * Source:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html
 */
function putIncoming(store: MetricStore, event: { logGroupName: string; line: string; atMs: number }): void {
  const values = {
    IncomingBytes: Buffer.byteLength(event.line) + EVENT_OVERHEAD_BYTES,
    IncomingLogEvents: 1,
  };
  const dimensions = { LogGroupName: event.logGroupName };
  for (const [name, value] of Object.entries(values))
    store.put({ namespace: 'AWS/Logs', name, dimensions }, { atMs: event.atMs, value });
}
