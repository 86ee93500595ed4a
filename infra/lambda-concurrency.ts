import { GetAccountSettingsCommand, type LambdaClient } from '@aws-sdk/client-lambda';

import type { StageConfig } from './config.ts';

/** The concurrent Lambda executions of an account in a region. */
export type LambdaConcurrency = {
  /** Those that its functions may have together. */
  quota: number;
  /** Those that no function of the account has reserved for itself. */
  unreserved: number;
};

/**
 * The account's concurrent executions; undefined if Lambda does not say.
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/api/API_GetAccountSettings.html
 */
export async function readLambdaConcurrency(client: LambdaClient): Promise<LambdaConcurrency | undefined> {
  const { AccountLimit: limit } = await client.send(new GetAccountSettingsCommand({}));
  const { ConcurrentExecutions: quota, UnreservedConcurrentExecutions: unreserved } = limit ?? {};
  return quota === undefined || unreserved === undefined ? undefined : { quota, unreserved };
}

/** What a stage expects of the account: what it uses at most, and the quota that its alarm is set for. */
export type ExpectedConcurrency = { atOnce: number; alarmQuota: number };

/** A comparison: what was found and, unless it is right, how to fix it. */
export type Comparison = { says: string; remedy?: string };

/** Whether a stage has enough concurrent executions, and whether its alarm is set for this account. Pure. */
export function compareConcurrency(
  { quota, unreserved }: LambdaConcurrency,
  { atOnce, alarmQuota }: ExpectedConcurrency,
): { enough: Comparison; alarm: Comparison } {
  const enough = `${unreserved} concurrent executions are unreserved; this stage uses up to ${atOnce}`;
  return {
    enough:
      unreserved >= atOnce
        ? { says: enough }
        : {
            says: enough,
            remedy:
              'aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value 1000',
          },
    alarm:
      alarmQuota === quota
        ? { says: `alarms.lambdaConcurrency is the account's quota, ${quota}` }
        : {
            says: `alarms.lambdaConcurrency is ${alarmQuota}, but the account's quota is ${quota}: the alarm goes off too early or never`,
            remedy: `Set alarms.lambdaConcurrency to ${quota}.`,
          },
  };
}

/** How long a request occupies its function, in seconds; docs/scaling.md, "Floods". */
const REQUEST_SECONDS = 0.025;

/**
 * The most concurrent executions of a stage's functions: batches of queues, schedules, one shard of the
 * stream, and a burst of requests.
 */
export function executionsAtOnce({ orderReporting, transactions }: StageConfig): number {
  const ofBrands = (orderReporting?.brands ?? []).map(
    ({ maxConcurrency, audit }) => maxConcurrency + 1 + (audit ? 1 : 0),
  );
  // The expiry of customers.
  if (orderReporting) ofBrands.push(1);
  const ofPublisher = transactions
    ? [
        Math.ceil(transactions.throttle.burstLimit * REQUEST_SECONDS),
        Math.ceil((transactions.publisherApi?.burstLimit ?? 0) * REQUEST_SECONDS),
        transactions.deferredWebhooks.maxConcurrency,
        transactions.reconciler.maxConcurrency,
        transactions.rewardQueue?.deliverTo?.maxConcurrency ?? 0,
        // The planner, the expiry of personal data, the event publisher.
        3,
      ]
    : [];
  return [...ofBrands, ...ofPublisher].reduce((sum, each) => sum + each, 0);
}
