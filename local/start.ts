import { randomBytes } from 'node:crypto';
import { join, relative, resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { claimInstance, type Instance } from './instance.ts';
import { readArguments, USAGE, type Arguments } from './arguments.ts';
import { describeEndpoints } from './describe-endpoints.ts';
import { writeHelpers } from './helper-files.ts';
import { openPage } from './page/open-page.ts';
import { rejectWhen, stopOnSignals } from './stop-on-signals.ts';
import { startSystem, type LocalSystem } from './system.ts';
import { follow } from './feed/follow.ts';
import { openLocalStage } from './tour/open-local-stage.ts';
import { lineNarrator, playTour, type StepResult } from './tour/tour.ts';
import { writeWhole } from './write-whole.ts';

const ROOT = resolve(import.meta.dirname, '..');

/** With --json, all messages go to standard error, so that standard output contains only the document. */
function createOutput({ json }: Arguments): (line: string) => void {
  return json
    ? (line) => void process.stderr.write(`${line}\n`)
    : (line) => void process.stdout.write(`${line}\n`);
}

const KEPT_FILE = 'kept-state.json';

async function main(): Promise<number> {
  const parsed = readArguments(process.argv.slice(2));
  if (!parsed.ok) {
    process.stderr.write(`${parsed.problem} (--help lists the options)\n`);
    return 2;
  }
  const { options } = parsed;
  if (options.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const output = createOutput(options);
  const configFile = options.config ?? join(ROOT, 'infra', 'config', 'local.json');
  const stopping = stopOnSignals();
  // While the system ends, steps in progress fail: nobody wants to read that.
  const print = (line: string): void => {
    if (!stopping.aborted) output(line);
  };
  let system: LocalSystem | undefined;
  let instance: Instance | undefined;
  try {
    instance = await claimInstance(join(ROOT, '.local'));
    system = await startSystem({
      configFile,
      stateDirectory: instance.stateDirectory,
      apiKey: options.buttonApiKey ?? `sk-local-${randomBytes(8).toString('hex')}`,
      webhookSecrets: options.webhookSecrets ?? [`whsec-local-${randomBytes(8).toString('hex')}`],
      controlPort: options.controlPort,
      ...(options.buttonUrl === undefined ? {} : { buttonUrl: options.buttonUrl }),
      ...(options.keep && { keptFile: join(instance.stateDirectory, KEPT_FILE) }),
      onProgress: print,
      signal: stopping,
    });
    return await Promise.race([
      use({ system, instance, signal: stopping, print }, { ...options, config: configFile }),
      system.failed,
      rejectWhen(stopping),
    ]);
  } catch (error) {
    // Ctrl-C also ends esbuild's process. That may be noticed before the signal, in the same turn.
    await nextTurn();
    // Somebody ended it: that is a success, unless the whole tour was asked for.
    if (stopping.aborted) return options.once ? 130 : 0;
    process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  } finally {
    await system?.close();
    await instance?.release();
  }
}

type Running = {
  system: LocalSystem;
  instance: Instance;
  signal: AbortSignal;
  print: (line: string) => void;
};

/** Plays the tour if it is wanted, then runs until somebody ends it; with --once, returns after the tour. */
async function use(
  { system, instance, signal, print }: Running,
  options: Arguments & { config: string },
): Promise<number> {
  const { endpoints } = system;
  if (options.endpointsFile !== undefined)
    await writeWhole(options.endpointsFile, JSON.stringify(endpoints, null, 2));
  if (system.isContinued) {
    const file = relative(ROOT, join(instance.stateDirectory, KEPT_FILE));
    print(`It continues with what the last one with --keep had stored. To begin anew, delete ${file}.`);
  }
  const isToured = options.tour && !system.isContinued;
  const results = isToured ? await tour(system, options.config, print) : [];
  const isGood = results.every(({ outcome }) => outcome !== 'failed');

  if (options.json) process.stdout.write(`${JSON.stringify(summarize(system, results))}\n`);
  if (options.once) {
    print(isGood ? '\nEvery step succeeded.' : '\nAt least one step failed.');
    return isGood ? 0 : 1;
  }
  await writeHelpers(instance.stateDirectory, { endpoints, config: options.config });
  const { url: page } = await openPage(system);
  print(describeEndpoints(endpoints, { instance, root: ROOT, page }));
  return follow(system, { print, signal });
}

async function tour(
  system: LocalSystem,
  configFile: string,
  print: (line: string) => void,
): Promise<StepResult[]> {
  const stage = await openLocalStage(system, configFile);
  try {
    return await playTour(stage, lineNarrator(print));
  } finally {
    stage.close();
  }
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

// An interrupted tour may still wait for what will not happen any more.
process.exit(await main());
