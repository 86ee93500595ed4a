import { awsJsonClient } from '../emulators/aws-json-client.ts';
import { serveAwsJson } from '../emulators/aws-json-server.ts';
import type { DynamoDbEmulator } from '../emulators/dynamodb-emulator.ts';
import type { StreamDivision } from './stream-model.ts';
import { createTableService } from './table-service.ts';

/** As a new table on demand: four partitions. Shards are closed far sooner than DynamoDB closes them. */
const DIVISION: StreamDivision = { shards: 4, splitsAfter: 25, mostOpen: 8 };

/** How often items are deleted whose time to live is over. DynamoDB takes up to a few days. */
const EXPIRY_INTERVAL_MS = 1000;

/**
 * Serves the model of DynamoDB and its streams, in this process, as the emulator serves its own. Its items
 * are deleted as soon as their time to live is over, and its streams have several shards.
 */
export async function startDynamoDbModel(
  region: string,
  division: StreamDivision = DIVISION,
  expiryIntervalMs = EXPIRY_INTERVAL_MS,
): Promise<DynamoDbEmulator> {
  const service = createTableService(region, division);
  const authorize = () => undefined;
  const [tables, streams] = await Promise.all([
    serveAwsJson('DynamoDB_20120810', { operations: service.tables, authorize }),
    serveAwsJson('DynamoDBStreams_20120810', { operations: service.streams, authorize }),
  ]);
  const expiry = setInterval(() => {
    service.expire();
  }, expiryIntervalMs).unref();
  return {
    endpoint: tables.url,
    tables: awsJsonClient({ endpoint: tables.url, service: 'DynamoDB_20120810', region }),
    streams: awsJsonClient({ endpoint: streams.url, service: 'DynamoDBStreams_20120810', region }),
    failed: new Promise<never>(() => undefined),
    async close() {
      clearInterval(expiry);
      await Promise.all([tables.close(), streams.close()]);
    },
  };
}
