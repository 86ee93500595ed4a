import { MathExpression, type IMetric, type Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { DeduplicationScope, FifoThroughputLimit, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

import type { Severity } from '../alarm-topics.ts';
import { dataRemovalPolicy, expiringSeconds, MESSAGE_RETENTION, type Deployment } from '../deployment.ts';
import { leastVisibilityTimeoutSeconds } from '../queue-limits.ts';
import { ExplainedAlarm } from './alarm.ts';
import { LambdaFunction } from './lambda-function.ts';
import { pinLogicalId } from './logical-id.ts';
import { permission } from './permission.ts';

/** What distinguishes one queue and its worker from another. */
export type QueueWorkerProps = {
  deployment: Deployment;
  /**
   * The queue's permanent logical id, because its messages are state. The dead-letter queue's id is derived
   * from it.
   */
  logicalId: string;
  /**
   * `fifo` orders messages within their group, with a throughput limit for each group instead of for the
   * queue.
   */
  kind: 'fifo' | 'standard';
  /** The worker's folder in functions/. */
  worker: string;
  timeoutSeconds: number;
  /** Six times the timeout unless given, and never less. */
  visibilityTimeoutSeconds?: number | undefined;
  batchSize: number;
  /** The most batches at the same time; AWS accepts no less than 2. */
  maxConcurrency: number;
  /** The number of receives after which a message goes to the dead-letter queue. */
  maxReceiveCount: number;
  /** Called once the queue exists, because a worker may also send to it. */
  environment: (queue: Queue) => Record<string, string>;
  /** The worker's rights besides taking messages off the queue. */
  permissions: (queue: Queue) => PolicyStatement[];
  /** The worker sends messages to its own queue, which start it again: see `LambdaFunctionProps`. */
  isLoop?: boolean;
  alarms: {
    /** The permanent prefix of the alarms' names. */
    name: string;
    severity: Severity;
    /** Who is hurt by messages that were moved to the dead-letter queue. */
    deadLetterImpact: string;
    /** Who is hurt by messages that wait. */
    ageImpact: string;
    /** How old the oldest message may become, in seconds. */
    maxAgeSeconds: number;
    /**
     * The age that the worker itself reports for messages that it could not handle, over at least the longest
     * time between two tries. Needed for a standard queue, whose own age ignores them.
     */
    reportedAge?: Metric;
    runbookSection: string;
  };
};

/**
 * A queue, the dead-letter queue for messages that cannot be handled, the function that handles the others,
 * and the alarms of all three.
 */
export class QueueWorker extends Construct {
  /** The queue for the work. */
  readonly queue: Queue;
  /** The queue for messages that were received too often without success. */
  readonly deadLetterQueue: Queue;
  /** The function that takes messages off the queue. */
  readonly worker: LambdaFunction;

  constructor(scope: Construct, id: string, props: QueueWorkerProps) {
    super(scope, id);
    this.deadLetterQueue = createQueue(this, 'DeadLetterQueue', props);
    pinLogicalId(this.deadLetterQueue, `${props.logicalId}DeadLetters`);
    this.queue = createQueue(this, 'Queue', {
      ...props,
      visibilityTimeoutSeconds: visibilityTimeoutSeconds(this, props),
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: props.maxReceiveCount },
    });
    pinLogicalId(this.queue, props.logicalId);
    const permissions = props.permissions(this.queue);
    const { isLoop = false } = props;
    requireDeclaredLoop(this, { isLoop, startsItself: maySendTo(this.queue, permissions) });
    this.worker = new LambdaFunction(this, 'Worker', {
      deployment: props.deployment,
      name: props.worker,
      timeoutSeconds: props.timeoutSeconds,
      environment: props.environment(this.queue),
      permissions: [takeMessages(this.queue), ...permissions],
      isLoop,
    });
    // No filter: SQS deletes a message that the filter of its mapping does not match.
    new EventSourceMapping(this, 'Mapping', {
      target: this.worker.lambda,
      eventSourceArn: this.queue.queueArn,
      batchSize: props.batchSize,
      maxConcurrency: props.maxConcurrency,
      reportBatchItemFailures: true,
    });
    this.#addAlarms(props);
  }

  #addAlarms(props: QueueWorkerProps): void {
    const { deployment, kind, alarms } = props;
    // Visible messages only: if messages in flight counted, the alarm would flap while somebody looks at the
    // queue.
    new ExplainedAlarm(this, 'DeadLettersAlarm', {
      deployment,
      name: `${alarms.name}DeadLetters`,
      severity: alarms.severity,
      metric: this.deadLetterQueue.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum' }),
      above: 0,
      impact: alarms.deadLetterImpact,
      firstCommand: `aws sqs receive-message --visibility-timeout 0 --message-system-attribute-names All --queue-url ${this.deadLetterQueue.queueUrl}`,
      runbookSection: alarms.runbookSection,
    });
    new ExplainedAlarm(this, 'DeadLettersExpiringAlarm', {
      deployment,
      name: `${alarms.name}DeadLettersExpiring`,
      severity: 'page',
      metric: this.deadLetterQueue.metricApproximateAgeOfOldestMessage({ statistic: 'Maximum' }),
      above: expiringAgeSeconds(props),
      impact: `${alarms.deadLetterImpact} In three days or less, the queue deletes the first of these messages for good.`,
      firstCommand: `aws sqs start-message-move-task --source-arn ${this.deadLetterQueue.queueArn}`,
      runbookSection: 'dead-letters-are-about-to-expire',
    });
    new ExplainedAlarm(this, 'AgeAlarm', {
      deployment,
      name: `${alarms.name}Age`,
      severity: alarms.severity,
      ...this.#age({ kind, reportedAge: alarms.reportedAge }),
      above: alarms.maxAgeSeconds,
      impact: alarms.ageImpact,
      firstCommand: `aws sqs get-queue-attributes --attribute-names All --queue-url ${this.queue.queueUrl}`,
      runbookSection: alarms.runbookSection,
    });
  }

  /**
   * A message of a standard queue goes to the back once it has been received three times without being
   * deleted, and the queue's age is that of the next one from then on: it shows messages that nobody takes,
   * and the worker reports the age of those that it could not handle. A FIFO queue keeps its order, and
   * what waits behind a message in its group has not been received.
   *
   * Source:
   * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
   */
  #age({ kind, reportedAge }: { kind: 'fifo' | 'standard'; reportedAge: Metric | undefined }): {
    metric: IMetric;
    periods: number;
  } {
    const queued = this.queue.metricApproximateAgeOfOldestMessage({ statistic: 'Maximum' });
    if (kind === 'fifo') return { metric: queued, periods: 2 };
    if (!reportedAge)
      throw new Error(
        `The age of ${this.node.path} needs reportedAge: a standard queue leaves out what is tried in vain.`,
      );
    const metric = new MathExpression({
      expression: 'MAX([FILL(queued, 0), FILL(reported, 0)])',
      usingMetrics: { queued, reported: reportedAge },
      label: 'Oldest message, failed or not received, seconds',
      period: reportedAge.period,
    });
    return { metric, periods: 1 };
  }
}

function maySendTo({ queueArn }: Queue, permissions: readonly PolicyStatement[]): boolean {
  return permissions.some(
    ({ actions, resources }) => actions.includes('sqs:SendMessage') && resources.includes(queueArn),
  );
}

/** An undeclared chain of invocations is a mistake, and Lambda stops it. */
function requireDeclaredLoop(
  { node }: Construct,
  { isLoop, startsItself }: { isLoop: boolean; startsItself: boolean },
): void {
  if (startsItself && !isLoop)
    throw new Error(`${node.path} may send to the queue that starts it: set isLoop, or take the right away.`);
  if (isLoop && !startsItself) throw new Error(`${node.path} can't start itself: leave isLoop out.`);
}

type QueueSettings = Pick<QueueWorkerProps, 'deployment' | 'kind'> & {
  visibilityTimeoutSeconds?: number | undefined;
  deadLetterQueue?: { queue: Queue; maxReceiveCount: number };
};

function createQueue(scope: Construct, id: string, settings: QueueSettings): Queue {
  return new Queue(scope, id, {
    ...(settings.kind === 'fifo' && {
      fifo: true,
      contentBasedDeduplication: false,
      deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
      fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
    }),
    ...(settings.deadLetterQueue && {
      deadLetterQueue: settings.deadLetterQueue,
      visibilityTimeout: Duration.seconds(settings.visibilityTimeoutSeconds ?? 30),
    }),
    retentionPeriod: MESSAGE_RETENTION,
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    // A queue may still hold messages when its brand is removed from the configuration.
    removalPolicy: dataRemovalPolicy(settings.deployment),
  });
}

function visibilityTimeoutSeconds(scope: Construct, props: QueueWorkerProps): number {
  const least = leastVisibilityTimeoutSeconds(props.timeoutSeconds);
  const seconds = props.visibilityTimeoutSeconds ?? least;
  if (seconds < least)
    throw new Error(
      `The visibility timeout of ${scope.node.path} must be at least ${least} s: six times the timeout of its worker.`,
    );
  return seconds;
}

/**
 * The age at which dead letters are about to expire. In a standard queue, the time before the move counts
 * towards it; in a FIFO queue it does not.
 */
function expiringAgeSeconds({
  kind,
  maxReceiveCount,
  timeoutSeconds,
  visibilityTimeoutSeconds = leastVisibilityTimeoutSeconds(timeoutSeconds),
}: QueueWorkerProps): number {
  return expiringSeconds(kind === 'fifo' ? 0 : maxReceiveCount * visibilityTimeoutSeconds);
}

function takeMessages(queue: Queue): PolicyStatement {
  return permission(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], queue.queueArn);
}
