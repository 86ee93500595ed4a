import { Validations, type App } from 'aws-cdk-lib/core';
import { AwsSolutionsChecks, ServerlessChecks, type NagPack } from 'cdk-nag';

import { retainsData, type StageConfig } from '../config.ts';
import { ButtonChecks } from './button-checks.ts';
import { acknowledgeExceptions } from './exceptions.ts';

/**
 * Makes the synthesis fail for whatever the packs find and the list of exceptions doesn't name.
 *
 * Called when every stack is there: exceptions are told at the resources themselves.
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
