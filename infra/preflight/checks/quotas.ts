import { ListRulesCommand, type EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { GetAccountSummaryCommand } from '@aws-sdk/client-iam';

import { notChecked, ok, problem, type Check, type Finding } from '../check.ts';
import { stackCounts, type StackCounts } from '../stack-counts.ts';

/**
 * Whether the account has room for the roles and rules of the stacks that do not exist yet.
 *
 * Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html,
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
 */
export const quotas: Check = {
  name: 'quotas',
  explains:
    'Each brand adds three to five IAM roles and a rule of the default event bus. An account may have 1,000 roles, and 300 rules in a region (100 in Cape Town and Milan) unless AWS has raised the quota.',
  async run({ config, clients, region, stacks }) {
    const deployed = new Set((await stacks()).map(({ name }) => name));
    const missing = [...stackCounts(config)].filter(
      ([part]) => !deployed.has(`Button-${config.stage}-${part}`),
    );
    const needed = (kind: keyof StackCounts): number =>
      missing.reduce((sum, [, counts]) => sum + counts[kind], 0);
    const { SummaryMap: { Roles: roles, RolesQuota: rolesQuota } = {} } = await clients.iam.send(
      new GetAccountSummaryCommand({}),
    );
    return [
      roles === undefined || rolesQuota === undefined
        ? notChecked('IAM roles', 'IAM returned no number of roles.')
        : judge('IAM roles', { used: roles, needed: needed('roles'), quota: rolesQuota }),
      judge('rules of the default event bus', {
        used: await countRules(clients.eventBridge),
        needed: needed('rules'),
        quota: RULES_QUOTA[region] ?? 300,
      }),
    ];
  },
};

/** The default quota of rules, in the regions where it is not 300. */
const RULES_QUOTA: Readonly<Record<string, number>> = { 'af-south-1': 100, 'eu-south-1': 100 };

type Room = { used: number; needed: number; quota: number };

function judge(subject: string, { used, needed, quota }: Room): Finding {
  const says = `${used} of ${quota} ${subject} are used; the stacks that do not exist yet add ${needed}`;
  return used + needed <= quota
    ? ok(says)
    : problem(says, 'Request a higher quota in Service Quotas, or remove what nobody needs.');
}

async function countRules(client: EventBridgeClient): Promise<number> {
  let count = 0;
  let token: string | undefined;
  do {
    const { Rules: rules = [], NextToken: next } = await client.send(
      new ListRulesCommand(token === undefined ? {} : { NextToken: token }),
    );
    count += rules.length;
    token = next;
  } while (token !== undefined);
  return count;
}
