import { Alarm, ComparisonOperator, TreatMissingData, type IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';

import type { Deployment } from '../deployment.ts';

/** What whoever is woken by an alarm needs to know first. */
export type AlarmAdvice = {
  /** Who is hurt and how: one sentence. */
  impact: string;
  /** A command, ready to paste, that shows what is the matter. */
  firstCommand: string;
  /** The section of docs/runbook.md, as in the link to it: `orders-are-getting-old`. */
  runbookSection: string;
};

/** When an alarm goes off. */
type AlarmRule = {
  metric: IMetric;
  /** It goes off when the metric is above this; with `below`, when it is below. */
  above?: number;
  below?: number;
  /** For so many periods of the metric on end; 1 unless given. */
  periods?: number;
  /** What silence means: calm, unless given. */
  missingData?: 'calm' | 'alarm';
};

/** What an alarm is made of. */
export type ExplainedAlarmProps = AlarmAdvice & AlarmRule & { deployment: Deployment };

/** An alarm that says what it means and what to do. Throws at synth if it would not, or if it could never go off. */
export class ExplainedAlarm extends Construct {
  /** The alarm itself. */
  readonly alarm: Alarm;

  constructor(scope: Construct, id: string, props: ExplainedAlarmProps) {
    super(scope, id);
    const { above, below, periods = 1, missingData = 'calm' } = props;
    const threshold = above ?? below;
    if (threshold === undefined || (above !== undefined && below !== undefined)) {
      throw new Error(`The alarm ${this.node.path} needs a limit: either above or below.`);
    }
    this.alarm = new Alarm(this, 'Alarm', {
      metric: props.metric,
      threshold,
      evaluationPeriods: periods,
      comparisonOperator:
        above === undefined
          ? ComparisonOperator.LESS_THAN_THRESHOLD
          : ComparisonOperator.GREATER_THAN_THRESHOLD,
      treatMissingData: missingData === 'alarm' ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
      alarmDescription: describe(this.node.path, props),
    });
    const { alarmTopicArn } = props.deployment.config;
    if (alarmTopicArn !== undefined) {
      this.alarm.addAlarmAction(new SnsAction(Topic.fromTopicArn(this, 'Topic', alarmTopicArn)));
    }
  }
}

function describe(path: string, { impact, firstCommand, runbookSection }: AlarmAdvice): string {
  if (impact === '' || firstCommand === '' || !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(runbookSection)) {
    throw new Error(`The alarm ${path} needs an impact, a first command and a section of the runbook.`);
  }
  return `${impact}\nFirst: ${firstCommand}\nThen: docs/runbook.md#${runbookSection}`;
}
