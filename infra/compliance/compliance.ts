import { Validations, type App } from 'aws-cdk-lib/core';
import { AwsSolutionsChecks, ServerlessChecks, type NagPack } from 'cdk-nag';

import { retainsData, type StageConfig } from '../config.ts';
import { ButtonChecks } from './button-checks.ts';
import { acknowledgeExceptions } from './exceptions.ts';

/**
 * Makes the synthesis fail for every finding of the packs that the list of exceptions does not name.
 *
 * Called when every stack exists: exceptions are attached to the resources themselves.
 */
export function requireCompliance(app: App, config: StageConfig): void {
  acknowledgeExceptions(app, config);
  Validations.of(app).addPlugins(...compliancePacks(app, config));
}

/** The packs that every template has to pass. */
export function compliancePacks(app: App, config: StageConfig): NagPack[] {
  return [
    new AwsSolutionsChecks(app),
    new ServerlessChecks(app),
    new ButtonChecks(app, { retainsData: retainsData(config) }),
  ];
}
