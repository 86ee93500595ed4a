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

/** How a client waits for AWS; see `shortTimeouts`. */
export type ClientSettings = {
  maxAttempts?: number;
  requestHandler?: { connectionTimeout: number; requestTimeout: number; throwOnRequestTimeout: boolean };
};

/** Makes clients, one function for each service. */
export type AwsClientFactories = {
  [Service in keyof AwsClients]: (settings?: ClientSettings) => AwsClients[Service];
};

/**
 * What a function is composed from: everything outside of its own code, so that Lambda, the simulator and
 * tests run the same composition. `Service` names the AWS services that the function calls.
 */
export type Runtime<Service extends keyof AwsClients = never> = {
  /** The environment variables. */
  env: Readonly<Record<string, string | undefined>>;
  aws: Pick<AwsClientFactories, Service>;
  metrics: Metrics;
  now: () => Date;
  /** A number from 0 up to but not including 1, as `Math.random` gives. */
  random: () => number;
  /** Resolves after so many milliseconds. */
  wait: (ms: number) => Promise<void>;
};

/** The part of Lambda's context that functions use. */
export type InvocationContext = {
  /** Lambda's own retries of an asynchronous invocation keep it. */
  awsRequestId: string;
  getRemainingTimeInMillis: () => number;
};

/**
 * A composed function. Composing it parses its environment and makes its clients; it calls nobody before
 * `prime` or `handle`.
 */
export type ComposedFunction<Event, Result> = {
  handle: (event: Event, context: InvocationContext) => Promise<Result>;
  /** What can be done before the first event. Never rejects. */
  prime?: () => Promise<void>;
};
