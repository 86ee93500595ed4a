import { GetRoleCommand, GetUserCommand } from '@aws-sdk/client-iam';

import {
  notChecked,
  ok,
  problem,
  unlessMissing,
  type Check,
  type Finding,
  type PreflightContext,
} from '../check.ts';

/**
 * Whether the producers exist: SQS rejects a queue's policy that names a role or a user that does not exist.
 */
export const producers: Check = {
  name: 'producers',
  explains:
    'SQS rejects the policy of an order queue if it names a role or user that does not exist. Roles and users of another account cannot be looked up.',
  async run(context) {
    const arns = (context.config.orderReporting?.brands ?? []).flatMap((brand) => brand.producers);
    if (arns.length === 0) return [ok('the configuration names none')];
    return Promise.all([...new Set(arns)].map((arn) => judge(arn, context)));
  },
};

async function judge(arn: string, { account, clients }: PreflightContext): Promise<Finding> {
  const [, , , , owner = '', path = ''] = arn.split(':');
  const [kind, ...rest] = path.split('/');
  const name = rest.at(-1) ?? '';
  if (kind === 'root') return ok(`${arn} is an account`);
  if (owner !== account)
    return notChecked(arn, `it is in the account ${owner}: ask there whether it exists, before you deploy`);
  const found =
    kind === 'role'
      ? await unlessMissing(clients.iam.send(new GetRoleCommand({ RoleName: name })), MISSING)
      : await unlessMissing(clients.iam.send(new GetUserCommand({ UserName: name })), MISSING);
  return found
    ? ok(`${arn} exists`)
    : problem(`there is no ${arn}`, 'Create it first, or remove it from `producers`.');
}

const MISSING = ['NoSuchEntity', 'NoSuchEntityException'];
