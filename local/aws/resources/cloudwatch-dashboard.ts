import * as z from 'zod';
import { defineResource, physicalName } from '../resource-definition.ts';

/** A board that nobody can look at. */
export const cloudwatchDashboard = defineResource({
  type: 'AWS::CloudWatch::Dashboard',
  properties: { DashboardName: z.string().optional() },
  withoutLocalEffect: { DashboardBody: 'there is no CloudWatch console here' },
  create: (properties, site) => ({
    physicalId: properties.DashboardName ?? physicalName(site, { maxLength: 255 }),
    attributes: {},
  }),
});
