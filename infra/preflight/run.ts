import { parseArgs } from 'node:util';

import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';

import { readStageConfig, type StageConfig } from '../config.ts';
import type { PreflightContext } from './check.ts';
import { createClients } from './clients.ts';
import { readStacks, type DeployedStack } from './deployed-stacks.ts';
import { asText, explainChecks, runChecks, type CheckReport } from './report.ts';

/** Where the report goes. */
export type Outlets = { out: (text: string) => void; err: (text: string) => void };

const USAGE = `Reports what would make a deployment fail. Uses your AWS credentials, and only reads.

npm run preflight -- CONFIG [--json]

  CONFIG    the configuration to deploy, such as infra/config/production.json
  --json    print one JSON document

Each line is ok, a problem with its remedy, or not checked, with the reason. Without credentials it explains each check.

Exit codes: 0 no problem was found; 1 there is a problem; 2 the command, the configuration or the credentials are wrong, and nothing
was checked.
`;

/** Carries out one command line; returns the exit code, as the usage text says. */
export async function runPreflight(args: readonly string[], { out, err }: Outlets): Promise<number> {
  const line = readLine(args);
  if ('problem' in line) {
    err(`${line.problem}\n${USAGE}`);
    return 2;
  }
  if (line.help) {
    out(USAGE);
    return 0;
  }
  const reading = readStageConfig(line.file);
  if ('problem' in reading) {
    err(`${reading.problem}\n`);
    return 2;
  }
  const print = (reports: readonly CheckReport[]): void => {
    out(
      line.json ? `${JSON.stringify({ outcome: outcomeOf(reports), checks: reports })}\n` : asText(reports),
    );
  };
  const caller = await identify(reading.config);
  if ('problem' in caller) {
    print(explainChecks(caller.problem));
    err('Nothing was checked.\n');
    return 2;
  }
  const reports = await check(reading.config, caller);
  print(reports);
  return outcomeOf(reports) === 'problem' ? 1 : 0;
}

type Line = { file: string; json: boolean; help: boolean };

function readLine(args: readonly string[]): Line | { problem: string } {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
      allowPositionals: true,
    });
    const [file, ...others] = positionals;
    if (values.help) return { file: '', ...values };
    if (file === undefined || others.length > 0) return { problem: 'Which configuration?' };
    return { file, ...values };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

/** `problem` if there is one, `not-checked` if nothing was checked, else `ok`. */
function outcomeOf(reports: readonly CheckReport[]): 'ok' | 'problem' | 'not-checked' {
  const statuses = reports.flatMap(({ findings }) => findings.map(({ status }) => status));
  if (statuses.includes('problem')) return 'problem';
  return statuses.every((status) => status === 'not-checked') ? 'not-checked' : 'ok';
}

type Caller = { account: string; region: string; arn: string };

/** The caller and the region: that of the configuration, or else that of the environment or profile. */
async function identify(config: StageConfig): Promise<Caller | { problem: string }> {
  const client = new STSClient(config.region === undefined ? {} : { region: config.region });
  try {
    const region = await client.config.region();
    const { Account: account, Arn: arn } = await client.send(new GetCallerIdentityCommand());
    if (account === undefined || arn === undefined)
      return { problem: 'AWS does not say whose credentials these are.' };
    return { account, region, arn };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { problem: `without credentials and a region, nothing can be checked in AWS: ${reason}` };
  } finally {
    client.destroy();
  }
}

async function check(config: StageConfig, { account, region, arn }: Caller): Promise<CheckReport[]> {
  const clients = createClients(region);
  let reading: Promise<DeployedStack[]> | undefined;
  const context: PreflightContext = {
    config,
    account,
    region,
    caller: arn,
    clients,
    stacks: () => (reading ??= readStacks(clients.cloudFormation, config.stage)),
    now: () => new Date(),
  };
  try {
    return await runChecks(context);
  } finally {
    clients.close();
  }
}
