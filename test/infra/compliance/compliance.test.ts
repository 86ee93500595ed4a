import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { CfnQueue } from 'aws-cdk-lib/aws-sqs';
import { App, Stack } from 'aws-cdk-lib/core';
import { describe, expect, it } from 'vitest';
import type * as z from 'zod';

import { requireCompliance } from '../../../infra/compliance/compliance.ts';
import { readStageConfig, StageConfigSchema } from '../../../infra/config.ts';
import { addStacks } from '../../../infra/stage.ts';
import { STAGES } from '../stages.ts';
import { TINY_BUNDLES_FOLDER } from '../tiny-bundles.ts';
import { share } from '../../volume.ts';

/** An app as infra/app.ts creates it, with the context of cdk.json. */
function createApp(
  input: z.input<typeof StageConfigSchema>,
  more: (app: App) => void = () => undefined,
): App {
  const { context } = JSON.parse(readFileSync('cdk.json', 'utf8')) as { context: Record<string, unknown> };
  const config = StageConfigSchema.parse(input);
  const app = new App({ analyticsReporting: false, context });
  addStacks(app, { config, bundlesFolder: TINY_BUNDLES_FOLDER });
  more(app);
  requireCompliance(app, config);
  return app;
}

describe('requireCompliance', () => {
  it.each(share(STAGES, 4))(
    "accepts the stage, and so do CDK's own rules and schemas: $name",
    { tags: ['volume'] },
    ({ config }) => {
      const { directory } = createApp(config).synth();

      const report: unknown = JSON.parse(readFileSync(join(directory, 'validation-report.json'), 'utf8'));
      expect(report).toMatchObject({ pluginReports: [] });
    },
  );

  it.each(readdirSync('infra/config'))('accepts what comes with the project: %s', (file) => {
    const reading = readStageConfig(join('infra/config', file));
    if ('problem' in reading) throw new Error(reading.problem);

    expect(() => createApp(reading.config).synth()).not.toThrow();
  });

  it.each([
    ['a finding is not acknowledged', { sqsManagedSseEnabled: false }, 'AwsSolutions-SQS2'],
    ['no pack of cdk-nag runs', { redrivePolicy: { maxReceiveCount: 1 } }, 'Button-RedeliveryForgiving'],
    ['CloudFormation would refuse it', { visibilityTimeout: 43_201 }, 'CloudFormation-Validate::F3034'],
  ])('fails the synthesis if %s', (_fault, properties, finding) => {
    const app = createApp({ stage: 'production', transactions: {} }, (it) => {
      new CfnQueue(new Stack(it, 'More'), 'Queue', properties);
    });

    expect(() => app.synth()).toThrow(finding);
  });
});
