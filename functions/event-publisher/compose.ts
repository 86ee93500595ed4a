import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda';

import { createEventBus } from '../../shared/transactions/event-bus.ts';
import type { ComposedFunction, Runtime } from '../../shared/runtime/runtime.ts';
import { parseEnvironment } from '../../shared/runtime/env.ts';
import { EnvironmentSchema } from './env.ts';
import { publishChanges } from './publish-changes.ts';

/** Composes the function that publishes the changes in the stream of the transactions table. */
export function composeEventPublisher({
  env: variables,
  aws,
  metrics,
}: Runtime<'eventBridge'>): ComposedFunction<DynamoDBStreamEvent, DynamoDBBatchResponse> {
  const env = parseEnvironment(EnvironmentSchema, variables);
  const ports = {
    putEvents: createEventBus({ client: aws.eventBridge(), busName: env.EVENT_BUS_NAME }),
    metrics,
    includePersonalFields: env.INCLUDE_PERSONAL_FIELDS,
    finalizationDays: env.FINALIZATION_DAYS,
  };
  return {
    async handle({ Records: records }) {
      const changes = records.map(({ dynamodb: change }) => ({
        sequenceNumber: change?.SequenceNumber ?? '',
        before: change?.OldImage,
        after: change?.NewImage,
      }));
      const firstFailed = await publishChanges(changes, ports);
      return { batchItemFailures: firstFailed === undefined ? [] : [{ itemIdentifier: firstFailed }] };
    },
  };
}
