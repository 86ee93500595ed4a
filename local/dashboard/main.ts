import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import * as z from 'zod';

import { readConfig } from '../read-config.ts';
import { rejectWhen, stopOnSignals } from '../stop-on-signals.ts';
import { startSystem, type LocalSystem } from '../system.ts';
import { openLocalStage } from '../tour/open-local-stage.ts';
import { connectSimulator } from '../tour/simulator-control.ts';
import { readDashboardArguments, USAGE, type DashboardArguments } from './arguments.ts';
import type { Phase } from '@button-serverless/dashboards';
import { renderPage } from '@button-serverless/dashboards';
import { readRun } from './run-data.ts';
import { playTraffic } from './traffic.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');

async function main(): Promise<number> {
  const parsed = readDashboardArguments(process.argv.slice(2));
  if (!parsed.ok) {
    process.stderr.write(`${parsed.problem} (--help lists the options)\n`);
    return 2;
  }
  const { options } = parsed;
  if (options.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const stopping = stopOnSignals();
  let system: LocalSystem | undefined;
  try {
    const configFile = options.config ?? join(ROOT, 'infra', 'config', 'local.json');
    await refuseWithoutBoards(configFile);
    system = await startSystem({
      configFile,
      stateDirectory: join(ROOT, '.local'),
      apiKey: `sk-local-${randomBytes(8).toString('hex')}`,
      webhookSecrets: [`whsec-local-${randomBytes(8).toString('hex')}`],
      controlPort: 0,
      onProgress: print,
      signal: stopping,
    });
    const file = resolve(options.out ?? join(ROOT, '.local', 'dashboard.html'));
    await Promise.race([
      makePage(system, { options, configFile, file }),
      system.failed,
      rejectWhen(stopping),
    ]);
    print(`The boards are in ${file}`);
    return 0;
  } catch (error) {
    if (stopping.aborted) return 130;
    process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  } finally {
    await system?.close();
  }
}

const ConfigSchema = z.object({
  orderReporting: z.unknown().optional(),
  transactions: z.unknown().optional(),
  dashboards: z.boolean().default(true),
});

/**
 * Called before anything is built: throws an error for the user if there will be no boards, or no traffic for
 * one of the flows.
 */
async function refuseWithoutBoards(configFile: string): Promise<void> {
  const config = ConfigSchema.parse(await readConfig(configFile));
  if (!config.dashboards) throw new Error(`${configFile} deploys no boards: it needs "dashboards": true.`);
  if (config.orderReporting === undefined || config.transactions === undefined)
    throw new Error(`${configFile} deploys one of the flows; the boards are shown with both.`);
}

async function makePage(
  system: LocalSystem,
  { options, configFile, file }: { options: DashboardArguments; configFile: string; file: string },
): Promise<void> {
  const startedAt = new Date();
  const phases = await play(system, { configFile, quick: options.quick });
  const page = renderPage(readRun(system, { startedAt, endedAt: new Date(), phases }));
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, page);
}

async function play(
  system: LocalSystem,
  { configFile, quick }: { configFile: string; quick: boolean },
): Promise<Phase[]> {
  const { webhookUrl, webhookSecret, buttonControlUrl } = system.endpoints;
  if (webhookUrl === undefined || buttonControlUrl === undefined)
    throw new Error('The traffic needs both flows and the simulator.');
  const stage = await openLocalStage(system, configFile);
  try {
    const webhook = { url: webhookUrl, secret: webhookSecret };
    return await playTraffic(
      { ...stage, simulator: connectSimulator(buttonControlUrl), webhook },
      { quick, print },
    );
  } finally {
    stage.close();
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

// Interrupted traffic may still wait for what will not happen any more.
process.exit(await main());
