import { describe, expect, it } from 'vitest';
import { deployFixture, functionOf } from '../fixture-assembly.ts';
import { textLike } from '../match.ts';

/** Counts the orders of an event, and prints a line that claims to be metrics but is malformed. */
const COUNTER = `exports.handler = async ({ orders }) => {
  const metrics = (Metrics) => ({ Timestamp: Date.now(), CloudWatchMetrics: [{ Namespace: 'Shop', Dimensions: [[]], Metrics }] });
  process.stdout.write(JSON.stringify({ _aws: metrics([{ Name: 'Orders' }]), Orders: orders }) + '\\n');
  process.stdout.write(JSON.stringify({ _aws: metrics([{ Name: 'Missing' }]) }) + '\\n');
  process.stdout.write(JSON.stringify({ level: 'WARN', orders }) + '\\n');
};`;

const LOG_GROUP = { Type: 'AWS::Logs::LogGroup', Properties: {} };

function alarmOf(metric: string, threshold: number, change: object = {}) {
  return {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmDescription: `too many ${metric}`,
      Namespace: 'Shop',
      MetricName: metric,
      Statistic: 'Sum',
      Period: 300,
      EvaluationPeriods: 1,
      Threshold: threshold,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
      AlarmActions: ['arn:aws:sns:us-east-1:000000000000:somebody'],
      ...change,
    },
  };
}

describe('the CloudWatch of a deployment', () => {
  it('has the metrics that functions print, those of metric filters, and the alarms on them', async () => {
    const deployment = await deployFixture({
      code: { counter: COUNTER },
      resources: {
        Logs: LOG_GROUP,
        Counter: functionOf('counter', { LoggingConfig: { LogGroup: { Ref: 'Logs' } } }),
        Warnings: {
          Type: 'AWS::Logs::MetricFilter',
          Properties: {
            LogGroupName: { Ref: 'Logs' },
            FilterPattern: '{ $.level = "WARN" && $.orders > 2 }',
            MetricTransformations: [{ MetricNamespace: 'Shop', MetricName: 'Warnings', MetricValue: '1' }],
          },
        },
        ManyOrders: alarmOf('Orders', 2),
        VeryManyOrders: alarmOf('Orders', 3),
        Warned: alarmOf('Warnings', 0),
        Silence: alarmOf('Nothing', 0, { TreatMissingData: 'breaching' }),
        Board: {
          Type: 'AWS::CloudWatch::Dashboard',
          Properties: { DashboardBody: { 'Fn::Join': ['', ['{"of":"', { Ref: 'Counter' }, '"}']] } },
        },
      },
    });
    const { cloudWatch } = deployment;

    await deployment.invoke('Counter', { orders: 3 });

    const states = cloudWatch
      .describeAlarms(Date.now())
      .map(({ description, state }) => [description, state]);
    expect(states).toEqual([
      ['too many Orders', 'ALARM'],
      ['too many Orders', 'OK'],
      ['too many Warnings', 'ALARM'],
      ['too many Nothing', 'ALARM'],
    ]);
    expect(cloudWatch.dashboards).toEqual([
      { name: textLike(/^Stack-Board-/), body: textLike(/^\{"of":"Stack-Counter-[0-9A-F]{12}"\}$/) },
    ]);
    expect(cloudWatch.ignoredMetrics()).toEqual([
      textLike(/^Stack-Logs-\w+: The metric Missing is not a number/),
    ]);
  });

  it('refuses an alarm that it could not evaluate, naming the resource', async () => {
    const deploying = deployFixture({
      resources: { Odd: alarmOf('Orders', 1, { Statistic: 'Sum', Period: 7 }) },
    });

    await expect(deploying).rejects.toThrow(
      'Stack Stack, resource Odd (AWS::CloudWatch::Alarm): property Period',
    );
  });
});
