import * as z from 'zod';
import { arnOf } from '../cloud.ts';
import { defineResource, physicalName } from '../resource-definition.ts';

const NO_METRICS = 'nothing evaluates metrics here';

/** An alarm that never rings. */
export const cloudwatchAlarm = defineResource({
  type: 'AWS::CloudWatch::Alarm',
  properties: { AlarmName: z.string().optional() },
  withoutLocalEffect: {
    ActionsEnabled: NO_METRICS,
    AlarmActions: NO_METRICS,
    AlarmDescription: NO_METRICS,
    ComparisonOperator: NO_METRICS,
    DatapointsToAlarm: NO_METRICS,
    Dimensions: NO_METRICS,
    EvaluateLowSampleCountPercentile: NO_METRICS,
    EvaluationPeriods: NO_METRICS,
    ExtendedStatistic: NO_METRICS,
    InsufficientDataActions: NO_METRICS,
    MetricName: NO_METRICS,
    Metrics: NO_METRICS,
    Namespace: NO_METRICS,
    OKActions: NO_METRICS,
    Period: NO_METRICS,
    Statistic: NO_METRICS,
    Tags: NO_METRICS,
    Threshold: NO_METRICS,
    ThresholdMetricId: NO_METRICS,
    TreatMissingData: NO_METRICS,
    Unit: NO_METRICS,
  },
  create(properties, site) {
    const name = properties.AlarmName ?? physicalName(site, { maxLength: 255 });
    return { physicalId: name, attributes: { Arn: arnOf(site.cloud, 'cloudwatch', `alarm:${name}`) } };
  },
});
