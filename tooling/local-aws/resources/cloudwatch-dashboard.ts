import * as z from 'zod';
import { defineResource, physicalName } from '../resource-definition.ts';

/** A board that is kept as it is, for whoever renders it. */
export const cloudwatchDashboard = defineResource({
  type: 'AWS::CloudWatch::Dashboard',
  properties: { DashboardName: z.string().optional(), DashboardBody: z.string() },
  withoutLocalEffect: {},
  create(properties, site) {
    const name = properties.DashboardName ?? physicalName(site, { maxLength: 255 });
    site.cloud.cloudWatch.dashboards.push({ name, body: properties.DashboardBody });
    return { physicalId: name, attributes: {} };
  },
});
