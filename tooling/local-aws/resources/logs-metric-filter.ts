import * as z from 'zod';
import { createMetricFilter, METRIC_FILTER_PROPERTIES } from '../cloudwatch/metric-filter.ts';
import { defineResource, physicalName, removalFrom } from '../resource-definition.ts';

/** A metric made of a log group's lines. */
export const logsMetricFilter = defineResource({
  type: 'AWS::Logs::MetricFilter',
  properties: { ...METRIC_FILTER_PROPERTIES, FilterName: z.string().optional() },
  withoutLocalEffect: {},
  create(properties, site) {
    const { FilterName: givenName, ...described } = properties;
    const { metricFilters, metrics } = site.cloud.cloudWatch;
    const filter = createMetricFilter(described, metrics);
    metricFilters.push(filter);
    return {
      physicalId: givenName ?? physicalName(site, { maxLength: 512 }),
      attributes: {},
      remove: removalFrom(metricFilters, filter),
    };
  },
});
