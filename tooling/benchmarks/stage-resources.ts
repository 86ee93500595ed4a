import { readFileSync } from 'node:fs';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { App } from 'aws-cdk-lib/core';
import * as z from 'zod';

import { StageConfigSchema } from '../../infra/config.ts';
import { addStacks } from '../../infra/stage.ts';
import { UNCHECKED_APP } from '../../infra/unchecked-app.ts';
import { parseCron } from '@button-serverless/local-aws';

/** What a stage pays for whether or not anything happens, counted in its synthesized templates. */
export type FixedResources = {
  alarms: number;
  /** Alarms are billed by metrics: an alarm on an expression reads several. */
  alarmMetrics: number;
  dashboards: number;
  secrets: number;
  queuesThatAreRead: number;
  /** Runs of schedules in thirty days. */
  scheduledRuns: number;
  /** The length of an access log line of the webhook's gateway, in the format of the template. */
  accessLogLineBytes: number;
};

const ResourceSchema = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
});
const TemplateSchema = z.object({ Resources: z.record(z.string(), ResourceSchema) });

type Resource = z.infer<typeof ResourceSchema>;

const ScheduleSchema = z.object({ ScheduleExpression: z.string(), ScheduleExpressionTimezone: z.string() });
const AlarmSchema = z.object({
  Metrics: z.array(z.object({ MetricStat: z.unknown().optional() })).optional(),
});
const ApiStageSchema = z.object({ AccessLogSettings: z.object({ Format: z.string() }) });

/**
 * Synthesizes a stage with both sides and one brand. Counts the resources of the whole stage, and those of
 * the brand's stack. `bundlesFolder` holds the functions' bundles.
 */
export function countFixedResources(bundlesFolder: string): {
  stage: FixedResources;
  brand: FixedResources;
} {
  const app = new App({
    analyticsReporting: false,
    outdir: mkdtempSync(join(tmpdir(), 'button-serverless-')),
    ...UNCHECKED_APP,
  });
  const config = StageConfigSchema.parse({
    stage: 'production',
    orderReporting: { brands: [{ id: 'acme' }] },
    transactions: {},
  });
  addStacks(app, { config, bundlesFolder });
  const { stacks } = app.synth();
  const resourcesOf = (isCounted: (stackName: string) => boolean): Resource[] =>
    stacks
      .filter(({ stackName }) => isCounted(stackName))
      .flatMap(({ templateFullPath }) =>
        Object.values(TemplateSchema.parse(JSON.parse(readFileSync(templateFullPath, 'utf8'))).Resources),
      );
  return {
    stage: count(resourcesOf(() => true)),
    brand: count(resourcesOf((stackName) => stackName.endsWith('-Brand-acme'))),
  };
}

function count(resources: readonly Resource[]): FixedResources {
  const ofType = (type: string): Resource[] => resources.filter((resource) => resource.Type === type);
  return {
    alarms: ofType('AWS::CloudWatch::Alarm').length,
    alarmMetrics: ofType('AWS::CloudWatch::Alarm')
      .map(({ Properties }) => metricsOf(AlarmSchema.parse(Properties)))
      .reduce((sum, metrics) => sum + metrics, 0),
    dashboards: ofType('AWS::CloudWatch::Dashboard').length,
    secrets: ofType('AWS::SecretsManager::Secret').length,
    // The other mapping reads a stream, which is free.
    queuesThatAreRead: ofType('AWS::Lambda::EventSourceMapping').filter(
      ({ Properties }) => !('StartingPosition' in Properties),
    ).length,
    scheduledRuns: ofType('AWS::Scheduler::Schedule')
      .map(({ Properties }) => ScheduleSchema.parse(Properties))
      .reduce((sum, schedule) => sum + runsInAMonth(schedule), 0),
    accessLogLineBytes: ofType('AWS::ApiGatewayV2::Stage')
      .map(({ Properties }) => lineBytes(ApiStageSchema.parse(Properties).AccessLogSettings.Format))
      .reduce((sum, bytes) => sum + bytes, 0),
  };
}

/** Expressions are free; the metrics that they read are not. */
function metricsOf({ Metrics: queries }: z.infer<typeof AlarmSchema>): number {
  return queries?.filter(({ MetricStat: metric }) => metric !== undefined).length ?? 1;
}

const MINUTE_MS = 60_000;
const MONTH_MS = 30 * 86_400_000;

/** A month without a clock change. */
const MONTH_BEGINS = Date.parse('2026-06-01T00:00:00Z');

/** How often a schedule runs in thirty days. */
export function runsInAMonth({
  ScheduleExpression: expression,
  ScheduleExpressionTimezone: timeZone,
}: z.infer<typeof ScheduleSchema>): number {
  const [, count = '', unit = ''] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  const minutes = { minute: 1, hour: 60, day: 1440 }[unit];
  if (minutes !== undefined) return MONTH_MS / MINUTE_MS / (Number(count) * minutes);
  const nextDue = parseCron(expression.replace(/^cron\((.+)\)$/, '$1'), timeZone);
  let runs = 0;
  let due = nextDue(new Date(MONTH_BEGINS - 1));
  while (due && due.getTime() < MONTH_BEGINS + MONTH_MS) {
    runs += 1;
    due = nextDue(due);
  }
  return runs;
}

/** Values as long as those of a successful request. */
const LOG_VARIABLES: Readonly<Record<string, string>> = {
  'context.requestId': 'JKJaXmPLvHcESHA=',
  'context.requestTime': '14/Mar/2026:15:09:41 +0000',
  'context.routeKey': 'POST /webhooks/button',
  'context.status': '200',
  'context.responseLatency': '25',
  'context.identity.userAgent': 'Button Webhooks/1.0',
};

function lineBytes(format: string): number {
  return Buffer.byteLength(format.replaceAll(/\$([\w.]+)/g, (_, name: string) => LOG_VARIABLES[name] ?? '-'));
}
