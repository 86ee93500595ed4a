import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';

import type { AwsClientFactories } from './runtime.ts';

// Each factory is an export of its own: a bundle holds the clients of those that its handler imports, and no
// others.

/** The SDK's client of DynamoDB. */
export const dynamodb: AwsClientFactories['dynamodb'] = (settings = {}) => new DynamoDBClient(settings);

/** The SDK's client of EventBridge. */
export const eventBridge: AwsClientFactories['eventBridge'] = (settings = {}) =>
  new EventBridgeClient(settings);

/** The SDK's client of Secrets Manager. */
export const secretsManager: AwsClientFactories['secretsManager'] = (settings = {}) =>
  new SecretsManagerClient(settings);

/** The SDK's client of SQS. */
export const sqs: AwsClientFactories['sqs'] = (settings = {}) => new SQSClient(settings);
