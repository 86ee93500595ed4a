import * as z from 'zod';
import { defineResource, physicalName } from '../resource-definition.ts';

/** A metric made of log lines; there are no metrics here. */
export const logsMetricFilter = defineResource({
  type: 'AWS::Logs::MetricFilter',
  properties: { FilterName: z.string().optional() },
  withoutLocalEffect: {
    FilterPattern: 'nothing counts lines',
    LogGroupName: 'nothing counts lines',
    MetricTransformations: 'there is no CloudWatch here',
  },
  create: (properties, site) => ({
    physicalId: properties.FilterName ?? physicalName(site, { maxLength: 512 }),
    attributes: {},
  }),
});
