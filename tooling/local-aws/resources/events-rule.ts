import * as z from 'zod';
import { arnOf } from '../cloud.ts';
import { defineResource, physicalName } from '../resource-definition.ts';

/** A rule of the default bus, on which nothing happens here. */
export const eventsRule = defineResource({
  type: 'AWS::Events::Rule',
  properties: { Name: z.string().optional() },
  nameProperty: 'Name',
  withoutLocalEffect: {
    Description: 'nothing reads it',
    EventPattern: 'no service of AWS sends events here',
    ScheduleExpression: 'it only reminds people, and nobody is notified here',
    State: 'it never runs',
    Targets: 'it never runs',
  },
  create(properties, site) {
    const name = properties.Name ?? physicalName(site, { maxLength: 64 });
    return { physicalId: name, attributes: { Arn: arnOf(site.cloud, 'events', `rule/${name}`) } };
  },
});
