import * as z from 'zod';
import type { MetricQuery } from './metric-query.ts';

/** When an alarm goes off. */
export type AlarmDefinition = {
  queries: MetricQuery[];
  /** The query that is compared with the threshold. */
  watchedId: string;
  periodMs: number;
  evaluationPeriods: number;
  datapointsToAlarm: number;
  /** `>`, `>=`, `<` or `<=`, for people. */
  operator: string;
  threshold: number;
  isBreaching: (value: number) => boolean;
  treatMissingData: 'notBreaching' | 'breaching' | 'ignore' | 'missing';
};

const DimensionsSchema = z
  .array(z.strictObject({ Name: z.string(), Value: z.string() }))
  .transform((list) => Object.fromEntries(list.map(({ Name, Value }) => [Name, Value])));

/** Alarms of ten seconds are for high-resolution metrics, which we do not have. */
const PeriodSchema = z.int().multipleOf(60);

const QuerySchema = z.strictObject({
  Id: z.string().regex(/^[a-z]\w*$/),
  Label: z.string().optional(),
  ReturnData: z.boolean().default(true),
  Period: PeriodSchema.optional(),
  Expression: z.string().optional(),
  MetricStat: z
    .strictObject({
      Metric: z.strictObject({
        Namespace: z.string(),
        MetricName: z.string(),
        Dimensions: DimensionsSchema.default({}),
      }),
      Period: PeriodSchema,
      Stat: z.string(),
    })
    .optional(),
});
type Query = z.infer<typeof QuerySchema>;

const COMPARISONS = {
  GreaterThanThreshold: { operator: '>', compare: (value: number, limit: number) => value > limit },
  GreaterThanOrEqualToThreshold: {
    operator: '>=',
    compare: (value: number, limit: number) => value >= limit,
  },
  LessThanThreshold: { operator: '<', compare: (value: number, limit: number) => value < limit },
  LessThanOrEqualToThreshold: { operator: '<=', compare: (value: number, limit: number) => value <= limit },
};

/**
 * The properties of AWS::CloudWatch::Alarm that say when it goes off. Any other is rejected, or only says
 * what to do then.
 */
export const ALARM_RULE_PROPERTIES = {
  ComparisonOperator: z.enum([
    'GreaterThanThreshold',
    'GreaterThanOrEqualToThreshold',
    'LessThanThreshold',
    'LessThanOrEqualToThreshold',
  ]),
  Threshold: z.number(),
  EvaluationPeriods: z.int().min(1),
  DatapointsToAlarm: z.int().min(1).optional(),
  TreatMissingData: z.enum(['notBreaching', 'breaching', 'ignore', 'missing']).optional(),
  EvaluateLowSampleCountPercentile: z.literal('evaluate').optional(),
  Namespace: z.string().optional(),
  MetricName: z.string().optional(),
  Dimensions: DimensionsSchema.optional(),
  Statistic: z.string().optional(),
  ExtendedStatistic: z.string().optional(),
  Period: PeriodSchema.optional(),
  Metrics: z.array(QuerySchema).min(1).optional(),
};

/** Properties that say what the alarm does, not when. */
const ALARM_OTHER_PROPERTIES = [
  'ActionsEnabled',
  'AlarmActions',
  'AlarmDescription',
  'AlarmName',
  'InsufficientDataActions',
  'OKActions',
  'Tags',
] as const;

const AlarmSchema = z.strictObject({
  ...ALARM_RULE_PROPERTIES,
  ...Object.fromEntries(ALARM_OTHER_PROPERTIES.map((name) => [name, z.unknown().optional()])),
});
type AlarmProperties = z.infer<z.ZodObject<typeof ALARM_RULE_PROPERTIES>>;

const LONGEST_RANGE_MS = 86_400_000;
const METRICS_IN_AN_ALARM = 10;

/**
 * Reads the properties of an AWS::CloudWatch::Alarm, with resolved references. Throws an error for the user
 * about a property that it does not support, and about what CloudWatch rejects: a SEARCH, more than ten
 * metrics, different periods, more than a day in total.
 *
 * Source:
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-alarm.html
 */
export function readAlarm(properties: Record<string, unknown>): AlarmDefinition {
  const parsed = AlarmSchema.safeParse(properties);
  if (!parsed.success) throw new Error(`The alarm is not understood: ${z.prettifyError(parsed.error)}`);
  return alarmDefinition(parsed.data);
}

/** As `readAlarm`, for properties that have been checked. */
export function alarmDefinition(properties: AlarmProperties): AlarmDefinition {
  const { EvaluationPeriods: evaluationPeriods, Threshold: threshold } = properties;
  const datapointsToAlarm = properties.DatapointsToAlarm ?? evaluationPeriods;
  if (datapointsToAlarm > evaluationPeriods)
    throw new Error('DatapointsToAlarm is more than EvaluationPeriods.');
  const watched = properties.Metrics ? watchedMath(properties.Metrics) : watchedMetric(properties);
  if (watched.periodMs * evaluationPeriods > LONGEST_RANGE_MS)
    throw new Error('An alarm that looks back more than a day is not supported locally.');
  const { operator, compare } = COMPARISONS[properties.ComparisonOperator];
  return {
    ...watched,
    evaluationPeriods,
    datapointsToAlarm,
    operator,
    threshold,
    isBreaching: (value) => compare(value, threshold),
    treatMissingData: missingDataOf(watched.queries, properties.TreatMissingData),
  };
}

type Watched = Pick<AlarmDefinition, 'queries' | 'watchedId' | 'periodMs'>;

function watchedMetric(properties: AlarmProperties): Watched {
  const { Namespace: namespace, MetricName: name, Period: period, Dimensions: dimensions = {} } = properties;
  const statistic = properties.Statistic ?? properties.ExtendedStatistic;
  if (namespace === undefined || name === undefined || period === undefined || statistic === undefined)
    throw new Error('The alarm needs Metrics, or Namespace, MetricName, Period and a statistic.');
  return {
    queries: [{ id: 'm', metric: { namespace, name, dimensions }, statistic }],
    watchedId: 'm',
    periodMs: period * 1000,
  };
}

function watchedMath(metrics: readonly Query[]): Watched {
  const [watched, ...others] = metrics.filter(({ ReturnData }) => ReturnData);
  if (watched === undefined || others.length > 0)
    throw new Error('Exactly one of the metrics must return data.');
  if (metrics.filter(({ MetricStat }) => MetricStat).length > METRICS_IN_AN_ALARM)
    throw new Error(`An alarm watches at most ${METRICS_IN_AN_ALARM} metrics.`);
  const periods = new Set(metrics.flatMap(({ MetricStat, Period }) => MetricStat?.Period ?? Period ?? []));
  const [period] = periods;
  if (period === undefined || periods.size > 1)
    throw new Error('The metrics of an alarm must have one period.');
  return { queries: metrics.map(toQuery), watchedId: watched.Id, periodMs: period * 1000 };
}

function toQuery({ Id: id, Expression: expression, MetricStat: stat }: Query): MetricQuery {
  if (stat !== undefined && expression === undefined) {
    const { Namespace: namespace, MetricName: name, Dimensions: dimensions } = stat.Metric;
    return { id, metric: { namespace, name, dimensions }, statistic: stat.Stat };
  }
  if (stat !== undefined || expression === undefined)
    throw new Error(`The metric ${id} needs either MetricStat or Expression.`);
  if (expression.includes('SEARCH(')) throw new Error('An alarm may not search.');
  return { id, expression };
}

/**
 * "Alarms that evaluate metrics in the AWS/DynamoDB namespace always ignore missing data even if you choose a
 * different option":
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html, "TreatMissingData"
 */
function missingDataOf(
  queries: readonly MetricQuery[],
  chosen: AlarmDefinition['treatMissingData'] = 'missing',
): AlarmDefinition['treatMissingData'] {
  const isOfDynamoDb = queries.some(
    (query) => 'metric' in query && query.metric.namespace === 'AWS/DynamoDB',
  );
  return isOfDynamoDb ? 'ignore' : chosen;
}
