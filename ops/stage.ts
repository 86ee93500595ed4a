import { readFile } from 'node:fs/promises';

import * as z from 'zod';

import { UsageError } from './usage-error.ts';

/** A deployed stage, from the stacks' outputs: what a command works on. */
export type DeployedStage = {
  /** The configuration's `stage`. */
  name: string;
  account: string;
  region: string;
  /**
   * An output's value. Throws a `UsageError` if the stage has no output with that name, because it does not
   * deploy that flow.
   */
  output: (key: string) => string;
  /** The names of all outputs. */
  outputNames: readonly string[];
  /** The ids of the brands whose orders it reports. */
  brands: readonly string[];
  /** The addresses of AWS, for a stage on this machine. */
  localEndpoints?: LocalEndpoints;
};

const LocalEndpointsSchema = z.object({
  dynamodb: z.url(),
  sqs: z.url(),
  secretsManager: z.url(),
  eventBridge: z.url(),
  cloudWatch: z.url(),
  /** The access key of the role under which the commands call; the administrator's unless given. */
  accessKeyId: z.string().optional(),
  /** The control API of the Button simulator, if it is used. */
  buttonControl: z.url().optional(),
});

/** The addresses of AWS's services on this machine. */
export type LocalEndpoints = z.infer<typeof LocalEndpointsSchema>;

/** The stage that `npm start` deploys. */
const LOCAL_STAGE = 'local';

const OutputsFileSchema = z.record(z.string(), z.record(z.string(), z.string()));

const STACK_NAME = /^Button-([a-z0-9-]+)-(?:OrderReporting|Brand-[a-z0-9-]+|Transactions|Dashboards|Alarms)$/;
const BRAND_STACK = /-Brand-([a-z0-9-]+)$/;
const ARN = /^arn:[a-z-]+:[a-z]+:([a-z0-9-]+):(\d{12}):/;

/**
 * Reads the file that `cdk deploy --outputs-file` wrote. Account and region are those of the resources
 * themselves, so that a command cannot change another stage than the one that is shown.
 *
 * Throws a `UsageError` if the file is not about exactly one stage.
 */
export async function readStage(file: string): Promise<DeployedStage> {
  const stacks = OutputsFileSchema.safeParse(await readJson(file));
  if (!stacks.success) throw new UsageError(`${file} is not what cdk deploy --outputs-file writes.`);
  const ours = Object.entries(stacks.data).filter(([stack]) => STACK_NAME.test(stack));
  const names = only(ours.flatMap(([stack]) => STACK_NAME.exec(stack)?.[1] ?? []));
  const outputs = new Map(ours.flatMap(([, values]) => Object.entries(values)));
  const arns = [...outputs.values()].map((value) => ARN.exec(value)).filter((arn) => arn !== null);
  const accounts = only(arns.flatMap(([, , account = '']) => account));
  const regions = only(arns.flatMap(([, region = '']) => region));
  const [name, account, region] = [names[0], accounts[0], regions[0]];
  const isOne = names.length === 1 && accounts.length === 1 && regions.length === 1;
  if (!isOne || name === undefined || account === undefined || region === undefined) {
    throw new UsageError(`${file} must hold the outputs of one stage: deploy with --all --outputs-file.`);
  }
  const local =
    name === LOCAL_STAGE ? LocalEndpointsSchema.safeParse(stacks.data['LocalEndpoints']).data : undefined;
  return {
    name,
    ...(local && { localEndpoints: local }),
    account,
    region,
    output(key) {
      const value = outputs.get(key);
      if (value === undefined) throw new UsageError(`The stage ${name} has no output ${key} (${file}).`);
      return value;
    },
    outputNames: [...outputs.keys()],
    brands: ours.flatMap(([stack]) => BRAND_STACK.exec(stack)?.[1] ?? []),
  };
}

function only(values: readonly string[]): string[] {
  return [...new Set(values)];
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new UsageError(
      `${file} cannot be read. This command writes it: npx cdk deploy --all --outputs-file ${file}`,
      { cause: error },
    );
  }
}
