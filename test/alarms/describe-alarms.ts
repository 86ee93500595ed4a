import type { Task } from './play-state-machine.ts';

/** The name and the state of an alarm. */
type DescribedAlarm = { name: string; state: string | undefined };

/**
 * Answers as CloudWatch does: 50 alarms unless asked for another number up to 100, and a token if there are
 * more.
 *
 * Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
 */
export function describeAlarms(alarms: () => readonly DescribedAlarm[]): Task {
  return ({ AlarmNamePrefix: prefix, StateValue: wanted, MaxRecords: most = 50, NextToken: token = '0' }) => {
    if (Number(most) > 100) throw new Error('MaxRecords must be 100 at most.');
    const found = alarms().filter(({ name, state }) => name.startsWith(String(prefix)) && state === wanted);
    const [from, until] = [Number(token), Number(token) + Number(most)];
    return {
      MetricAlarms: found.slice(from, until).map(({ name }) => ({ AlarmName: name })),
      ...(until < found.length && { NextToken: String(until) }),
    };
  };
}
