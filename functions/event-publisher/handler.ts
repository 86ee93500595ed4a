import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import middy from '@middy/core';
import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda';

import { METRICS } from '../../shared/domain/metrics.ts';
import { createEventBus } from '../../shared/events/event-bus.ts';
import { parseEnvironment } from '../../shared/runtime/env.ts';
import { flushMetrics } from '../../shared/runtime/flush-metrics.ts';
import { functionMetrics } from '../../shared/runtime/function-metrics.ts';
import { EnvironmentSchema } from './env.ts';
import { publishChanges } from './publish-changes.ts';

const env = parseEnvironment(EnvironmentSchema, process.env);
const metrics = functionMetrics(METRICS, process.env);

const putEvents = createEventBus({ client: new EventBridgeClient(), busName: env.EVENT_BUS_NAME });

export const handler = middy<DynamoDBStreamEvent, DynamoDBBatchResponse>()
  .use(flushMetrics(metrics))
  .handler(async ({ Records: records }) => {
    const changes = records.map(({ dynamodb: change }) => ({
      sequenceNumber: change?.SequenceNumber ?? '',
      before: change?.OldImage,
      after: change?.NewImage,
    }));
    const firstLost = await publishChanges(changes, {
      putEvents,
      metrics,
      includePersonalFields: env.INCLUDE_PERSONAL_FIELDS,
    });
    return { batchItemFailures: firstLost === undefined ? [] : [{ itemIdentifier: firstLost }] };
  });
