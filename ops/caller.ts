import { userInfo } from 'node:os';

import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';

import type { DeployedStage } from './stage.ts';
import { UsageError } from './usage-error.ts';

/**
 * The caller of a command that changes something: their ARN at AWS; on stage `local`, the machine's user.
 *
 * Throws a `UsageError` if their credentials are for another account than the stage's. Source:
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
 */
export async function identifyCaller({ name, account, region }: DeployedStage): Promise<string> {
  if (name === 'local') return `local:${userInfo().username}`;
  const client = new STSClient({ region });
  try {
    const { Account: ownAccount, Arn: arn } = await client.send(new GetCallerIdentityCommand());
    if (ownAccount !== account || arn === undefined) {
      throw new UsageError(
        `The credentials are for the account ${ownAccount ?? '?'}, but the stage ${name} is in ${account}.`,
      );
    }
    return arn;
  } finally {
    client.destroy();
  }
}
