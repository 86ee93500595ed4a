import { styleText } from 'node:util';

import * as z from 'zod';

import { identifyCaller } from '../caller.ts';
import { defineCommand, type CommandContext } from '../command.ts';
import { brandChecks } from '../doctor/brand-checks.ts';
import { check, ok, type CheckLine } from '../doctor/check.ts';
import { publisherChecks } from '../doctor/publisher-checks.ts';
import { quotaChecks } from '../doctor/quota-checks.ts';
import { tableChecks } from '../doctor/table-checks.ts';
import { topicChecks } from '../doctor/topic-checks.ts';
import { onOneLine } from '../visible.ts';

/** Looks at everything that has to be right. */
export const doctor = defineCommand({
  name: 'doctor',
  summary:
    'Checks credentials, tables, secrets, Button, webhooks, reads, quarantine, dead letters, quotas and topics. Each line is right, or says what to do.',
  usage: '',
  options: {},
  input: z.object({ arguments: z.tuple([]) }),
  async run(_, context) {
    const { stage } = context;
    const caller = await check({ name: 'credentials', right: 'sts:GetCallerIdentity' }, async () =>
      ok(`${await identifyCaller(stage)}, for the account ${stage.account} in ${stage.region}.`),
    );
    const checks = caller.state === 'ok' ? [caller, ...(await everyCheck(context))] : [caller];
    const count = (state: CheckLine['state']): number => checks.filter((line) => line.state === state).length;
    const counts = { ok: count('ok'), problems: count('problem'), unknown: count('unknown') };
    return {
      outcome: counts.ok === checks.length ? 'done' : 'unhealthy',
      found: { stage: stage.name, account: stage.account, region: stage.region, ...counts, checks },
      text: `Stage ${stage.name}\n${checks.map(asLine).join('')}`,
    };
  },
});

async function everyCheck(context: CommandContext): Promise<CheckLine[]> {
  const { stage } = context;
  return Promise.all([
    ...tableChecks(context),
    ...stage.brands.flatMap((brand) => brandChecks(brand, context)),
    ...(stage.outputNames.includes('TransactionsTableName') ? publisherChecks(context) : []),
    ...quotaChecks(context),
    ...topicChecks(context),
  ]);
}

const MARKS = { ok: ['green', 'ok  '], problem: ['red', 'FIX '], unknown: ['yellow', '?   '] } as const;

function asLine(line: CheckLine): string {
  const [colour, mark] = MARKS[line.state];
  const first = `${styleText(colour, mark)} ${line.check}: ${onOneLine(line.says)}\n`;
  return line.state === 'ok' ? first : `${first}     ${line.remedy}\n`;
}
