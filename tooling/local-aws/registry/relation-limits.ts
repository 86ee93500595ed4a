import * as z from 'zod';
import { roleLimitProblems } from './policy-limits.ts';
import type { SampledResource } from './sample-values.ts';
import { bytes, over } from './template-limits.ts';

/** What the services have against resources of one template beside each other, one sentence each. */
export function relationProblems(resources: readonly SampledResource[]): string[] {
  const ofType = (type: string): SampledResource[] => resources.filter((resource) => resource.type === type);
  return [
    ...ofType('AWS::IAM::Role').flatMap((role) => policiesOf(role, ofType('AWS::IAM::Policy'))),
    ...ofType('AWS::Lambda::Function').flatMap((one) =>
      invocationPolicyOf(one, ofType('AWS::Lambda::Permission')),
    ),
    ...ofType('AWS::Lambda::EventSourceMapping').flatMap((mapping) =>
      mappingProblems(mapping, {
        queues: ofType('AWS::SQS::Queue'),
        functions: ofType('AWS::Lambda::Function'),
      }),
    ),
    ...ofType('AWS::SQS::Queue').flatMap((queue) => deadLetterProblems(queue, ofType('AWS::SQS::Queue'))),
    ...COUNTED.flatMap(({ type, by, limit, unit }) =>
      [...Map.groupBy(ofType(type), ({ properties }) => String(properties[by]))].flatMap(([owner, all]) =>
        over(`${owner} has`, all.length, { limit, unit }),
      ),
    ),
  ];
}

/** How many resources of a type another one may have. */
const COUNTED = [
  // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
  { type: 'AWS::Logs::MetricFilter', by: 'LogGroupName', limit: 100, unit: 'metric filters' },
  // https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
  { type: 'AWS::ApiGatewayV2::Route', by: 'ApiId', limit: 300, unit: 'routes' },
  { type: 'AWS::ApiGatewayV2::Integration', by: 'ApiId', limit: 300, unit: 'integrations' },
];

const PolicySchema = z.looseObject({ Roles: z.array(z.string()).default([]), PolicyDocument: z.unknown() });

function policiesOf(role: SampledResource, policies: readonly SampledResource[]): string[] {
  const attached = policies
    .map(({ properties }) => PolicySchema.parse(properties))
    .filter(({ Roles }) => Roles.includes(role.ref));
  const documents = attached.map(({ PolicyDocument }) => PolicyDocument);
  return roleLimitProblems(role.properties, documents).map((problem) => `${role.logicalId}: ${problem}`);
}

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, "Function resource-based policy" */
const INVOCATION_POLICY = { limit: 20_480, unit: 'bytes' };

function invocationPolicyOf(one: SampledResource, permissions: readonly SampledResource[]): string[] {
  const statements = permissions
    .filter(({ properties }) => [one.ref, one.arn].includes(String(properties['FunctionName'])))
    .map(({ properties, ref }) => ({ Sid: ref, Effect: 'Allow', Resource: one.arn, ...properties }));
  return over(
    `${one.logicalId}: the policy of who may invoke it has`,
    bytes(JSON.stringify(statements)),
    INVOCATION_POLICY,
  );
}

const MappingSchema = z.looseObject({
  FunctionName: z.string(),
  EventSourceArn: z.string(),
  BatchSize: z.number().default(10),
  MaximumBatchingWindowInSeconds: z.number().default(0),
});
const QueueSchema = z.looseObject({
  FifoQueue: z.boolean().default(false),
  VisibilityTimeout: z.number().default(30),
  RedrivePolicy: z.looseObject({ deadLetterTargetArn: z.string() }).optional(),
});
const FunctionSchema = z.looseObject({ Timeout: z.number().default(3) });

/** What one receive may bring without a batching window. */
const RECEIVE_LIMIT = 10;

/** https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
function mappingProblems(
  { logicalId, properties }: SampledResource,
  { queues, functions }: { queues: readonly SampledResource[]; functions: readonly SampledResource[] },
): string[] {
  const mapping = MappingSchema.parse(properties);
  const source = queues.find(({ arn }) => arn === mapping.EventSourceArn);
  const target = functions.find(({ ref, arn }) => [ref, arn].includes(mapping.FunctionName));
  if (source === undefined || target === undefined) return [];
  const queue = QueueSchema.parse(source.properties);
  const { Timeout: timeout } = FunctionSchema.parse(target.properties);
  const window = mapping.MaximumBatchingWindowInSeconds;
  const isLarge = mapping.BatchSize > RECEIVE_LIMIT;
  return [
    ...over(`${logicalId}: the function has`, timeout, {
      limit: queue.VisibilityTimeout,
      unit: 'seconds for messages that are hidden for a shorter time',
    }),
    ...(queue.FifoQueue && (isLarge || window > 0)
      ? [`${logicalId}: a FIFO queue has batches of ten at most, and no batching window.`]
      : []),
    ...(isLarge && window === 0 ? [`${logicalId}: batches over ten need a batching window.`] : []),
  ];
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html */
function deadLetterProblems(
  { logicalId, properties }: SampledResource,
  queues: readonly SampledResource[],
): string[] {
  const queue = QueueSchema.parse(properties);
  const target = queues.find(({ arn }) => arn === queue.RedrivePolicy?.deadLetterTargetArn);
  if (target === undefined || QueueSchema.parse(target.properties).FifoQueue === queue.FifoQueue) return [];
  return [`${logicalId}: its dead-letter queue is of the other kind.`];
}
