import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda';

import { createCheckoutStore } from '../../shared/transactions/store/checkout-store.ts';
import { createEventBus } from '../../shared/transactions/event-bus.ts';
import type { ComposedFunction, Runtime } from '../../shared/runtime/runtime.ts';
import { parseEnvironment } from '../../shared/runtime/env.ts';
import { shortTimeouts } from '../../shared/runtime/short-timeouts.ts';
import { EnvironmentSchema } from './env.ts';
import { publishChanges } from './publish-changes.ts';

/**
 * Time limits for the table of the checkouts. Events come first: a checkout that is not found in this time is
 * found with the transaction's next version.
 */
const SHORT_TIMEOUTS = shortTimeouts(1000);

/** Composes the function that publishes the changes in the stream of the transactions table. */
export function composeEventPublisher({
  env: variables,
  aws,
  metrics,
  now,
}: Runtime<'dynamodb' | 'eventBridge'>): ComposedFunction<DynamoDBStreamEvent, DynamoDBBatchResponse> {
  const env = parseEnvironment(EnvironmentSchema, variables);
  const ports = {
    putEvents: createEventBus({ client: aws.eventBridge(), busName: env.EVENT_BUS_NAME }),
    checkouts: createCheckoutStore({ client: aws.dynamodb(SHORT_TIMEOUTS), table: env.TRANSACTIONS_TABLE }),
    metrics,
    now,
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
