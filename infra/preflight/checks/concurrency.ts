import { GetAccountSettingsCommand } from '@aws-sdk/client-lambda';

import type { StageConfig } from '../../config.ts';
import { notChecked, ok, problem, type Check } from '../check.ts';

/** How long a request occupies its function, in seconds; docs/scaling.md, "Floods". */
const REQUEST_SECONDS = 0.025;

/**
 * Compares the account's concurrent Lambda executions with what the configuration uses.
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/api/API_GetAccountSettings.html
 */
export const concurrency: Check = {
  name: 'Lambda concurrency',
  explains:
    'A new account has ten concurrent Lambda executions for all of its functions. Lambda rejects calls above that: webhooks get 503, and Button pauses them.',
  async run({ config, clients }) {
    const { AccountLimit: limit } = await clients.lambda.send(new GetAccountSettingsCommand({}));
    const available = limit?.UnreservedConcurrentExecutions;
    const quota = limit?.ConcurrentExecutions;
    if (available === undefined || quota === undefined)
      return [notChecked('the quota', 'Lambda returned no limit for this account.')];
    const needed = executionsAtOnce(config);
    const enough =
      available >= needed
        ? ok(`${available} concurrent executions are unreserved; this stage uses up to ${needed}`)
        : problem(
            `${available} concurrent executions are unreserved; this stage uses up to ${needed}`,
            'aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value 1000',
          );
    const { lambdaConcurrency } = config.alarms;
    const watched =
      lambdaConcurrency === quota
        ? ok(`alarms.lambdaConcurrency is the account's quota, ${quota}`)
        : problem(
            `alarms.lambdaConcurrency is ${lambdaConcurrency}, but the account's quota is ${quota}: the alarm goes off too early or never`,
            `Set alarms.lambdaConcurrency to ${quota}.`,
          );
    return [enough, watched];
  },
};

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
