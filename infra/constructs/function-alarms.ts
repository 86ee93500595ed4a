import { MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

import type { Deployment } from '../deployment.ts';
import { ExplainedAlarm } from './alarm.ts';
import { functionsOfStack } from './lambda-function.ts';

/** What the alarms need. */
export type FunctionAlarmsProps = {
  deployment: Deployment;
  /** The permanent prefix of the alarms' names. */
  name: string;
};

/**
 * Alarms for what Lambda does to any function of a stack: it throttles a function, or stops one as a runaway
 * loop. Create it once every function exists.
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
 */
export class FunctionAlarms extends Construct {
  constructor(scope: Construct, id: string, { deployment, name }: FunctionAlarmsProps) {
    super(scope, id);
    new ExplainedAlarm(this, 'ThrottlesAlarm', {
      deployment,
      name: `${name}Throttles`,
      severity: 'ticket',
      metric: this.#total('Throttles'),
      above: 0,
      // Queues and schedules make up for a short burst.
      periods: 3,
      impact: 'Lambda throttles functions, because the account has no concurrency left. Work is done late.',
      firstCommand: 'aws lambda get-account-settings',
      runbookSection: 'functions-are-throttled',
    });
    new ExplainedAlarm(this, 'RecursionAlarm', {
      deployment,
      name: `${name}Recursion`,
      severity: 'page',
      metric: this.#total('RecursiveInvocationsDropped'),
      above: 0,
      impact:
        'Lambda takes a function for an endless loop and stops it: its messages go to the dead-letter queue.',
      firstCommand:
        'aws cloudwatch list-metrics --namespace AWS/Lambda --metric-name RecursiveInvocationsDropped --recently-active PT3H',
      runbookSection: 'lambda-has-stopped-a-loop',
    });
  }

  #total(metricName: string): MathExpression {
    const metrics = functionsOfStack(this).map(
      ({ lambda }, index): [string, ReturnType<typeof lambda.metric>] => [
        `f${index}`,
        lambda.metric(metricName, { statistic: 'Sum' }),
      ],
    );
    return new MathExpression({
      expression: `SUM([${metrics.map(([id]) => id).join(', ')}])`,
      usingMetrics: Object.fromEntries(metrics),
      label: metricName,
      period: Duration.minutes(5),
    });
  }
}
