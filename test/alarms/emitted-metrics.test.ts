import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';

import type { MetricIdentity } from '../../tooling/local-aws/cloudwatch/metric-store.ts';
import { parseSearch, type MetricSearch } from '../../tooling/local-aws/cloudwatch/search-expression.ts';
import {
  METRICS,
  METRICS_NAMESPACE,
  type MetricDefinition,
} from '../../shared/runtime/metric-definitions.ts';
import { playEverything } from './everything.ts';
import { ALARMS, NAMESPACE, resolve, STAGE } from './synthesized-alarms.ts';

const BoardSchema = z.object({
  widgets: z.array(z.object({ properties: z.looseObject({ metrics: z.array(z.unknown()).default([]) }) })),
});
const ExpressionSchema = z.tuple([z.object({ expression: z.string() })]);

/** What a board or an alarm reads: where it is defined, and which metrics it finds. */
type Reference = { place: string; finds: MetricSearch };

let emitted: MetricIdentity[];
let ignored: string[];

beforeEach(silence);
beforeAll(async () => {
  silence();
  const { cloudWatch } = await playEverything();
  emitted = cloudWatch.metrics.metrics().filter(({ namespace }) => namespace === NAMESPACE);
  ignored = cloudWatch.ignoredMetrics();
});

function silence(): void {
  for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(console, level).mockReturnValue();
}

function onBoards(): Reference[] {
  return STAGE.resources('AWS::CloudWatch::Dashboard').flatMap(({ Properties: { DashboardBody: body } }) =>
    BoardSchema.parse(JSON.parse(String(resolve(body)))).widgets.flatMap(({ properties }) =>
      properties.metrics.flatMap(referenceOf),
    ),
  );
}

function referenceOf(metric: unknown): Reference[] {
  const expression = ExpressionSchema.safeParse(metric);
  if (expression.success) {
    const [{ expression: text }] = expression.data;
    const [, search] = /SEARCH\('([^']+)'/.exec(text) ?? [];
    return search === undefined ? [] : [{ place: search, finds: parseSearch(search) }];
  }
  const texts = (metric as unknown[]).filter((part) => typeof part === 'string');
  const [namespace = '', name = '', ...pairs] = texts;
  const dimensions: Record<string, string> = {};
  for (let index = 0; index < pairs.length; index += 2)
    dimensions[pairs[index] ?? ''] = pairs[index + 1] ?? '';
  return [exactly({ namespace, name, dimensions })];
}

function inAlarms(): Reference[] {
  return ALARMS.flatMap(({ definition }) => definition.queries).flatMap((query) =>
    'metric' in query ? [exactly(query.metric)] : [],
  );
}

function exactly(metric: MetricIdentity): Reference {
  const place = nameOf(metric);
  return { place, finds: (found) => nameOf(found) === place };
}

function nameOf({ namespace, name, dimensions }: MetricIdentity): string {
  return JSON.stringify([namespace, name, Object.entries(dimensions).sort()]);
}

/** By namespace and dimensions. The pages are those of each service's metrics in AWS's documentation. */
const AWS_METRICS: Record<string, readonly string[]> = {
  // https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
  'AWS/Lambda,FunctionName': [
    'ConcurrentExecutions',
    'Duration',
    'Errors',
    'Invocations',
    'IteratorAge',
    'RecursiveInvocationsDropped',
    'Throttles',
  ],
  // https://docs.aws.amazon.com/lambda/latest/dg/monitoring-concurrency.html
  'AWS/Lambda': ['ClaimedAccountConcurrency'],
  // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
  'AWS/SQS,QueueName': [
    'ApproximateAgeOfOldestMessage',
    'ApproximateNumberOfMessagesVisible',
    'NumberOfMessagesSent',
  ],
  // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
  'AWS/DynamoDB,TableName': [
    'ConsumedReadCapacityUnits',
    'ConsumedWriteCapacityUnits',
    'ReadThrottleEvents',
    'WriteThrottleEvents',
  ],
  'AWS/DynamoDB,GlobalSecondaryIndexName,TableName': [
    'ConsumedReadCapacityUnits',
    'ConsumedWriteCapacityUnits',
  ],
  // https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
  'AWS/ApiGateway,ApiId': ['4xx', '5xx', 'Count', 'Latency'],
  // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html
  'AWS/Logs,LogGroupName': ['IncomingBytes'],
  // https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
  'AWS/States,StateMachineArn': ['ExecutionsFailed'],
};

/** Each of them, with the name of a resource of the stage. */
const ofAws: MetricIdentity[] = Object.entries(AWS_METRICS).flatMap(([schema, names]) => {
  const [namespace = '', ...dimensions] = schema.split(',');
  const values = dimensions.map((dimension) => [dimension, 'Button-development-Brand-AcmeReporter'] as const);
  return names.map((name) => ({ namespace, name, dimensions: Object.fromEntries(values) }));
});

const isOurs = ({ place }: Reference): boolean => place.includes(METRICS_NAMESPACE);

describe('the metrics', () => {
  it('are all emitted, each with its dimensions, and no others are', () => {
    const kinds = emitted.map(({ name, dimensions }) => `${name} ${Object.keys(dimensions).join(',')}`);
    const defined = Object.entries<MetricDefinition>(METRICS).map(
      ([name, { dimensions }]) => `${name} ${dimensions.join(',')}`,
    );

    expect(ignored).toEqual([]);
    expect([...new Set(kinds)].sort()).toEqual(defined.sort());
  });

  it('that boards and alarms read are emitted with exactly those dimensions', () => {
    const asked = [...onBoards(), ...inAlarms()].filter(isOurs);

    const inVain = asked.filter(({ finds }) => !emitted.some(finds)).map(({ place }) => place);

    expect(asked.length).toBeGreaterThan(60);
    expect(inVain).toEqual([]);
  });

  it('that are emitted are on a board or in an alarm', () => {
    const asked = [...onBoards(), ...inAlarms()];

    const unseen = emitted.filter((metric) => !asked.some(({ finds }) => finds(metric))).map(nameOf);

    expect(unseen).toEqual([]);
  });

  it("of AWS that boards and alarms read are in AWS's documentation", () => {
    const asked = [...onBoards(), ...inAlarms()].filter((reference) => !isOurs(reference));
    const exact = new Set(ofAws.map(({ namespace, name }) => `["${namespace}","${name}"`));

    const unknown = asked
      .filter(
        ({ place, finds }) => !ofAws.some(finds) && ![...exact].some((start) => place.startsWith(start)),
      )
      .map(({ place }) => place);

    expect(asked.length).toBeGreaterThan(30);
    expect(unknown).toEqual([]);
  });
});
