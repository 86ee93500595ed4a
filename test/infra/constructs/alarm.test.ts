import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Template } from 'aws-cdk-lib/assertions';
import { App, Stack } from 'aws-cdk-lib/core';
import { describe, expect, it } from 'vitest';

import { StageConfigSchema } from '../../../infra/config.ts';
import { ExplainedAlarm, type ExplainedAlarmProps } from '../../../infra/constructs/alarm.ts';
import { UNCHECKED_APP } from '../../../infra/unchecked-app.ts';

const PROPS: ExplainedAlarmProps = {
  deployment: {
    config: StageConfigSchema.parse({ stage: 'development', transactions: {} }),
    bundlesFolder: 'dist',
  },
  metric: new Metric({ namespace: 'Test', metricName: 'Faults', statistic: 'Sum' }),
  name: 'Faults',
  severity: 'page',
  above: 0,
  impact: 'Somebody is hurt.',
  firstCommand: 'aws help',
  runbookSection: 'what-to-do',
};

function synthesize(change: Partial<ExplainedAlarmProps>): Template {
  const stack = new Stack(new App(UNCHECKED_APP), 'Test');
  new ExplainedAlarm(stack, 'Faults', { ...PROPS, ...change });
  return Template.fromStack(stack);
}

describe('ExplainedAlarm', () => {
  it('fires above its limit and stays quiet without data', () => {
    synthesize({}).hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmDescription: 'Somebody is hurt.\nFirst: aws help\nThen: docs/runbook.md#what-to-do',
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 0,
      EvaluationPeriods: 1,
      TreatMissingData: 'notBreaching',
    });
  });

  it('can fire below its limit and without data', () => {
    const { above: _, ...withoutLimit } = PROPS;
    const stack = new Stack(new App(UNCHECKED_APP), 'Test');

    new ExplainedAlarm(stack, 'Silence', { ...withoutLimit, below: 1, periods: 3, missingData: 'alarm' });

    Template.fromStack(stack).hasResourceProperties('AWS::CloudWatch::Alarm', {
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
      EvaluationPeriods: 3,
      TreatMissingData: 'breaching',
    });
  });

  it.each([
    ['an impact', { impact: '' }],
    ['a first command', { firstCommand: '' }],
    ['a section of the runbook', { runbookSection: 'Not A Link' }],
  ])('cannot be built without %s', (_missing, change) => {
    expect(() => synthesize(change)).toThrow(/Test\/Faults needs an impact, a first command and a section/);
  });

  it('cannot be built with two limits', () => {
    expect(() => synthesize({ below: 1 })).toThrow(/needs one limit/);
  });
});
