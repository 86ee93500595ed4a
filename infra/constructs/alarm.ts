import { Alarm, ComparisonOperator, TreatMissingData, type IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

import { alarmName, alarmTopicArn, type Severity } from '../alarm-topics.ts';
import type { Deployment } from '../deployment.ts';
import { pinLogicalId } from './logical-id.ts';

/** What a person who is called by an alarm needs to know first. */
export type AlarmAdvice = {
  /** Who is hurt and how: one sentence. */
  impact: string;
  /** A command, ready to paste, that shows the problem. */
  firstCommand: string;
  /** The section of docs/runbook.md, as in the link to it: `orders-are-getting-old`. */
  runbookSection: string;
};

/** When an alarm goes off. */
type AlarmRule = {
  metric: IMetric;
  /**
   * It goes off when the metric is above this; with `atLeast`, when it reaches it; with `below`, when it is
   * below. One of the three.
   */
  above?: number;
  atLeast?: number;
  below?: number;
  /** In this number of periods of the metric; 1 unless given. */
  periods?: number;
  /** Out of this number of periods; `periods` in a row unless given. */
  outOf?: number;
  /** What missing data means: calm, unless given. */
  missingData?: 'calm' | 'alarm';
};

/**
 * For an event that happens once and nothing takes back, such as an order in quarantine. With an hourly
 * metric, the alarm stays on for a day after the last event, so that the next shift sees it too, and then
 * ends by itself. If it stayed on until somebody had handled the event, it would stay on forever, because
 * most events are fixed elsewhere, for example by a newer version of the order.
 */
export const STANDS_FOR_A_DAY = { above: 0, periods: 1, outOf: 24 } as const;

/** The properties of an alarm. */
export type ExplainedAlarmProps = AlarmAdvice &
  AlarmRule & {
    deployment: Deployment;
    /**
     * The alarm's permanent name within its stack: `IntakeQuarantine`. The people who are notified know it by
     * this name.
     */
    name: string;
    severity: Severity;
  };

/**
 * An alarm that says what it means and what to do. Throws at synthesis if it does not, or if it could never
 * go off.
 */
export class ExplainedAlarm extends Construct {
  /** The alarm itself. */
  readonly alarm: Alarm;
  /** Its name in the whole account. */
  readonly alarmName: string;
  readonly severity: Severity;

  constructor(scope: Construct, id: string, props: ExplainedAlarmProps) {
    super(scope, id);
    const { periods = 1, outOf = periods, missingData = 'calm' } = props;
    const { deployment, name, severity } = props;
    this.alarmName = alarmName(Stack.of(this), deployment, name);
    this.severity = severity;
    this.alarm = new Alarm(this, 'Alarm', {
      alarmName: this.alarmName,
      metric: props.metric,
      ...limitOf(this.node.path, props),
      evaluationPeriods: outOf,
      datapointsToAlarm: periods,
      treatMissingData: missingData === 'alarm' ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
      alarmDescription: describe(this.node.path, props),
    });
    // With another id and the same name, CloudFormation would reject the new alarm because the old one still
    // exists.
    pinLogicalId(this.alarm, `${name}Alarm`);
    const notify = { bind: () => ({ alarmActionArn: alarmTopicArn(this, deployment, severity) }) };
    this.alarm.addAlarmAction(notify);
    this.alarm.addOkAction(notify);
  }
}

function limitOf(
  path: string,
  { above, atLeast, below }: AlarmRule,
): { threshold: number; comparisonOperator: ComparisonOperator } {
  const limits = [
    { threshold: above, comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD },
    { threshold: atLeast, comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD },
    { threshold: below, comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD },
  ].flatMap(({ threshold, ...limit }) => (threshold === undefined ? [] : [{ threshold, ...limit }]));
  const [limit] = limits;
  if (!limit || limits.length > 1)
    throw new Error(`The alarm ${path} needs one limit: above, atLeast or below.`);
  return limit;
}

function describe(path: string, { impact, firstCommand, runbookSection }: AlarmAdvice): string {
  if (impact === '' || firstCommand === '' || !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(runbookSection)) {
    throw new Error(`The alarm ${path} needs an impact, a first command and a section of the runbook.`);
  }
  return `${impact}\nFirst: ${firstCommand}\nThen: docs/runbook.md#${runbookSection}`;
}
