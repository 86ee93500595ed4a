import * as z from 'zod';
import type { CloudWatch, DescribedAlarm } from '../cloudwatch/cloudwatch.ts';
import type { MetricStore } from '../cloudwatch/metric-store.ts';
import { metricSeries, windowOver } from '../cloudwatch/time-series.ts';
import type { AccessControl } from '../iam/access-control.ts';
import type { LoopbackServer } from '../loopback-server.ts';
import { AwsServiceError } from './aws-json-client.ts';
import { serveAwsJson } from './aws-json-server.ts';

const QuerySchema = z.strictObject({
  Id: z.string(),
  MetricStat: z.strictObject({
    Metric: z.strictObject({
      Namespace: z.string(),
      MetricName: z.string(),
      Dimensions: z.array(z.strictObject({ Name: z.string(), Value: z.string() })).default([]),
    }),
    Period: z.int().positive(),
    Stat: z.string(),
  }),
});

/** Times are seconds since 1970. */
const GetMetricDataSchema = z.strictObject({
  StartTime: z.number(),
  EndTime: z.number(),
  ScanBy: z.enum(['TimestampDescending', 'TimestampAscending']).default('TimestampDescending'),
  MetricDataQueries: z.array(QuerySchema).min(1).max(500),
});

const DescribeAlarmsSchema = z.strictObject({
  AlarmNamePrefix: z.string().default(''),
  MaxRecords: z.int().min(1).max(100).default(50),
  NextToken: z.string().regex(/^\d+$/).optional(),
});

/**
 * CloudWatch's GetMetricData, for metrics without math, on one page; and its DescribeAlarms, by a prefix of
 * the names. It shows each alarm as it will be at the end of this minute, without the time of its last
 * change.
 *
 * Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html and
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
 */
export function serveCloudWatch(
  { metrics, describeAlarms }: Pick<CloudWatch, 'metrics' | 'describeAlarms'>,
  access: AccessControl,
): Promise<LoopbackServer> {
  return serveAwsJson('GraniteServiceVersion20100801', {
    operations: {
      GetMetricData: (input) => getMetricData(metrics, input),
      DescribeAlarms: (input) => describeAlarmPage(describeAlarms(Date.now()), input),
    },
    authorize: (authorization, operation) => {
      access.checkSigned(authorization, () => [{ action: `cloudwatch:${operation}`, resource: '*' }]);
    },
  });
}

function describeAlarmPage(alarms: readonly DescribedAlarm[], input: unknown): Record<string, unknown> {
  const parsed = DescribeAlarmsSchema.safeParse(input);
  if (!parsed.success) throw new AwsServiceError('ValidationError', z.prettifyError(parsed.error));
  const { AlarmNamePrefix: prefix, MaxRecords: most, NextToken: token = '0' } = parsed.data;
  const named = alarms.filter(({ name }) => name.startsWith(prefix));
  const end = Number(token) + most;
  return {
    MetricAlarms: named.slice(Number(token), end).map(({ name, arn, description, state }) => ({
      AlarmName: name,
      AlarmArn: arn,
      AlarmDescription: description,
      StateValue: state,
    })),
    CompositeAlarms: [],
    ...(end < named.length && { NextToken: String(end) }),
  };
}

function getMetricData(store: MetricStore, input: unknown): Record<string, unknown> {
  const parsed = GetMetricDataSchema.safeParse(input);
  if (!parsed.success) throw new AwsServiceError('ValidationError', z.prettifyError(parsed.error));
  const { StartTime: from, EndTime: until, ScanBy: order, MetricDataQueries: queries } = parsed.data;
  const span = { fromMs: from * 1000, untilMs: until * 1000 };
  return {
    MetricDataResults: queries.map(
      ({ Id, MetricStat: { Metric: metric, Period: period, Stat: statistic } }) => {
        const { Namespace: namespace, MetricName: name, Dimensions: named } = metric;
        const dimensions = Object.fromEntries(named.map(({ Name, Value }) => [Name, Value]));
        const window = windowOver(span, period * 1000);
        const { values } = metricSeries(store, { namespace, name, dimensions }, { statistic, window });
        const points = values.flatMap((value, index) =>
          value === undefined ? [] : [{ at: window.fromMs / 1000 + index * period, value }],
        );
        const ordered = order === 'TimestampDescending' ? points.toReversed() : points;
        return {
          Id,
          Label: name,
          Timestamps: ordered.map(({ at }) => at),
          Values: ordered.map(({ value }) => value),
          StatusCode: 'Complete',
        };
      },
    ),
    Messages: [],
  };
}
