import * as z from 'zod';
import { over } from './template-limits.ts';

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html */
const ALARM = {
  actions: { limit: 5, unit: 'actions' },
  description: { limit: 1024, unit: 'characters' },
  name: { limit: 255, unit: 'characters' },
  metrics: { limit: 20, unit: 'metrics and expressions' },
};
/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html, "Metric math" */
const METRICS_OF_A_MATH_ALARM = { limit: 10, unit: 'metrics' };
/** An alarm whose periods are shorter than an hour looks at a day at most, any other at a week. */
const HOUR_SECONDS = 3600;
const EVALUATED_SECONDS = { short: 86_400, long: 604_800 };

const Actions = z.array(z.unknown()).default([]);
const AlarmSchema = z.looseObject({
  AlarmName: z.string().default(''),
  AlarmDescription: z.string().default(''),
  AlarmActions: Actions,
  OKActions: Actions,
  InsufficientDataActions: Actions,
  EvaluationPeriods: z.number(),
  Period: z.number().optional(),
  Metrics: z
    .array(
      z.looseObject({
        Expression: z.string().optional(),
        Period: z.number().optional(),
        MetricStat: z.looseObject({ Period: z.number() }).optional(),
      }),
    )
    .default([]),
});

/** Why CloudWatch refuses an alarm. */
export function alarmLimitProblems(properties: unknown): string[] {
  const alarm = AlarmSchema.parse(properties);
  const periods = [
    alarm.Period,
    ...alarm.Metrics.flatMap(({ Period, MetricStat }) => [Period, MetricStat?.Period]),
  ].filter((period) => period !== undefined);
  const period = Math.max(0, ...periods);
  const limit = period < HOUR_SECONDS ? EVALUATED_SECONDS.short : EVALUATED_SECONDS.long;
  const statistics = alarm.Metrics.filter(({ MetricStat }) => MetricStat !== undefined);
  return [
    ...over('the name has', alarm.AlarmName.length, ALARM.name),
    ...over('the description has', alarm.AlarmDescription.length, ALARM.description),
    ...[alarm.AlarmActions, alarm.OKActions, alarm.InsufficientDataActions].flatMap((actions) =>
      over('a state has', actions.length, ALARM.actions),
    ),
    ...over('the alarm has', alarm.Metrics.length, ALARM.metrics),
    ...over('the alarm has', statistics.length, METRICS_OF_A_MATH_ALARM),
    ...over('the alarm looks at', alarm.EvaluationPeriods * period, { limit, unit: 'seconds' }),
    ...(alarm.Metrics.some(({ Expression }) => Expression?.includes('SEARCH('))
      ? ['an alarm cannot look at a search.']
      : []),
  ];
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html, "Dashboards" */
const DASHBOARD = {
  widgets: { limit: 500, unit: 'widgets' },
  widgetMetrics: { limit: 500, unit: 'metrics' },
  metrics: { limit: 2500, unit: 'metrics' },
};

const DashboardSchema = z.looseObject({ DashboardBody: z.string() });
const BodySchema = z.looseObject({
  widgets: z.array(
    z.looseObject({ properties: z.looseObject({ metrics: z.array(z.unknown()).default([]) }) }),
  ),
});

/** Why CloudWatch refuses a dashboard. */
export function dashboardLimitProblems(properties: unknown): string[] {
  const { DashboardBody: body } = DashboardSchema.parse(properties);
  const { widgets } = BodySchema.parse(JSON.parse(body));
  const counts = widgets.map(({ properties: { metrics } }) => metrics.length);
  return [
    ...over('the dashboard has', widgets.length, DASHBOARD.widgets),
    ...counts.flatMap((count) => over('a widget has', count, DASHBOARD.widgetMetrics)),
    ...over(
      'the dashboard has',
      counts.reduce((sum, count) => sum + count, 0),
      DASHBOARD.metrics,
    ),
  ];
}
