import { GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';

import { METRICS_NAMESPACE, type MetricName } from '../../shared/runtime/metric-definitions.ts';
import type { CommandContext } from '../command.ts';
import { check, ok, problem, type CheckLine, type Verdict } from './check.ts';

const RIGHT = 'cloudwatch:GetMetricData';
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAYS_LOOKED_AT = 15;

/** When the last webhook arrived, and how close Button is to pausing them: both as the gateway counts. */
export function webhookTrafficChecks(context: CommandContext): Promise<CheckLine>[] {
  return [
    check({ name: 'last webhook', right: RIGHT }, () => checkLastWebhook(context)),
    check({ name: "Button's pause", right: RIGHT }, () => checkPause(context)),
  ];
}

async function checkLastWebhook(context: CommandContext): Promise<Verdict> {
  const points = await readMetric('WebhooksFromButton', {
    context,
    forMs: DAYS_LOOKED_AT * 24 * HOUR_MS,
    periodSeconds: 300,
  });
  const last = points.findLast(({ value }) => value > 0);
  if (!last)
    return problem(
      `None from Button in the last ${DAYS_LOOKED_AT} days.`,
      "Enter the webhook URL in Button's Dashboard, or resume the webhook there.",
    );
  const minutes = Math.max(0, Math.floor((context.now().getTime() - last.at.getTime()) / MINUTE_MS));
  return ok(`From Button, about ${minutesInWords(minutes)} ago.`);
}

function minutesInWords(minutes: number): string {
  if (minutes < 120) return `${minutes} minutes`;
  return minutes < 2 * 24 * 60 ? `${Math.floor(minutes / 60)} hours` : `${Math.floor(minutes / 1440)} days`;
}

/** Source: docs/button/webhooks.md, "Retries and automatic pause". */
const PAUSE = { abovePercent: 10, fromFailures: 5 };

async function checkPause(context: CommandContext): Promise<Verdict> {
  const lastHour = async (name: MetricName): Promise<number> =>
    (await readMetric(name, { context, forMs: HOUR_MS, periodSeconds: 60 })).reduce(
      (sum, { value }) => sum + value,
      0,
    );
  const [received, failed] = await Promise.all([
    lastHour('WebhooksFromButton'),
    lastHour('WebhooksFailedForButton'),
  ]);
  // If there are more failures than requests recognised as Button's, all requests count as failed.
  const percent = failed === 0 ? 0 : (100 * failed) / Math.max(received, failed);
  const says = `${failed} of ${received} webhooks failed in the last hour (${percent.toFixed(1)}%); Button pauses the webhook above ${PAUSE.abovePercent}%, if at least ${PAUSE.fromFailures} failed.`;
  const isFar = failed < 2 || percent < 2;
  return isFar ? ok(says) : problem(says, 'See "Webhooks fail" in docs/runbook.md.');
}

/** A flow's sum over each period that has data, the oldest first. */
async function readMetric(
  name: MetricName,
  { context, forMs, periodSeconds }: { context: CommandContext; forMs: number; periodSeconds: number },
): Promise<{ at: Date; value: number }[]> {
  const { stage, clients, now } = context;
  const metric = { Namespace: `${METRICS_NAMESPACE}/${stage.name}`, MetricName: name };
  const points: { at: Date; value: number }[] = [];
  let token: string | undefined;
  do {
    const { MetricDataResults: [result] = [], NextToken: next } = await clients.cloudWatch.send(
      new GetMetricDataCommand({
        StartTime: new Date(now().getTime() - forMs),
        EndTime: now(),
        ScanBy: 'TimestampAscending',
        MetricDataQueries: [
          { Id: 'asked', MetricStat: { Metric: metric, Period: periodSeconds, Stat: 'Sum' } },
        ],
        ...(token === undefined ? {} : { NextToken: token }),
      }),
    );
    const values = result?.Values ?? [];
    points.push(...(result?.Timestamps ?? []).map((at, index) => ({ at, value: values[index] ?? 0 })));
    token = next;
  } while (token !== undefined);
  return points;
}
