import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnSubscription, Topic } from 'aws-cdk-lib/aws-sns';
import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

import { alarmTopicName, type Severity } from '../alarm-topics.ts';
import { ExplainedAlarm } from '../constructs/alarm.ts';
import type { Deployment } from '../deployment.ts';
import { executionsAtOnce } from '../lambda-concurrency.ts';
import { AlarmReminder } from './alarm-reminder.ts';

/** What the stack is created from. */
export type AlarmsStackProps = StackProps & { deployment: Deployment };

/**
 * Who is notified: a topic for each severity, the reminders, and the alarms about them and about the account.
 */
export class AlarmsStack extends Stack {
  constructor(scope: Construct, id: string, { deployment, ...stackProps }: AlarmsStackProps) {
    super(scope, id, stackProps);
    for (const severity of ['page', 'ticket'] as const) {
      const { topicArn: givenArn, email } = deployment.config.alarms[severity];
      const name = severity === 'page' ? 'Page' : 'Ticket';
      const topicArn = givenArn ?? this.#createTopic(`${name}Topic`, deployment, severity).topicArn;
      if (email !== undefined)
        new CfnSubscription(this, `${name}Email`, { protocol: 'email', endpoint: email, topicArn });
      new CfnOutput(this, `${name}TopicArn`, {
        value: topicArn,
        description: `Subscribe here to be notified of each ${severity}.`,
      });
    }
    this.#addConcurrencyAlarm(deployment);
    // `doctor` compares both with the account.
    new CfnOutput(this, 'LambdaExecutionsAtOnce', { value: String(executionsAtOnce(deployment.config)) });
    new CfnOutput(this, 'AlarmedLambdaConcurrency', {
      value: String(deployment.config.alarms.lambdaConcurrency),
    });
    new AlarmReminder(this, 'Reminder', { deployment });
  }

  /**
   * Only alarms and rules of this account may publish.
   *
   * There is no encryption with a KMS key: alarms cannot use `alias/aws/sns`, and their messages contain no
   * personal data.
   *
   * Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
   */
  #createTopic(id: string, deployment: Deployment, severity: Severity): Topic {
    const topic = new Topic(this, id, {
      topicName: alarmTopicName(deployment, severity),
      displayName: `Button ${deployment.config.stage}: ${severity}`,
      enforceSSL: true,
    });
    const letIn = (service: string, sourceArn: string): void => {
      const principals = [new ServicePrincipal(`${service}.amazonaws.com`)];
      const conditions = { ArnLike: { 'aws:SourceArn': sourceArn } };
      topic.addToResourcePolicy(
        new PolicyStatement({
          principals,
          actions: ['sns:Publish'],
          resources: [topic.topicArn],
          conditions,
        }),
      );
    };
    letIn('cloudwatch', this.formatArn({ service: 'cloudwatch', resource: 'alarm:*' }));
    letIn('events', this.formatArn({ service: 'events', resource: 'rule', resourceName: '*' }));
    return topic;
  }

  #addConcurrencyAlarm(deployment: Deployment): void {
    const { lambdaConcurrency } = deployment.config.alarms;
    new ExplainedAlarm(this, 'ConcurrencyAlarm', {
      deployment,
      name: 'Concurrency',
      severity: 'ticket',
      metric: new Metric({
        namespace: 'AWS/Lambda',
        metricName: 'ClaimedAccountConcurrency',
        statistic: 'Maximum',
        period: Duration.minutes(5),
      }),
      atLeast: 0.8 * lambdaConcurrency,
      periods: 2,
      impact: `The account uses 80% of its ${lambdaConcurrency} concurrent executions. At 100%, webhooks get a 503.`,
      firstCommand: 'aws lambda get-account-settings',
      runbookSection: 'functions-are-throttled',
    });
  }
}
