import { PolicyDocument, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import { Aws, Duration, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

import type { Severity } from '../alarm-topics.ts';
import type { Deployment } from '../deployment.ts';
import { ExplainedAlarm, type AlarmAdvice } from './alarm.ts';
import { LambdaFunction, type LambdaFunctionProps } from './lambda-function.ts';
import { permission } from './permission.ts';

/**
 * `dropped` if the next run starts within minutes and does the same: after a throttled hour, sixty late runs
 * at once would do harm. `repeated` if the next run is a day or a week away: the run is retried for as long
 * as Lambda does, six hours.
 */
export type FailedRuns = 'dropped' | 'repeated';

/** What distinguishes one scheduled function from another. */
export type ScheduledWorkerProps = LambdaFunctionProps & {
  schedules: {
    name: string;
    expression: string;
    timeZone: string;
    /** The input of the function; nothing unless given. */
    input?: object;
  }[];
  /** What happens after a run that fails, or that could not start because concurrency was missing. */
  failedRuns: FailedRuns;
  /** Absent if nobody is hurt by a late run. */
  silence?: Silence;
};

type Silence = AlarmAdvice & {
  /** The permanent prefix of the alarm's name. */
  name: string;
  severity: Severity;
  /** An alarm goes off after this time without a run; longer than the longest interval of the schedules. */
  minutes: number;
};

/** https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html */
const RETRIES: Record<FailedRuns, { maxAge: Duration; retryAttempts: number }> = {
  dropped: { maxAge: Duration.minutes(1), retryAttempts: 0 },
  repeated: { maxAge: Duration.hours(6), retryAttempts: 2 },
};

/** A function that runs on a schedule, with an alarm, if it matters, for when it does not run. */
export class ScheduledWorker extends Construct {
  /** The function that runs. */
  readonly worker: LambdaFunction;

  constructor(scope: Construct, id: string, props: ScheduledWorkerProps) {
    super(scope, id);
    const { schedules, failedRuns, silence, ...functionProps } = props;
    this.worker = new LambdaFunction(this, 'Worker', functionProps);
    const { functionArn } = this.worker.lambda;
    const { maxAge, retryAttempts } = RETRIES[failedRuns];
    this.worker.lambda.configureAsyncInvoke({ maxEventAge: maxAge, retryAttempts });
    const role = new Role(this, 'SchedulerRole', {
      // The conditions keep schedules of other accounts, and of other groups, from using the role.
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID, 'aws:SourceArn': scheduleGroupArn(this) },
        },
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
          // For runs that Lambda does not even accept; it retries accepted runs itself.
          retryPolicy: { maximumEventAgeInSeconds: maxAge.toSeconds() },
        },
      });
    }
    if (silence !== undefined) this.#addSilenceAlarm(props.deployment, silence);
  }

  /**
   * A failed run does not count as a run. Without a run there is no data at all, so missing data has to mean
   * alarm. For that reason the alarm goes off once between a first deployment and the first run, because
   * CloudWatch cannot tell "not yet" from "not any more".
   */
  #addSilenceAlarm(deployment: Deployment, { name, minutes, ...advice }: Silence): void {
    const { lambda } = this.worker;
    const period = Duration.minutes(minutes);
    new ExplainedAlarm(this, 'SilenceAlarm', {
      deployment,
      name: `${name}Silence`,
      metric: new MathExpression({
        expression: 'runs - FILL(failures, 0)',
        usingMetrics: {
          runs: lambda.metricInvocations({ statistic: 'Sum' }),
          failures: lambda.metricErrors({ statistic: 'Sum' }),
        },
        label: 'Runs that did not fail',
        period,
      }),
      below: 1,
      missingData: 'alarm',
      ...advice,
    });
  }
}

/**
 * What Scheduler gives as the source when it acts for a schedule: its group, which is the default one.
 *
 * Source:
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
 */
function scheduleGroupArn(scope: Construct): string {
  return Stack.of(scope).formatArn({
    service: 'scheduler',
    resource: 'schedule-group',
    resourceName: 'default',
  });
}
