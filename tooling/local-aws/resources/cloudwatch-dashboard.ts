import * as z from 'zod';
import { defineResource, physicalName, removalFrom } from '../resource-definition.ts';

/** A board that is kept as it is, for whoever renders it. */
export const cloudwatchDashboard = defineResource({
  type: 'AWS::CloudWatch::Dashboard',
  properties: { DashboardName: z.string().optional(), DashboardBody: z.string() },
  nameProperty: 'DashboardName',
  withoutLocalEffect: {},
  create(properties, site) {
    const name = properties.DashboardName ?? physicalName(site, { maxLength: 255 });
    const { dashboards } = site.cloud.cloudWatch;
    const dashboard = { name, body: properties.DashboardBody };
    dashboards.push(dashboard);
    return { physicalId: name, attributes: {}, remove: removalFrom(dashboards, dashboard) };
  },
});
