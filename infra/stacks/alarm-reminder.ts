import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnRule } from 'aws-cdk-lib/aws-events';
import { PolicyDocument, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Aws, Duration, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

import { alarmNamePrefix, alarmTopicArn } from '../alarm-topics.ts';
import { ExplainedAlarm, STANDS_FOR_A_DAY } from '../constructs/alarm.ts';
import { permission } from '../constructs/permission.ts';
import type { Deployment } from '../deployment.ts';

/** What the reminder needs. */
export type AlarmReminderProps = { deployment: Deployment };

/**
 * One message a day that names every alarm that has not ended; none if all have. CloudWatch itself notifies
 * of a change of state only.
 *
 * A state machine, because it asks CloudWatch and tells SNS without a line of code that would have to be kept
 * up to date.
 *
 * Sources: https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html,
 * https://docs.aws.amazon.com/step-functions/latest/dg/connect-sns.html
 */
export class AlarmReminder extends Construct {
  constructor(scope: Construct, id: string, { deployment }: AlarmReminderProps) {
    super(scope, id);
    const topicArn = alarmTopicArn(this, deployment, 'ticket');
    const alarms = Stack.of(this).formatArn({ service: 'cloudwatch', resource: 'alarm:*' });
    const reminder = new CfnStateMachine(this, 'StateMachine', {
      definition: reminderDefinition(deployment, topicArn),
      roleArn: this.#role('Role', 'states.amazonaws.com', [
        permission(['cloudwatch:DescribeAlarms'], alarms),
        permission(['sns:Publish'], topicArn),
      ]).roleArn,
    });
    new CfnRule(this, 'Rule', {
      description: 'When people are reminded of alarms that are still on.',
      scheduleExpression: deployment.config.alarms.reminderSchedule,
      targets: [
        {
          id: 'Reminder',
          arn: reminder.attrArn,
          roleArn: this.#role('RuleRole', 'events.amazonaws.com', [
            permission(['states:StartExecution'], reminder.attrArn),
          ]).roleArn,
        },
      ],
    });
    this.#addFailureAlarm(deployment, reminder.attrArn);
  }

  /**
   * Without it, a reminder that is never sent looks like a day without alarms.
   *
   * Source: https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
   */
  #addFailureAlarm(deployment: Deployment, stateMachineArn: string): void {
    new ExplainedAlarm(this, 'FailureAlarm', {
      deployment,
      name: 'ReminderFailures',
      severity: 'ticket',
      metric: new Metric({
        namespace: 'AWS/States',
        metricName: 'ExecutionsFailed',
        dimensionsMap: { StateMachineArn: stateMachineArn },
        statistic: 'Sum',
        period: Duration.hours(1),
      }),
      ...STANDS_FOR_A_DAY,
      impact: 'Nobody was reminded of the alarms that are still on.',
      firstCommand: `aws stepfunctions list-executions --status-filter FAILED --state-machine-arn ${stateMachineArn}`,
      runbookSection: 'a-reminder-is-not-sent',
    });
  }

  #role(id: string, service: string, statements: ReturnType<typeof permission>[]): Role {
    return new Role(this, id, {
      assumedBy: new ServicePrincipal(service, {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
      inlinePolicies: { Permissions: new PolicyDocument({ statements }) },
    });
  }
}

/**
 * How many alarms CloudWatch describes at once. A description may have 10 KB, and Step Functions ends an
 * execution for good when an answer has more than 256 KiB. CloudWatch describes 100 at most, 50 unless asked.
 *
 * Sources: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html,
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
 */
const ALARMS_AT_ONCE = 20;

/**
 * The definition of the state machine.
 *
 * Sources: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html,
 * https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
 */
function reminderDefinition(deployment: Deployment, topicArn: string): Record<string, unknown> {
  const { stage } = deployment.config;
  return {
    QueryLanguage: 'JSONata',
    StartAt: 'FindAlarms',
    States: {
      FindAlarms: {
        Type: 'Task',
        Resource: `arn:${Aws.PARTITION}:states:::aws-sdk:cloudwatch:describeAlarms`,
        Arguments: `{% $merge([{
          'AlarmNamePrefix': '${alarmNamePrefix(deployment)}', 'StateValue': 'ALARM', 'MaxRecords': ${ALARMS_AT_ONCE}
        }, $exists($states.input.nextToken) ? { 'NextToken': $states.input.nextToken } : {}]) %}`,
        Output: `{% $merge([{
          'names': $append($states.input.names, [$states.result.MetricAlarms.AlarmName])
        }, $exists($states.result.NextToken) ? { 'nextToken': $states.result.NextToken } : {}]) %}`,
        Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 60, MaxAttempts: 5, BackoffRate: 2 }],
        Next: 'AreThereAny',
      },
      AreThereAny: {
        Type: 'Choice',
        Choices: [
          { Condition: '{% $exists($states.input.nextToken) %}', Next: 'FindAlarms' },
          { Condition: '{% $count($states.input.names) > 0 %}', Next: 'Remind' },
        ],
        Default: 'AllHaveEnded',
      },
      Remind: {
        Type: 'Task',
        Resource: `arn:${Aws.PARTITION}:states:::sns:publish`,
        Arguments: {
          TopicArn: topicArn,
          Subject: `Button ${stage}: alarms that are still on`,
          Message: `{% 'These alarms of the stage ${stage} are still on: ' & $join($states.input.names, ', ') %}`,
        },
        Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 60, MaxAttempts: 5, BackoffRate: 2 }],
        End: true,
      },
      AllHaveEnded: { Type: 'Succeed' },
    },
  };
}
