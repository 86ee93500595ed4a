/**
 * Takes the place of what the SDK loads at every cold start and no function uses (infra/function-bundles.ts):
 * event streams, which the operations of S3 Select or Kinesis have, the discovery of endpoints, which
 * DynamoDB's client leaves off unless it is configured, and settings in files.
 *
 * Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-endpoint-discovery.html
 */

/** Where DynamoDB's client keeps discovered endpoints. */
export function EndpointCache(): void {
  // Nothing is ever discovered.
}

/** What would read and write a stream of events. Throws: no operation of ours has one. */
export function EventStreamSerde(): void {
  throw new Error('This bundle has no event streams');
}

/** What would encode the events of a stream. */
export const eventStreamSerdeProvider = (): object => ({});

/** What would read the SDK's settings from files: there are none. */
export const loadSharedConfigFiles = (): Promise<object> =>
  Promise.resolve({ configFile: {}, credentialsFile: {} });
