import { join, resolve } from 'node:path';

import { App } from 'aws-cdk-lib/core';

import { readStageConfig } from '../../infra/config.ts';
import { bundleFunctions } from '../../infra/function-bundles.ts';
import { synthesizeApp } from '../../infra/synthesize-app.ts';
import { UNCHECKED_APP } from '../../infra/unchecked-app.ts';
import { synthesize, type AssemblyBuild } from '../../local/synthesize.ts';
import { DEFAULT_STAGES, LOCAL_CONFIG_FILE, QUICK_STAGES } from './stage-configs.ts';
import { makeStateDirectory } from './state-directory.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const DIST = join(ROOT, 'dist');

/**
 * Synthesizes every configuration that the tests start, once, in one process: the first synthesis of a
 * process takes ten times as long as later ones. Tests find the assemblies in `.local/assemblies`, as `npm
 * start` does.
 */
export async function setup(): Promise<void> {
  const directory = await makeStateDirectory();
  const build = createBuild();
  const defaults = process.env['LONG_TESTS'] === '1' ? DEFAULT_STAGES.map(({ config }) => config) : [];
  const stages = [...Object.values(QUICK_STAGES), ...defaults];
  try {
    const files = stages.map((stage, index) => directory.writeConfig(String(index), stage));
    for (const configFile of [LOCAL_CONFIG_FILE, ...(await Promise.all(files))])
      await synthesize({ configFile, build });
  } finally {
    await directory.remove();
  }
}

/** Does what the commands of `cdk synth` do, in this process. The functions are bundled once. */
function createBuild() {
  let bundled: Promise<unknown> | undefined;
  return async ({ config, outputDirectory, context }: AssemblyBuild): Promise<void> => {
    bundled ??= bundleFunctions({ functionsFolder: join(ROOT, 'functions'), distFolder: DIST });
    await bundled;
    const reading = readStageConfig(config);
    if ('problem' in reading) throw new Error(reading.problem);
    const app = new App({ analyticsReporting: false, outdir: outputDirectory, context, ...UNCHECKED_APP });
    synthesizeApp(app, { config: reading.config, bundlesFolder: DIST });
  };
}

// `npm test` does this beside its checks, so that Vitest finds everything prepared.
if (import.meta.main) await setup();
