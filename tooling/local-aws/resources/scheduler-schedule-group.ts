import * as z from 'zod';
import { arnOf } from '../cloud.ts';
import { defineResource, physicalName } from '../resource-definition.ts';

/** A name that schedules share. */
export const schedulerScheduleGroup = defineResource({
  type: 'AWS::Scheduler::ScheduleGroup',
  properties: { Name: z.string().optional() },
  nameProperty: 'Name',
  withoutLocalEffect: { Tags: 'nothing reads them' },
  create(properties, site) {
    const name = properties.Name ?? physicalName(site, { maxLength: 64 });
    return {
      physicalId: name,
      attributes: { Arn: arnOf(site.cloud, 'scheduler', `schedule-group/${name}`) },
    };
  },
});
