import type { IEventBusRef } from 'aws-cdk-lib/aws-events';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { CfnOutput, Duration, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

import { ExplainedAlarm } from '../constructs/alarm.ts';
import { LambdaFunction } from '../constructs/lambda-function.ts';
import { pinLogicalId } from '../constructs/logical-id.ts';
import { permission } from '../constructs/permission.ts';
import { RewardQueue } from '../constructs/reward-queue.ts';
import { UnsetSecret } from '../constructs/unset-secret.ts';
import { dataRemovalPolicy, expiringSeconds, type Deployment } from '../deployment.ts';
import { eventDeliveryEnvironment } from '../function-environments.ts';
import { EVENT_DELIVERY_LONGEST_PAUSE_SECONDS, EVENT_DELIVERY_TIMEOUT_SECONDS } from '../queue-limits.ts';
import type { EventDeliveryConfig, RewardQueueConfig } from '../transactions-config.ts';

/** What the queue of the publisher's own consumer needs. */
export type RewardsProps = { deployment: Deployment; bus: IEventBusRef; config: RewardQueueConfig };

/** The queue from which a consumer of the publisher's own takes events, and what watches it. */
export class Rewards extends Construct {
  readonly rewardQueue: RewardQueue;
  /** The ARN of the secret that signs events, if a function delivers them. */
  readonly deliverySecretsArn: string | undefined;

  constructor(scope: Construct, id: string, { deployment, bus, config }: RewardsProps) {
    super(scope, id);
    this.rewardQueue = new RewardQueue(this, 'RewardQueue', {
      bus,
      eventTypes: config.eventTypes,
      visibilityTimeout: Duration.seconds(config.visibilityTimeoutSeconds),
      maxReceiveCount: config.maxReceiveCount,
      removalPolicy: dataRemovalPolicy(deployment),
    });
    const { queue, deadLetterQueue } = this.rewardQueue;
    pinLogicalId(queue, 'RewardQueue');
    pinLogicalId(deadLetterQueue, 'RewardQueueDeadLetters');
    this.#addAlarms(deployment, config);
    this.deliverySecretsArn = config.deliverTo && this.#addDelivery(deployment, config.deliverTo);
    new CfnOutput(scope, 'RewardQueueUrl', {
      value: queue.queueUrl,
      description: 'Your consumer takes the events off this queue.',
    });
    new CfnOutput(scope, 'RewardQueueArn', { value: queue.queueArn });
    new CfnOutput(scope, 'RewardDeadLettersUrl', { value: deadLetterQueue.queueUrl });
  }

  /** Returns the ARN of its secret. */
  #addDelivery(deployment: Deployment, config: EventDeliveryConfig): string {
    const { queue } = this.rewardQueue;
    const secrets = new UnsetSecret(this, 'Secrets', {
      deployment,
      logicalId: 'EventDeliverySecrets',
      description: 'The secret that signs events for your URL, whsec_...; old and new while it is changed.',
    });
    const { lambda } = new LambdaFunction(this, 'Delivery', {
      deployment,
      name: 'event-delivery',
      timeoutSeconds: EVENT_DELIVERY_TIMEOUT_SECONDS,
      environment: eventDeliveryEnvironment(config, {
        secretsId: secrets.arn,
        rewardQueueUrl: queue.queueUrl,
      }),
      permissions: [
        permission(
          [
            'sqs:ReceiveMessage',
            'sqs:DeleteMessage',
            'sqs:GetQueueAttributes',
            'sqs:ChangeMessageVisibility',
          ],
          queue.queueArn,
        ),
        permission(['secretsmanager:GetSecretValue'], secrets.arn),
      ],
    });
    new EventSourceMapping(this, 'Mapping', {
      target: lambda,
      eventSourceArn: queue.queueArn,
      batchSize: 10,
      maxConcurrency: config.maxConcurrency,
      reportBatchItemFailures: true,
    });
    new CfnOutput(Stack.of(this), 'EventDeliverySecretsArn', {
      value: secrets.arn,
      description: 'Put the secret in here that signs the events for your URL.',
    });
    return secrets.arn;
  }

  #addAlarms(deployment: Deployment, config: RewardQueueConfig): void {
    const { queue, deadLetterQueue } = this.rewardQueue;
    new ExplainedAlarm(this, 'DeadLettersAlarm', {
      deployment,
      name: 'RewardsDeadLetters',
      severity: 'page',
      metric: deadLetterQueue.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum' }),
      above: 0,
      impact: 'Your consumer could not handle events: users miss rewards, or keep those that were declined.',
      firstCommand: `aws sqs receive-message --visibility-timeout 0 --queue-url ${deadLetterQueue.queueUrl}`,
      runbookSection: 'publisher-is-behind',
    });
    new ExplainedAlarm(this, 'DeadLettersExpiringAlarm', {
      deployment,
      name: 'RewardsDeadLettersExpiring',
      severity: 'page',
      metric: deadLetterQueue.metricApproximateAgeOfOldestMessage({ statistic: 'Maximum' }),
      above: expiringSeconds(config.maxReceiveCount * longestPauseSeconds(config)),
      impact: 'In three days or less, the queue deletes events that your consumer could not handle.',
      firstCommand: `aws sqs start-message-move-task --source-arn ${deadLetterQueue.queueArn}`,
      runbookSection: 'dead-letters-are-about-to-expire',
    });
    new ExplainedAlarm(this, 'AgeAlarm', {
      deployment,
      name: 'RewardsAge',
      severity: 'page',
      metric: queue.metricApproximateAgeOfOldestMessage({ statistic: 'Maximum' }),
      above: Duration.hours(1).toSeconds(),
      periods: 2,
      impact: 'Your consumer takes no events off the queue: rewards are late.',
      firstCommand: `aws sqs get-queue-attributes --attribute-names All --queue-url ${queue.queueUrl}`,
      runbookSection: 'publisher-is-behind',
    });
  }
}

/** The longest time between two tries of an event, in seconds. */
function longestPauseSeconds({ deliverTo, visibilityTimeoutSeconds }: RewardQueueConfig): number {
  return deliverTo
    ? Math.max(EVENT_DELIVERY_LONGEST_PAUSE_SECONDS, visibilityTimeoutSeconds)
    : visibilityTimeoutSeconds;
}
