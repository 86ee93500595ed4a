import type { App } from 'aws-cdk-lib/core';

import { requireCompliance } from './compliance/compliance.ts';
import type { Deployment } from './deployment.ts';
import { addStacks } from './stage.ts';

/**
 * Adds a stage's stacks to an app and writes its cloud assembly. Fails for the findings of the compliance
 * packs.
 */
export function synthesizeApp(app: App, deployment: Deployment): void {
  addStacks(app, deployment);
  requireCompliance(app, deployment.config);
  app.synth();
}
