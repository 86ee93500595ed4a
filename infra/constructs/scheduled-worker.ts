import { PolicyDocument, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import { Aws, Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

import { ExplainedAlarm, type AlarmAdvice } from './alarm.ts';
import { LambdaFunction, type LambdaFunctionProps } from './lambda-function.ts';
import { permission } from './permission.ts';

/** What tells one scheduled function from another. */
export type ScheduledWorkerProps = LambdaFunctionProps & {
  schedules: {
    name: string;
    expression: string;
    timeZone: string;
    /** What the function is told; nothing unless given. */
    input?: object;
  }[];
  /** Left out where nobody is hurt by a run that is late. */
  silence?: AlarmAdvice & {
    /** No run for so long is an alarm; more than the schedules' longest pause. */
    minutes: number;
  };
};

/** A function that runs by the clock, and, where it matters, an alarm for when it has not run. */
export class ScheduledWorker extends Construct {
  /** The function that runs. */
  readonly worker: LambdaFunction;

  constructor(scope: Construct, id: string, props: ScheduledWorkerProps) {
    super(scope, id);
    const { schedules, silence, ...functionProps } = props;
    this.worker = new LambdaFunction(this, 'Worker', functionProps);
    const { functionArn } = this.worker.lambda;
    const role = new Role(this, 'SchedulerRole', {
      // The condition keeps schedules of other accounts from using the role.
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
      inlinePolicies: {
        Permissions: new PolicyDocument({ statements: [permission(['lambda:InvokeFunction'], functionArn)] }),
      },
    });
    for (const { name, expression, timeZone, input = {} } of schedules) {
      new CfnSchedule(this, `Schedule-${name}`, {
        scheduleExpression: expression,
        scheduleExpressionTimezone: timeZone,
        flexibleTimeWindow: { mode: 'OFF' },
        target: {
          arn: functionArn,
          roleArn: role.roleArn,
          input: JSON.stringify(input),
          // The next run does what a late one would have done.
          retryPolicy: { maximumEventAgeInSeconds: 60, maximumRetryAttempts: 2 },
        },
      });
    }
    if (silence === undefined) return;
    const { minutes, ...advice } = silence;
    new ExplainedAlarm(this, 'SilenceAlarm', {
      deployment: props.deployment,
      metric: this.worker.lambda.metricInvocations({ period: Duration.minutes(minutes), statistic: 'Sum' }),
      below: 1,
      missingData: 'alarm',
      ...advice,
    });
  }
}
