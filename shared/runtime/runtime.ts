import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SQSClient } from '@aws-sdk/client-sqs';

import type { Metrics } from './metric-definitions.ts';

/** The AWS clients that functions use, each as far as they use it. */
export type AwsClients = {
  dynamodb: Pick<DynamoDBClient, 'send'>;
  eventBridge: Pick<EventBridgeClient, 'send'>;
  secretsManager: Pick<SecretsManagerClient, 'send'>;
  sqs: Pick<SQSClient, 'send'>;
};

/** The time limits of a client; see `shortTimeouts`. */
export type ClientSettings = {
  maxAttempts?: number;
  requestHandler?: { connectionTimeout: number; requestTimeout: number; throwOnRequestTimeout: boolean };
};

/** Creates clients, one function for each service. */
export type AwsClientFactories = {
  [Service in keyof AwsClients]: (settings?: ClientSettings) => AwsClients[Service];
};

/**
 * What a function is composed from: everything outside its own code, so that Lambda, the simulator and tests
 * run the same composition. `Service` names the AWS services that the function calls.
 */
export type Runtime<Service extends keyof AwsClients = never> = {
  /** The environment variables. */
  env: Readonly<Record<string, string | undefined>>;
  aws: Pick<AwsClientFactories, Service>;
  metrics: Metrics;
  now: () => Date;
  /** A number from 0 up to but not including 1, as `Math.random` gives. */
  random: () => number;
  /** Resolves after this number of milliseconds. */
  wait: (ms: number) => Promise<void>;
};

/** The part of Lambda's context that functions use. */
export type InvocationContext = {
  /** Stays the same in Lambda's own retries of an asynchronous invocation. */
  awsRequestId: string;
  getRemainingTimeInMillis: () => number;
};

/**
 * A composed function. Composing it parses its environment and creates its clients; it makes no call before
 * `prime` or `handle`.
 */
export type ComposedFunction<Event, Result> = {
  handle: (event: Event, context: InvocationContext) => Promise<Result>;
  /** What can be done before the first event. Never rejects. */
  prime?: () => Promise<void>;
};
