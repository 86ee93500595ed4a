import type { DeployedAlarm } from '@button-serverless/local-aws/cloudwatch';
import type { LocalResource } from '@button-serverless/local-aws';
import type { LocalSystem } from '../system.ts';
import type { Phase } from '@button-serverless/dashboards';
import { formatFigure, formatPeriod } from '@button-serverless/dashboards';
import type { PageContent } from '@button-serverless/dashboards';
import type { ShownAlarm } from '@button-serverless/dashboards';

/** The times of a run, and what was played in it. */
export type RunTimes = { startedAt: Date; endedAt: Date; phases: readonly Phase[] };

/** The fewest periods of five minutes in a graph, and the allowed lengths of a period here, in seconds. */
const PERIODS_IN_A_GRAPH = 45;
const LOCAL_PERIODS_SECONDS = [1, 2, 3, 5, 10, 15, 20, 30, 60, 120, 300];

const BOARD_PERIOD_MS = 300_000;

const NOTES = [
  'The boards come from the synthesized templates. A run of minutes stands for hours on AWS: every period is shortened by the same factor.',
  'Alarms are evaluated by their own rules and with their full periods, at the end of the minute in which the run ended.',
  'Tables are never throttled here. The emulator reports the consumed units; failed conditions are not counted.',
  'Durations, latencies and concurrency are those of this machine, where every function is a process.',
  'Queues are measured every second; AWS measures them every minute.',
  'A figure beside a line is the total of the run, or for a level its highest value.',
];

/** What the page shows about a run. */
export function readRun(system: LocalSystem, { startedAt, endedAt, phases }: RunTimes): PageContent {
  const { cloudWatch, resources } = system;
  const span = { fromMs: startedAt.getTime(), untilMs: endedAt.getTime() };
  const shortening = periodFor(span.untilMs - span.fromMs) / BOARD_PERIOD_MS;
  const nameOf = resourceNames(resources);
  return {
    run: {
      store: cloudWatch.metrics,
      span,
      localPeriodMs: (periodMs) => Math.max(1000, Math.round((periodMs * shortening) / 1000) * 1000),
      nameOf,
    },
    phases,
    startedAt,
    alarms: cloudWatch.describeAlarms(endedAt.getTime()).map((alarm) => ({
      ...alarm,
      name: nameOf(alarm.name).replace(/Alarm$/u, ''),
      rule: ruleOf(cloudWatch.alarms.find(({ arn }) => arn === alarm.arn)),
    })),
    boards: cloudWatch.dashboards.map(({ name, body }) => ({ title: `${nameOf(name)} board`, body })),
    notes: NOTES,
    ignoredMetrics: cloudWatch.ignoredMetrics(),
  };
}

function periodFor(lengthMs: number): number {
  const seconds = LOCAL_PERIODS_SECONDS.findLast(
    (period) => lengthMs / (period * 1000) >= PERIODS_IN_A_GRAPH,
  );
  return (seconds ?? 1) * 1000;
}

/**
 * Names resources as in the app, without the parts of a name that only distinguish constructs; unknown names
 * stay unchanged.
 */
function resourceNames(resources: readonly LocalResource[]): (physicalName: string) => string {
  const names = new Map(
    resources.map(({ physicalId, constructPath }) => [
      physicalId.split('/').at(-1) ?? physicalId,
      constructPath
        .split('/')
        .slice(1)
        .filter((part) => !['Resource', 'Default', 'Alarm', 'Function', 'Worker'].includes(part))
        .join(' ') || constructPath,
    ]),
  );
  return (physicalName) => names.get(physicalName.split('/').at(-1) ?? physicalName) ?? physicalName;
}

/** For example: Sum of OrdersQuarantined > 0 in 1 of 24 periods of 1 h; silence is notBreaching. */
function ruleOf(alarm: DeployedAlarm | undefined): ShownAlarm['rule'] {
  if (alarm === undefined) return '';
  const { queries, watchedId, operator, threshold, periodMs, treatMissingData, ...counts } = alarm.definition;
  const watched = queries.find(({ id }) => id === watchedId);
  const what =
    watched === undefined
      ? ''
      : 'metric' in watched
        ? `${watched.statistic} of ${watched.metric.name}`
        : watched.expression;
  const { datapointsToAlarm, evaluationPeriods } = counts;
  return `${what} ${operator} ${formatFigure(threshold)} in ${datapointsToAlarm} of ${evaluationPeriods} × ${formatPeriod(periodMs)}; missing data: ${treatMissingData}`;
}
