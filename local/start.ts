import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { readArguments, USAGE, type Arguments } from './arguments.ts';
import { describeEndpoints } from './describe-endpoints.ts';
import { startSystem, type Endpoints, type LocalSystem } from './system.ts';
import { connectSimulator } from './tour/simulator-control.ts';
import { openStage } from './tour/stage.ts';
import { plainNarrator, playTour, type StepResult } from './tour/tour.ts';

const ROOT = resolve(import.meta.dirname, '..');

/** Everything that is told goes to standard error under --json, so that standard output holds the one document. */
function teller({ json }: Arguments): (line: string) => void {
  return json
    ? (line) => void process.stderr.write(`${line}\n`)
    : (line) => void process.stdout.write(`${line}\n`);
}

async function main(): Promise<number> {
  const parsed = readArguments(process.argv.slice(2));
  if (!parsed.valid) {
    process.stderr.write(`${parsed.problem}\n\n${USAGE}`);
    return 2;
  }
  const { options } = parsed;
  if (options.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const tell = teller(options);
  const stopped = untilStopped();
  let system: LocalSystem | undefined;
  try {
    system = await startSystem({
      configFile: options.config ?? join(ROOT, 'infra', 'config', 'local.json'),
      stateDirectory: join(ROOT, '.local'),
      apiKey: options.buttonApiKey ?? `sk-local-${randomBytes(8).toString('hex')}`,
      webhookSecrets: options.webhookSecrets ?? [`whsec-local-${randomBytes(8).toString('hex')}`],
      controlPort: options.controlPort,
      ...(options.buttonUrl === undefined ? {} : { buttonUrl: options.buttonUrl }),
      onProgress: tell,
    });
    return await Promise.race([use(system, options, tell), system.failed, stopped]);
  } catch (error) {
    process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  } finally {
    await system?.close();
  }
}

/** Plays the tour if it is wanted, then stays up until somebody ends it; with --once, returns after the tour. */
async function use(system: LocalSystem, options: Arguments, tell: (line: string) => void): Promise<number> {
  const { endpoints } = system;
  const results = options.tour ? await tour(system, tell) : [];
  const isGood = results.every(({ outcome }) => outcome !== 'failed');

  if (options.endpointsFile !== undefined)
    await writeFile(options.endpointsFile, JSON.stringify(endpoints, null, 2));
  if (options.json) process.stdout.write(`${JSON.stringify(summarize(system, results))}\n`);
  if (options.once) {
    tell(isGood ? '\nEvery step came out.' : '\nNot every step came out.');
    return isGood ? 0 : 1;
  }
  tell(describeEndpoints(endpoints));
  return new Promise(() => undefined);
}

async function tour(system: LocalSystem, tell: (line: string) => void): Promise<StepResult[]> {
  const { tables, orderQueueUrl, webhookUrl, buttonControlUrl, sqsEndpoint, dynamodbEndpoint } =
    system.endpoints;
  const { OrderReports, OrderQuarantine, Transactions } = tables;
  if (!orderQueueUrl || !webhookUrl || !OrderReports || !OrderQuarantine || !Transactions) {
    throw new Error('The tour needs both flows; start this configuration with --no-tour.');
  }
  const stage = openStage({
    brand: brandOf(system.endpoints),
    orderQueueUrl,
    webhookUrl,
    tables: { orderReports: OrderReports, orderQuarantine: OrderQuarantine, transactions: Transactions },
    sqsEndpoint,
    dynamodbEndpoint,
    reconcile: system.reconcile,
    events: system.events,
    simulator: buttonControlUrl === undefined ? undefined : connectSimulator(buttonControlUrl),
  });
  try {
    return await playTour(stage, plainNarrator(tell));
  } finally {
    stage.close();
  }
}

/** The first brand's id: outputs name it in PascalCase. */
function brandOf({ orderQueueUrls }: Endpoints): string {
  const [name = ''] = Object.keys(orderQueueUrls);
  return name.replace(/(?!^)[A-Z]/g, '-$&').toLowerCase();
}

/** What --json prints. */
function summarize({ endpoints, events, metrics }: LocalSystem, steps: StepResult[]): object {
  const count = (outcome: StepResult['outcome']): number =>
    steps.filter((step) => step.outcome === outcome).length;
  return {
    ok: count('failed') === 0,
    steps,
    counts: {
      passed: count('passed'),
      failed: count('failed'),
      skipped: count('skipped'),
      events: events().length,
      metrics: metrics().length,
    },
    endpoints,
  };
}

/** Resolves with the exit code when somebody ends the command. */
function untilStopped(): Promise<number> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve(0));
  });
}

process.exitCode = await main();
