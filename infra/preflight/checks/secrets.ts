import { DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';

import {
  notChecked,
  ok,
  problem,
  unlessMissing,
  type Check,
  type Finding,
  type PreflightContext,
} from '../check.ts';

/** Whether somebody has set the keys. Their values are not read. */
export const secrets: Check = {
  name: 'secrets',
  explains:
    'The stacks create secrets without values. Until keys and secrets are set, orders wait, webhooks get 503, nothing is read from Button and no event is delivered to your URL.',
  async run(context) {
    const stacks = await context.stacks();
    const arns = stacks.flatMap(({ outputs }) => [...outputs].filter(([key]) => /Secrets?Arn/.test(key)));
    if (arns.length === 0)
      return [notChecked('keys and webhook secrets', 'The first deployment creates their secrets.')];
    return Promise.all(arns.map(([output, arn]) => judge(output, arn, context)));
  },
};

/** Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html */
async function judge(output: string, arn: string, { clients }: PreflightContext): Promise<Finding> {
  const secret = await unlessMissing(
    clients.secretsManager.send(new DescribeSecretCommand({ SecretId: arn })),
    ['ResourceNotFoundException'],
  );
  if (!secret) return problem(`${output}: there is no secret ${arn}`, 'Deploy the stack that creates it.');
  if (secret.DeletedDate !== undefined)
    return problem(
      `${output}: the secret is scheduled for deletion`,
      `aws secretsmanager restore-secret --secret-id ${arn}`,
    );
  const isSet = Object.values(secret.VersionIdsToStages ?? {}).some((stages) =>
    stages.includes('AWSCURRENT'),
  );
  return isSet
    ? ok(`${output}: a value is set`)
    : problem(
        `${output}: no value is set`,
        `aws secretsmanager put-secret-value --secret-id ${arn} --secret-string …`,
      );
}
