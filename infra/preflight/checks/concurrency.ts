import { compareConcurrency, executionsAtOnce, readLambdaConcurrency } from '../../lambda-concurrency.ts';
import { notChecked, ok, problem, type Check } from '../check.ts';

/** Compares the account's concurrent Lambda executions with what the configuration uses. */
export const concurrency: Check = {
  name: 'Lambda concurrency',
  explains:
    'A new account has ten concurrent Lambda executions for all of its functions. Lambda rejects calls above that: webhooks get 503, and Button pauses them.',
  async run({ config, clients }) {
    const account = await readLambdaConcurrency(clients.lambda);
    if (!account) return [notChecked('the quota', 'Lambda returned no limit for this account.')];
    const { enough, alarm } = compareConcurrency(account, {
      atOnce: executionsAtOnce(config),
      alarmQuota: config.alarms.lambdaConcurrency,
    });
    return [enough, alarm].map(({ says, remedy }) =>
      remedy === undefined ? ok(says) : problem(says, remedy),
    );
  },
};
