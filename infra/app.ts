import { join } from 'node:path';

import { App } from 'aws-cdk-lib/core';
import * as z from 'zod';

import { DEFAULT_CONFIG_FILE, readStageConfig } from './config.ts';
import { misplacedArns, targetOf } from './deployment-target.ts';
import { synthesizeApp } from './synthesize-app.ts';

const app = new App({ analyticsReporting: false });
const configFile = z.string().default(DEFAULT_CONFIG_FILE).parse(app.node.tryGetContext('config'));
const reading = readStageConfig(configFile);
if ('problem' in reading) {
  console.error(reading.problem);
  process.exit(1);
}
const { config } = reading;
const target = targetOf(config, process.env);
const misplaced = misplacedArns(config, target);
if (misplaced.length > 0) {
  console.error(
    [`The configuration ${configFile} can't be deployed:`, ...misplaced.map((it) => `  - ${it}`)].join('\n'),
  );
  process.exit(1);
}
const { account = 'that of the credentials', region = 'that of the credentials' } = target;
console.error(`${configFile}: stage ${config.stage}, account ${account}, region ${region}`);
synthesizeApp(app, { config, bundlesFolder: join(import.meta.dirname, '..', 'dist') });
