import { Alarm, AlarmStatusWidget, type IWidget } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';

import type { Severity } from '../alarm-topics.ts';

/** An alarm of the stage, by its name in the whole account. */
export type StageAlarm = { name: string; severity: Severity };

/**
 * The most alarms that a widget shows.
 *
 * Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
 */
const ALARMS_OF_A_WIDGET = 100;

/** How many alarms fit side by side in a widget of the full width. */
const ALARMS_IN_A_ROW = 6;

/**
 * More alarms are reached by scrolling: otherwise, with many brands, the graphs below would be out of sight.
 */
const MOST_ROWS = 6;

/**
 * The states of alarms, a hundred in a widget. They are named, not referred to: a reference to another stack
 * would be an export, and that stack could not change the alarm any more.
 */
export function alarmWidgets(scope: Construct, title: string, alarms: readonly StageAlarm[]): IWidget[][] {
  const count = Math.ceil(alarms.length / ALARMS_OF_A_WIDGET);
  return Array.from({ length: count }, (_, index) => {
    const shown = alarms.slice(index * ALARMS_OF_A_WIDGET, (index + 1) * ALARMS_OF_A_WIDGET);
    return [
      new AlarmStatusWidget({
        title: count === 1 ? title : `${title}, ${index + 1} of ${count}`,
        alarms: shown.map(({ name }) => Alarm.fromAlarmName(scope, `${title} ${name}`, name)),
        width: 24,
        height: Math.min(MOST_ROWS, 1 + Math.ceil(shown.length / ALARMS_IN_A_ROW)),
      }),
    ];
  });
}
