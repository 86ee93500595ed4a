import {
  compareConcurrency,
  readLambdaConcurrency,
  type Comparison,
} from '../../infra/lambda-concurrency.ts';
import type { CommandContext } from '../command.ts';
import { check, ok, problem, unknown, type CheckLine, type Verdict } from './check.ts';

/** Whether the account lets the stage's functions run, and whether the alarm about that is set for it. */
export function quotaChecks(context: CommandContext): Promise<CheckLine>[] {
  const right = 'lambda:GetAccountSettings';
  const compared = compare(context);
  // Each line below reports a failure.
  compared.catch(() => undefined);
  return [
    check({ name: 'Lambda concurrency', right }, async () => judge((await compared)?.enough)),
    check({ name: 'alarm of Lambda concurrency', right }, async () => judge((await compared)?.alarm)),
  ];
}

type Comparisons = { enough: Comparison; alarm: Comparison };

const NO_QUOTA: Comparison = { says: 'On this machine nothing is limited' };

async function compare({ stage, clients }: CommandContext): Promise<Comparisons | undefined> {
  if (stage.localEndpoints) return { enough: NO_QUOTA, alarm: NO_QUOTA };
  const expected = {
    atOnce: Number(stage.output('LambdaExecutionsAtOnce')),
    alarmQuota: Number(stage.output('AlarmedLambdaConcurrency')),
  };
  const account = await readLambdaConcurrency(clients.lambda);
  return account && compareConcurrency(account, expected);
}

function judge(comparison: Comparison | undefined): Verdict {
  if (!comparison)
    return unknown('Lambda returned no limit for this account.', 'Try: aws lambda get-account-settings');
  const { says, remedy } = comparison;
  return remedy === undefined ? ok(`${says}.`) : problem(`${says}.`, remedy);
}
