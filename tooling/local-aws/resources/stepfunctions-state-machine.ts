import * as z from 'zod';
import { arnOf } from '../cloud.ts';
import { defineResource, physicalName } from '../resource-definition.ts';

/** A state machine that never runs: what starts it is a rule, and rules do nothing here. */
export const stepfunctionsStateMachine = defineResource({
  type: 'AWS::StepFunctions::StateMachine',
  properties: { StateMachineName: z.string().optional() },
  nameProperty: 'StateMachineName',
  withoutLocalEffect: {
    Definition: 'it never runs',
    LoggingConfiguration: 'it never runs',
    RoleArn: 'there is no IAM here',
    StateMachineType: 'it never runs',
    TracingConfiguration: 'it never runs',
  },
  create(properties, site) {
    const name = properties.StateMachineName ?? physicalName(site, { maxLength: 80 });
    const arn = arnOf(site.cloud, 'states', `stateMachine:${name}`);
    return { physicalId: arn, attributes: { Arn: arn, Name: name } };
  },
});
