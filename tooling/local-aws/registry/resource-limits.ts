import * as z from 'zod';
import { alarmLimitProblems, dashboardLimitProblems } from './cloudwatch-limits.ts';
import {
  busPolicyLimitProblems,
  managedPolicyLimitProblems,
  queuePolicyLimitProblems,
} from './policy-limits.ts';
import { bytes, over } from './template-limits.ts';

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, "Environment variables" */
const ENVIRONMENT = { limit: 4096, unit: 'bytes' };

const FunctionSchema = z.looseObject({
  Environment: z.looseObject({ Variables: z.record(z.string(), z.string()) }).default({ Variables: {} }),
});

function functionProblems(properties: unknown): string[] {
  const { Environment } = FunctionSchema.parse(properties);
  return over('the environment variables have', bytes(JSON.stringify(Environment.Variables)), ENVIRONMENT);
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html */
const QUEUE_NAME = /^[\w-]{1,80}$/;
const MAX_RECEIVE_COUNT = { limit: 1000, unit: 'receives' };

const QueueSchema = z.looseObject({
  QueueName: z.string().optional(),
  FifoQueue: z.boolean().default(false),
  RedrivePolicy: z.looseObject({ maxReceiveCount: z.number().default(1) }).optional(),
});

function queueProblems(properties: unknown): string[] {
  const { QueueName: name, FifoQueue: isFifo, RedrivePolicy: redrive } = QueueSchema.parse(properties);
  const isGood =
    name === undefined || (name.length <= 80 && QUEUE_NAME.test(isFifo ? name.replace(/\.fifo$/, '') : name));
  const endsRight = name === undefined || name.endsWith('.fifo') === isFifo;
  return [
    ...(isGood && endsRight ? [] : [`${name} cannot be the name of this queue.`]),
    ...over('a message may have', redrive?.maxReceiveCount ?? 1, MAX_RECEIVE_COUNT),
  ];
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html */
const GLOBAL_INDEXES = { limit: 20, unit: 'global secondary indexes' };
const PROJECTED_ATTRIBUTES = { limit: 100, unit: 'projected attributes' };

const KeySchema = z.array(z.looseObject({ AttributeName: z.string() }));
const IndexesSchema = z
  .array(
    z.looseObject({
      KeySchema,
      Projection: z.looseObject({ NonKeyAttributes: z.array(z.string()).default([]) }),
    }),
  )
  .default([]);
const TableSchema = z.looseObject({
  AttributeDefinitions: KeySchema,
  KeySchema,
  GlobalSecondaryIndexes: IndexesSchema,
  LocalSecondaryIndexes: IndexesSchema,
});

function tableProblems(properties: unknown): string[] {
  const table = TableSchema.parse(properties);
  const indexes = [...table.GlobalSecondaryIndexes, ...table.LocalSecondaryIndexes];
  const keys = new Set([table.KeySchema, ...indexes.map((index) => index.KeySchema)].flat().map(nameOf));
  const defined = new Set(table.AttributeDefinitions.map(nameOf));
  const projected = indexes.flatMap(({ Projection }) => Projection.NonKeyAttributes).length;
  return [
    // https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html: exactly the keys.
    ...[...keys, ...defined]
      .filter((name) => !keys.has(name) || !defined.has(name))
      .map((name) => `the attribute ${name} must be both defined and a key.`),
    ...over('the table has', table.GlobalSecondaryIndexes.length, GLOBAL_INDEXES),
    ...over('the indexes have', projected, PROJECTED_ATTRIBUTES),
  ];
}

function nameOf({ AttributeName: name }: { AttributeName: string }): string {
  return name;
}

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html */
const EVENT_PATTERN = { limit: 2048, unit: 'characters' };
const RULE_TARGETS = { limit: 5, unit: 'targets' };

const RuleSchema = z.looseObject({
  EventPattern: z.unknown().optional(),
  Targets: z.array(z.unknown()).default([]),
});

function ruleProblems(properties: unknown): string[] {
  const { EventPattern: pattern, Targets: targets } = RuleSchema.parse(properties);
  return [
    ...over('the pattern has', JSON.stringify(pattern ?? '').length, EVENT_PATTERN),
    ...over('the rule has', targets.length, RULE_TARGETS),
  ];
}

/** https://docs.aws.amazon.com/scheduler/latest/UserGuide/scheduler-quotas.html, "Target payload" */
const SCHEDULE_INPUT = { limit: 262_144, unit: 'bytes' };
const ScheduleSchema = z.looseObject({ Target: z.looseObject({ Input: z.string().default('') }) });

const QueuePolicySchema = z.looseObject({ PolicyDocument: z.unknown() });
const BusSchema = z.looseObject({ Policy: z.unknown().optional() });

/** By type: what its service refuses that the registry's schema allows. */
const CHECKS: Readonly<Record<string, (properties: unknown) => string[]>> = {
  'AWS::CloudWatch::Alarm': alarmLimitProblems,
  'AWS::CloudWatch::Dashboard': dashboardLimitProblems,
  'AWS::DynamoDB::Table': tableProblems,
  'AWS::IAM::ManagedPolicy': (properties) =>
    managedPolicyLimitProblems(QueuePolicySchema.parse(properties).PolicyDocument),
  'AWS::Events::EventBus': (properties) => busPolicyLimitProblems(BusSchema.parse(properties).Policy),
  'AWS::Events::Rule': ruleProblems,
  'AWS::Lambda::Function': functionProblems,
  'AWS::SQS::Queue': queueProblems,
  'AWS::SQS::QueuePolicy': (properties) =>
    queuePolicyLimitProblems(QueuePolicySchema.parse(properties).PolicyDocument),
  'AWS::Scheduler::Schedule': (properties) =>
    over('the input has', bytes(ScheduleSchema.parse(properties).Target.Input), SCHEDULE_INPUT),
};

/** Why a service refuses a resource that fits the registry's schema; one sentence for each reason. */
export function resourceLimitProblems(type: string, properties: Record<string, unknown>): string[] {
  return CHECKS[type]?.(properties) ?? [];
}
