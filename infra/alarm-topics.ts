import { Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

import type { Deployment } from './deployment.ts';

/**
 * `page`: problems that get worse until somebody acts. `ticket`: problems that can wait for the next working
 * day.
 */
export type Severity = 'page' | 'ticket';

/** The fixed name of the topic that the stage creates for a severity, unless its configuration names one. */
export function alarmTopicName({ config: { stage } }: Deployment, severity: Severity): string {
  return `Button-${stage}-${severity}`;
}

/**
 * The topic that alarms of a severity notify: the configuration's, or that of the stack of alarms, by its
 * fixed name. A reference would be an export, which cannot change while another stack imports it.
 */
export function alarmTopicArn(scope: Construct, deployment: Deployment, severity: Severity): string {
  return (
    deployment.config.alarms[severity].topicArn ??
    Stack.of(scope).formatArn({ service: 'sns', resource: alarmTopicName(deployment, severity) })
  );
}

/** The prefix of the names of all alarms of a stage, and of no other stage's. */
export function alarmNamePrefix({ config: { stage } }: Deployment): string {
  return `Button/${stage}/`;
}

/** The name of an alarm in the whole account: stage, stack and its name there. */
export function alarmName({ stackName }: Stack, deployment: Deployment, name: string): string {
  return `${alarmNamePrefix(deployment)}${stackName.replace(`Button-${deployment.config.stage}-`, '')}/${name}`;
}
