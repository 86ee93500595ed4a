import * as z from 'zod';

import { identifyCaller } from '../caller.ts';
import { callerPath } from '../caller-path.ts';
import { readConfigFile } from '../config-file.ts';
import { defaultOutputsFile } from '../default-outputs-file.ts';
import { readStage, type DeployedStage } from '../stage.ts';
import { UsageError } from '../usage-error.ts';
import type { ConsoleArguments } from './arguments.ts';
import { openConsole, type RunningConsole } from './open-console.ts';
import { reconcileStage } from './reconcile-stage.ts';

/** At most two pages of a megabyte every five seconds: some cents an hour, while the page is open. */
const WATCH = { intervalMs: 5000, itemsPerRefresh: 1000 };

/**
 * Opens the live page of the stage that the outputs file is about. Throws a `UsageError` if that is another
 * stage than the configuration's, or if the credentials are for another account.
 */
export async function runConsole(
  { config, outputsFile, write, port }: Omit<ConsoleArguments, 'help'>,
  print: (line: string) => void,
): Promise<RunningConsole> {
  const file = outputsFile === undefined ? defaultOutputsFile() : callerPath(outputsFile);
  const stage = await readStage(file);
  if (config !== undefined) await refuseOtherStage(stage, config);
  const by = await identifyCaller(stage);
  print(`Stage ${stage.name}, account ${stage.account}, region ${stage.region}, as ${by}`);
  const has = (output: string): boolean => stage.outputNames.includes(output);
  const mayReconcile = write && stage.name !== 'local' && has('ReconciliationPlannerName');
  return openConsole({
    outputsFile: file,
    watch: WATCH,
    mayReplay: write,
    actions: { ...(mayReconcile && { reconcile: () => reconcileStage(stage, by) }) },
    boards: [
      { title: 'Business board', output: 'BusinessDashboardUrl' },
      { title: 'Technical board', output: 'TechnicalDashboardUrl' },
    ].flatMap(({ title, output }) =>
      has(output) && stage.name !== 'local' ? [{ title, url: stage.output(output) }] : [],
    ),
    port,
  });
}

const ConfigSchema = z.looseObject({ stage: z.string() });

async function refuseOtherStage({ name }: DeployedStage, file: string): Promise<void> {
  const config = ConfigSchema.safeParse(await readConfigFile(file, 'CONFIG'));
  if (!config.success) throw new UsageError(`CONFIG: ${file} names no stage.`);
  if (config.data.stage !== name)
    throw new UsageError(
      `${file} is about the stage ${config.data.stage}, and the outputs file about ${name}: name the right one with --outputs-file.`,
    );
}
