import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import middy from '@middy/core';
import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda';

import type { TransactionChanged } from '../../shared/domain/transaction-changed.ts';
import { METRICS, METRICS_NAMESPACE } from '../../shared/domain/metrics.ts';
import { parseEnvironment } from '../../shared/runtime/env.ts';
import { flushMetrics } from '../../shared/runtime/flush-metrics.ts';
import { createMetrics } from '../../shared/runtime/metrics.ts';
import { EnvironmentSchema } from './env.ts';
import { publishChanges } from './publish-changes.ts';

const env = parseEnvironment(EnvironmentSchema, process.env);
const eventBridge = new EventBridgeClient();
const metrics = createMetrics({ namespace: METRICS_NAMESPACE, definitions: METRICS });

/** EventBridge's limit for one call: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html */
const MAX_ENTRIES = 10;

async function putEvents(events: readonly TransactionChanged[]): Promise<boolean[]> {
  const taken: boolean[] = [];
  for (let start = 0; start < events.length; start += MAX_ENTRIES) {
    const entries = events.slice(start, start + MAX_ENTRIES);
    const { Entries: results = [] } = await eventBridge.send(
      new PutEventsCommand({
        Entries: entries.map(({ type, detail }) => ({
          EventBusName: env.EVENT_BUS_NAME,
          Source: 'button.transactions',
          DetailType: type,
          Detail: JSON.stringify(detail),
          Time: new Date(detail.modifiedDate),
        })),
      }),
    );
    taken.push(...entries.map((_, index) => results[index]?.EventId !== undefined));
  }
  return taken;
}

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
