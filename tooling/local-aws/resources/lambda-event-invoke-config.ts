import * as z from 'zod';
import { findFunction } from '../cloud.ts';
import { DEFAULT_ASYNC_RETRIES } from '../lambda/async-retries.ts';
import { defineResource, physicalName } from '../resource-definition.ts';

/** How a function's failed asynchronous invocations are tried again. */
export const lambdaEventInvokeConfig = defineResource({
  type: 'AWS::Lambda::EventInvokeConfig',
  properties: {
    FunctionName: z.string(),
    Qualifier: z.literal('$LATEST'),
    MaximumRetryAttempts: z.int().min(0).max(2).default(2),
    MaximumEventAgeInSeconds: z.int().min(60).max(21_600).default(21_600),
  },
  withoutLocalEffect: {},
  create(properties, site) {
    const target = findFunction(site.cloud, properties.FunctionName);
    target.setAsyncRetries({
      delaysMs: DEFAULT_ASYNC_RETRIES.delaysMs.slice(0, properties.MaximumRetryAttempts),
      maximumEventAgeMs: properties.MaximumEventAgeInSeconds * 1000,
    });
    return {
      physicalId: physicalName(site, { maxLength: 128 }),
      attributes: {},
      remove: () => {
        target.setAsyncRetries(DEFAULT_ASYNC_RETRIES);
      },
    };
  },
});
