import { ChangeMessageVisibilityCommand } from '@aws-sdk/client-sqs';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';

import { parseEnvironment } from '../../shared/runtime/env.ts';
import type { ComposedFunction, Runtime } from '../../shared/runtime/runtime.ts';
import { cachedSecret } from '../../shared/runtime/secret.ts';
import { processBatch } from '../../shared/runtime/sqs-batch.ts';
import { parseSigningSecrets } from '../../shared/transactions/rules/signing-secrets.ts';
import { deliverEvent, type DeliverEventPorts } from './deliver-event.ts';
import { EnvironmentSchema } from './env.ts';
import type { OpenPost } from './post.ts';

/** The time that a message takes besides its request: to read the secret, and to hide the message. */
const OVERHEAD_MS = 5000;

/** Composes the function that sends the events of the reward queue to the publisher's own URL. */
export function composeEventDelivery({
  env: variables,
  aws,
  openPost,
  now,
  random,
}: Runtime<'secretsManager' | 'sqs'> & { openPost: OpenPost }): ComposedFunction<SQSEvent, SQSBatchResponse> {
  const env = parseEnvironment(EnvironmentSchema, variables);
  const sqs = aws.sqs();
  const ports: DeliverEventPorts = {
    post: openPost({ url: env.DELIVERY_URL, timeoutMs: env.DELIVERY_TIMEOUT_MS }),
    secrets: cachedSecret({
      client: aws.secretsManager(),
      secretId: env.DELIVERY_SECRETS_ID,
      parse: parseSigningSecrets,
      now: () => now().getTime(),
    }),
    hide: async (receiptHandle, seconds) => {
      await sqs.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: env.REWARD_QUEUE_URL,
          ReceiptHandle: receiptHandle,
          VisibilityTimeout: seconds,
        }),
      );
    },
    now,
    random,
  };
  return {
    handle: ({ Records: records }, context) =>
      processBatch({
        records,
        timeLeft: () => context.getRemainingTimeInMillis() > env.DELIVERY_TIMEOUT_MS + OVERHEAD_MS,
        handle: ({ body, receiptHandle, attributes }) =>
          deliverEvent({ body, receiptHandle, receives: Number(attributes.ApproximateReceiveCount) }, ports),
      }),
  };
}
