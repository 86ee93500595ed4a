import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';

import type { AwsClientFactories } from './runtime.ts';

/**
 * The SDK copies what goes in and out for a logger, and none of ours is one that wants it: that is a tenth of
 * what reading a row costs.
 */
function withoutLogging<Client extends { middlewareStack: { remove(name: string): boolean } }>(
  client: Client,
): Client {
  client.middlewareStack.remove('loggerMiddleware');
  return client;
}

/**
 * - `retryMode`: bundles hold no other way to retry (infra/function-bundles.ts), so the environment must not
 *   choose one.
 * - `cacheMiddleware`: a client builds the chain of its steps once for each operation, and not for each call.
 *
 * Source: https://github.com/aws/aws-sdk-js-v3/blob/main/supplemental-docs/CLIENTS.md
 */
const SETTINGS = { retryMode: 'standard', cacheMiddleware: true } as const;

// Each factory is an export of its own: a bundle holds the clients of those that its handler imports, and no
// others.

/** The SDK's client of DynamoDB. */
export const dynamodb: AwsClientFactories['dynamodb'] = (settings = {}) =>
  withoutLogging(new DynamoDBClient({ ...SETTINGS, ...settings }));

/** The SDK's client of EventBridge. */
export const eventBridge: AwsClientFactories['eventBridge'] = (settings = {}) =>
  withoutLogging(new EventBridgeClient({ ...SETTINGS, ...settings }));

/** The SDK's client of Secrets Manager. */
export const secretsManager: AwsClientFactories['secretsManager'] = (settings = {}) =>
  withoutLogging(new SecretsManagerClient({ ...SETTINGS, ...settings }));

/** The SDK's client of SQS. */
export const sqs: AwsClientFactories['sqs'] = (settings = {}) =>
  withoutLogging(new SQSClient({ ...SETTINGS, ...settings }));
