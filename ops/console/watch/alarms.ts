import { DescribeAlarmsCommand, type CloudWatchClient, type MetricAlarm } from '@aws-sdk/client-cloudwatch';

import type { AlarmRow } from '../view.ts';

/**
 * The stage's alarms that are on or lack data. Throws if CloudWatch cannot be reached.
 *
 * Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
 */
export async function readAlarms(
  client: Pick<CloudWatchClient, 'send'>,
  stage: string,
): Promise<{ rows: AlarmRow[]; calm: number }> {
  const prefix = `Button/${stage}/`;
  const alarms: MetricAlarm[] = [];
  let nextToken: string | undefined;
  do {
    const page = await client.send(
      new DescribeAlarmsCommand({ AlarmNamePrefix: prefix, MaxRecords: 100, NextToken: nextToken }),
    );
    alarms.push(...(page.MetricAlarms ?? []));
    nextToken = page.NextToken;
  } while (nextToken !== undefined);
  const rows = alarms.flatMap((alarm) => alarmRow(alarm, prefix));
  return { rows, calm: alarms.length - rows.length };
}

function alarmRow(alarm: MetricAlarm, prefix: string): AlarmRow[] {
  const { AlarmName: name = '', AlarmDescription: description = '', StateValue: state } = alarm;
  if (state !== 'ALARM' && state !== 'INSUFFICIENT_DATA') return [];
  const shown = name.slice(prefix.length);
  const at = alarm.StateUpdatedTimestamp?.toISOString() ?? '';
  return [{ key: name, at, name: shown, state, lines: description.split('\n').filter(Boolean) }];
}
