import type { IEventBusRef } from 'aws-cdk-lib/aws-events';
import { CfnOutput, Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

import { ExplainedAlarm } from '../constructs/alarm.ts';
import { pinLogicalId } from '../constructs/logical-id.ts';
import { RewardQueue } from '../constructs/reward-queue.ts';
import { dataRemovalPolicy, EXPIRING_SECONDS, type Deployment } from '../deployment.ts';
import type { RewardQueueConfig } from '../transactions-config.ts';

/** What the queue of the publisher's own consumer needs. */
export type RewardsProps = { deployment: Deployment; bus: IEventBusRef; config: RewardQueueConfig };

/** The queue from which a consumer of the publisher's own takes events, and what watches it. */
export class Rewards extends Construct {
  readonly rewardQueue: RewardQueue;

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
    this.#addAlarms(deployment);
    new CfnOutput(scope, 'RewardQueueUrl', {
      value: queue.queueUrl,
      description: 'Your consumer takes the events off this queue.',
    });
    new CfnOutput(scope, 'RewardQueueArn', { value: queue.queueArn });
    new CfnOutput(scope, 'RewardDeadLettersUrl', { value: deadLetterQueue.queueUrl });
  }

  #addAlarms(deployment: Deployment): void {
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
      above: EXPIRING_SECONDS,
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
