import * as z from 'zod';
import { arnOf } from '../cloud.ts';
import { defineResource } from '../resource-definition.ts';

/** A bus that keeps every event for reading. */
export const eventsEventBus = defineResource({
  type: 'AWS::Events::EventBus',
  properties: { Name: z.string() },
  nameProperty: 'Name',
  withoutLocalEffect: {
    DeadLetterConfig: 'there are no rules, so nothing is delivered',
    Description: 'nothing reads it',
    KmsKeyIdentifier: 'nothing leaves the memory of this machine',
    LogConfig: 'there is nothing to log',
    Policy: 'there is no IAM here',
    Tags: 'nothing reads them',
  },
  create(properties, site) {
    const { Name: name } = properties;
    const arn = arnOf(site.cloud, 'events', `event-bus/${name}`);
    site.cloud.eventBridge.createBus({ arn, name });
    return {
      physicalId: name,
      attributes: { Arn: arn, Name: name },
      remove: () => {
        site.cloud.eventBridge.removeBus(arn);
      },
    };
  },
});
