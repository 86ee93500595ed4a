import {
  type CHECKOUT_EVENT_TYPE,
  TRANSACTION_EVENT_SOURCE,
  TRANSACTION_EVENT_TYPES,
  type TransactionEventType,
} from '@button-serverless/validation/webhooks';
import { type EventPattern, type IEventBusRef, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Duration, type RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

/** Which events a consumer gets, and how often it may try. */
export type RewardQueueProps = {
  /**
   * The bus of the stack: `TransactionsStack.publication.bus`, or one that `EventBus.fromEventBusArn` finds
   * by the output `EventBusArn`.
   */
  bus: IEventBusRef;
  /** What the consumer gets: every event about a transaction unless given. */
  eventTypes?: readonly (TransactionEventType | typeof CHECKOUT_EVENT_TYPE)[];
  /** Narrows the events further by their content, such as `{ currency: ['USD'] }`. */
  detail?: NonNullable<EventPattern['detail']>;
  /** How long a message that was received stays hidden: longer than its handling. 5 minutes unless given. */
  visibilityTimeout?: Duration;
  /** Receives after which a message goes to the dead-letter queue; 50 unless given. */
  maxReceiveCount?: number;
  /** What becomes of the queues with their stack: left to the CDK unless given. */
  removalPolicy?: RemovalPolicy;
};

/**
 * A queue of one's own for the events of the bus, from which a consumer rewards users: a rule, a queue, and a
 * dead-letter queue for what the consumer, or EventBridge, could not handle. A message is an event as
 * EventBridge delivers it, at least once and in any order; `creditReward` of the validation package counts
 * it.
 *
 * It needs nothing else of this project: it works in a CDK app of your own, in any stack of the bus's account
 * and region.
 */
export class RewardQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetterQueue: Queue;
  readonly rule: Rule;

  constructor(scope: Construct, id: string, props: RewardQueueProps) {
    super(scope, id);
    const { eventTypes = TRANSACTION_EVENT_TYPES, visibilityTimeout = Duration.minutes(5) } = props;
    const common = {
      // The longest that SQS allows.
      retentionPeriod: Duration.days(14),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      ...(props.removalPolicy && { removalPolicy: props.removalPolicy }),
    };
    this.deadLetterQueue = new Queue(this, 'DeadLetterQueue', common);
    this.queue = new Queue(this, 'Queue', {
      ...common,
      visibilityTimeout,
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: props.maxReceiveCount ?? 50 },
    });
    this.rule = new Rule(this, 'Rule', {
      eventBus: props.bus,
      eventPattern: {
        source: [TRANSACTION_EVENT_SOURCE],
        detailType: [...eventTypes],
        ...(props.detail && { detail: props.detail }),
      },
      targets: [new SqsQueue(this.queue, { deadLetterQueue: this.deadLetterQueue })],
    });
  }
}
