import { join } from 'node:path';

import { App } from 'aws-cdk-lib/core';
import * as z from 'zod';

import { DEFAULT_CONFIG_FILE, readStageConfig } from './config.ts';
import { synthesizeApp } from './synthesize-app.ts';

const app = new App({ analyticsReporting: false });
const configFile = z.string().default(DEFAULT_CONFIG_FILE).parse(app.node.tryGetContext('config'));
const reading = readStageConfig(configFile);
if ('problem' in reading) {
  console.error(reading.problem);
  process.exit(1);
}
synthesizeApp(app, { config: reading.config, bundlesFolder: join(import.meta.dirname, '..', 'dist') });
