import { createCloudWatch, type CloudWatch } from '../../tooling/local-aws/cloudwatch/cloudwatch.ts';
import { alarmHistory } from '../../tooling/local-aws/cloudwatch/alarm-state.ts';
import {
  createMetricFilter,
  METRIC_FILTER_PROPERTIES,
} from '../../tooling/local-aws/cloudwatch/metric-filter.ts';
import type { MetricName } from '../../shared/runtime/metric-definitions.ts';
import { createMetrics } from '../../shared/runtime/metrics.ts';
import * as z from 'zod';

import type { Invocation } from '../simulation/lambda-model.ts';
import { SimulatedWorld, type SimulatedWorldOptions } from '../simulation/world.ts';
import { describeAlarms } from './describe-alarms.ts';
import { playStateMachine } from './play-state-machine.ts';
import { ALARMS, logicalId, NAMESPACE, resolve, severityOf, STAGE } from './synthesized-alarms.ts';

/**
 * A world whose metrics go to CloudWatch: from lines in the embedded metric format, from access logs, and
 * from AWS itself.
 */
export type WatchedWorld = {
  world: SimulatedWorld;
  cloudWatch: CloudWatch;
  /** Every alarm that has fired since the start, or since an instant in milliseconds. */
  alarmsSince: (fromMs?: number) => string[];
  /** The messages of the reminder that runs now. */
  remind: () => Promise<Reminder[]>;
  /** The notifications so far: every change of an alarm's state, to the topic of its severity. */
  notifications: () => Notification[];
};

/** One notification. */
export type Notification = { alarm: string; state: string; severity: string };

/** A message to the topic of a severity. */
export type Reminder = { severity: string; message: string };

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/**
 * After this time Lambda gives up a record and sends it to the failure queue: `MaximumRecordAgeInSeconds` of
 * the publisher's mapping.
 */
const RECORD_AGE_MS = 23 * HOUR_MS;
/** Pretends that the schedules ran before the start, for the longest time that an alarm looks back. */
const RAN_BEFORE_MS = 6 * HOUR_MS;

const FUNCTION = 'AWS::Lambda::Function';
/** The function in the template for each function of the world. */
const FUNCTION_IDS: Record<string, string> = {
  'order-reporter': logicalId(FUNCTION, 'AcmeReporterWorkerFunction'),
  'order-audit': logicalId(FUNCTION, 'AcmeAuditWorkerFunction'),
  'retry-sweep': logicalId(FUNCTION, 'AcmeRetrySweepWorkerFunction'),
  'webhook-receiver': logicalId(FUNCTION, 'IntakeReceiverFunction'),
  'deferred-webhooks': logicalId(FUNCTION, 'IntakeDeferredWebhooksWorkerFunction'),
  'event-publisher': logicalId(FUNCTION, 'PublicationPublisherFunction'),
  'reconciliation-planner': logicalId(FUNCTION, 'ReconciliationPlannerWorkerFunction'),
  'transaction-reconciler': logicalId(FUNCTION, 'ReconciliationReconcilerWorkerFunction'),
  'personal-data-expiry': logicalId(FUNCTION, 'PersonalDataExpiryWorkerFunction'),
  'customer-expiry': logicalId(FUNCTION, 'CustomerExpiryWorkerFunction'),
};
const PUBLISHER = FUNCTION_IDS['event-publisher'] ?? '';
const SCHEDULED = ['retry-sweep', 'reconciliation-planner', 'personal-data-expiry', 'customer-expiry'];

const QUEUE_IDS = {
  orders: 'OrdersAcme',
  orderDeadLetters: 'OrdersAcmeDeadLetters',
  deferredWebhooks: 'DeferredWebhooksQueue',
  deferredWebhooksDeadLetters: 'DeferredWebhooksQueueDeadLetters',
  readQueue: 'ReadQueue',
  readDeadLetters: 'ReadQueueDeadLetters',
} as const;

const ACCESS_LOGS = logicalId('AWS::Logs::LogGroup', 'IntakeEndpointAccessLogs');

/** `isNew`: nothing ran before the start, as in a first deployment. */
export function watchWorld({
  isNew = false,
  ...options
}: SimulatedWorldOptions & { isNew?: boolean } = {}): WatchedWorld {
  let lines: string[] = [];
  let atMs = 0;
  const metrics = createMetrics<MetricName>({
    namespace: NAMESPACE,
    write: (line) => lines.push(line),
    now: () => atMs,
  });
  const world = new SimulatedWorld({
    schedules: 'as-deployed',
    ...options,
    transactions: { reconciler: { readFrom: '2026-06-01T00:00:00Z' }, ...options.transactions },
    measure: ({ atMs: _, ...measured }) => {
      // The gateway's counts come from its access log.
      if (measured.name !== 'WebhooksFromButton' && measured.name !== 'WebhooksFailedForButton')
        metrics.add(measured);
    },
    onInvocation: (invocation) => {
      atMs = invocation.endMs;
      metrics.flush();
      takeInInvocation(cloudWatch, invocation, lines);
      lines = [];
    },
  });
  const startMs = world.clock.now();
  const cloudWatch = createCloudWatch(startMs);
  addMetricFilters(cloudWatch);
  writeAccessLog(world, cloudWatch);
  if (!isNew) {
    for (let ranAtMs = startMs - RAN_BEFORE_MS; ranAtMs < startMs; ranAtMs += MINUTE_MS)
      for (const name of SCHEDULED) putFunctionMetric(cloudWatch, name, { Invocations: 1, atMs: ranAtMs });
  }
  everyMinute(world, () => {
    measureGauges(world, cloudWatch);
  });
  return {
    world,
    cloudWatch,
    alarmsSince: (fromMs = startMs) => {
      const span = { fromMs, untilMs: world.clock.now() };
      return ALARMS.filter(({ definition }) =>
        alarmHistory(definition, cloudWatch.metrics, span).some(({ state }) => state === 'ALARM'),
      )
        .map(({ name }) => name)
        .sort();
    },
    remind: () => remind(cloudWatch, { fromMs: startMs, untilMs: world.clock.now() }),
    notifications: () => {
      const span = { fromMs: startMs, untilMs: world.clock.now() };
      return ALARMS.flatMap(({ name, definition, actionsOf }) =>
        alarmHistory(definition, cloudWatch.metrics, span)
          // An alarm's first state is not a change.
          .slice(1)
          .flatMap(({ state }) => actionsOf(state).map((severity) => ({ alarm: name, state, severity }))),
      );
    },
  };
}

/** Runs the reminder's state machine. */
async function remind(
  { metrics }: CloudWatch,
  span: { fromMs: number; untilMs: number },
): Promise<Reminder[]> {
  const [machine] = STAGE.resources('AWS::StepFunctions::StateMachine');
  const sent: Reminder[] = [];
  await playStateMachine(resolve(machine?.Properties['Definition']), {
    'cloudwatch:describeAlarms': describeAlarms(() =>
      ALARMS.map(({ alarmName, definition }) => ({
        name: alarmName,
        state: alarmHistory(definition, metrics, span).at(-1)?.state,
      })),
    ),
    'sns:publish': ({ TopicArn: topic, Message: message }) =>
      sent.push({ severity: severityOf(topic), message: String(message) }),
  });
  return sent;
}

function takeInInvocation(cloudWatch: CloudWatch, invocation: Invocation, lines: readonly string[]): void {
  const { functionName, endMs: atMs, status } = invocation;
  for (const line of lines) cloudWatch.takeInLine({ logGroupName: functionName, line: line.trimEnd(), atMs });
  putFunctionMetric(cloudWatch, functionName, {
    Invocations: 1,
    Errors: status === 'succeeded' ? 0 : 1,
    atMs,
  });
}

function putFunctionMetric(
  { metrics }: CloudWatch,
  functionName: string,
  { atMs, ...values }: Record<string, number> & { atMs: number },
): void {
  const dimensions = { FunctionName: FUNCTION_IDS[functionName] ?? functionName };
  for (const [name, value] of Object.entries(values))
    metrics.put({ namespace: 'AWS/Lambda', name, dimensions }, { atMs, value });
}

function addMetricFilters({ metricFilters, metrics }: CloudWatch): void {
  const FilterSchema = z.object(METRIC_FILTER_PROPERTIES);
  for (const { Properties: properties } of STAGE.resources('AWS::Logs::MetricFilter'))
    metricFilters.push(createMetricFilter(FilterSchema.parse(resolve(properties)), metrics));
}

/** Writes each request in the format of the template's access log. */
function writeAccessLog(world: SimulatedWorld, cloudWatch: CloudWatch): void {
  const [stage] = STAGE.resources('AWS::ApiGatewayV2::Stage');
  const { Format: format } = (stage?.Properties ?? {})['AccessLogSettings'] as { Format: string };
  const post = world.postWebhook.bind(world);
  world.postWebhook = async (request, sender) => {
    const status = await post(request, sender);
    const userAgent = sender === 'Button' ? 'Button Webhooks 1.2.3' : 'curl/8.5.0';
    const line = format
      .replace('$context.status', String(status))
      .replace('$context.identity.userAgent', userAgent);
    cloudWatch.takeInLine({ logGroupName: ACCESS_LOGS, line, atMs: world.clock.now() });
    return status;
  };
}

function everyMinute(world: SimulatedWorld, act: () => void): void {
  const next = (): void => {
    world.clock.at(world.clock.now() + MINUTE_MS, () => {
      act();
      next();
    });
  };
  next();
}

/** Adds the metrics that SQS and Lambda emit themselves. */
function measureGauges(world: SimulatedWorld, { metrics }: CloudWatch): void {
  const atMs = world.clock.now();
  const { queues, iteratorAgeMs } = world.gauges();
  const putOfQueue = (queueName: string, name: string, value: number): void => {
    metrics.put({ namespace: 'AWS/SQS', name, dimensions: { QueueName: queueName } }, { atMs, value });
  };
  for (const name of [
    'orders',
    'orderDeadLetters',
    'deferredWebhooks',
    'deferredWebhooksDeadLetters',
    'readQueue',
    'readDeadLetters',
  ] as const) {
    const { visible, oldestAgeSeconds } = queues[name];
    putOfQueue(QUEUE_IDS[name], 'ApproximateNumberOfMessagesVisible', visible);
    putOfQueue(QUEUE_IDS[name], 'ApproximateAgeOfOldestMessage', oldestAgeSeconds);
  }
  // The world keeps records for ever. Lambda gives them up, one by one, and sends them to the failure queue.
  const givenUp = iteratorAgeMs > RECORD_AGE_MS ? 1 : 0;
  putOfQueue('EventPublisherFailures', 'ApproximateNumberOfMessagesVisible', givenUp);
  metrics.put(
    { namespace: 'AWS/Lambda', name: 'IteratorAge', dimensions: { FunctionName: PUBLISHER } },
    { atMs, value: iteratorAgeMs },
  );
}
