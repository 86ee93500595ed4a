import { hash } from 'node:crypto';
import { Agent, request as requestPlain } from 'node:http';
import { text } from 'node:stream/consumers';

import * as z from 'zod';

import type { AwsJsonClient } from '@button-serverless/local-aws/emulators';
import type { DynamoDbEmulator } from '@button-serverless/local-aws/emulators';
import { itemBytes, writeUnits } from '../billing.ts';
import { listen, type Answer, type Certificate } from './server.ts';
import { createTables } from './tables.ts';

/** The calls to AWS, counted as AWS would bill them. */
export type Usage = {
  /** By service and operation: `DynamoDB.PutItem`. */
  calls: Record<string, number>;
  readUnits: number;
  writeUnits: number;
};

/**
 * AWS on this machine: the parts of DynamoDB, Secrets Manager, SQS and EventBridge that the functions call.
 */
export type AwsStandIn = {
  /** For `AWS_ENDPOINT_URL`. */
  url: string;
  /** The calls since the last `resetUsage`. */
  usage: () => Usage;
  resetUsage: () => void;
  /** Deletes all tables and creates empty ones. */
  resetTables: () => Promise<void>;
  /** A client for the tables behind it. Its calls are not counted. */
  tables: AwsJsonClient;
  close: () => Promise<void>;
};

/** The options of the stand-in. */
export type AwsStandInOptions = {
  /**
   * Behaves like DynamoDB, including conditions. A test in benchmarks/test proves that it counts units as AWS
   * does.
   */
  dynamodb: DynamoDbEmulator;
  certificate: Certificate | undefined;
  /** The values of all secrets, by id. */
  secrets: Readonly<Record<string, string>>;
};

/** Starts the stand-in with empty tables. */
export async function startAwsStandIn({
  dynamodb,
  certificate,
  secrets,
}: AwsStandInOptions): Promise<AwsStandIn> {
  let usage = noUsage();
  const resetTables = (): Promise<void> => createTables(dynamodb.tables);
  await resetTables();

  const answerTo = async (target: string, body: string): Promise<Answer> => {
    const [service = '', operation = ''] = target.split('.');
    const name = `${SERVICES[service] ?? service}.${operation}`;
    usage.calls[name] = (usage.calls[name] ?? 0) + 1;
    if (service === 'DynamoDB_20120810') {
      const answer = await forward(dynamodb.endpoint, target, body);
      return countUnits(usage, operation, answer);
    }
    return { status: 200, body: JSON.stringify(answerOf(name, JSON.parse(body), secrets)) };
  };
  const server = await listen(certificate, async ({ headers, body }) =>
    answerTo(String(headers['x-amz-target']), body),
  );
  return {
    url: server.url,
    usage: () => structuredClone(usage),
    resetUsage: () => {
      usage = noUsage();
    },
    resetTables,
    tables: dynamodb.tables,
    close: server.close,
  };
}

const SERVICES: Readonly<Record<string, string>> = {
  DynamoDB_20120810: 'DynamoDB',
  secretsmanager: 'SecretsManager',
  AmazonSQS: 'SQS',
  AWSEvents: 'EventBridge',
};

function noUsage(): Usage {
  return { calls: {}, readUnits: 0, writeUnits: 0 };
}

const agent = new Agent({ keepAlive: true });

/** Forwards a call and asks for the units that it consumes. */
function forward(endpoint: string, target: string, body: string): Promise<Answer> {
  const asking = JSON.stringify({ ...InputSchema.parse(JSON.parse(body)), ReturnConsumedCapacity: 'TOTAL' });
  return new Promise((resolve, reject) => {
    const outgoing = requestPlain(
      endpoint,
      {
        method: 'POST',
        agent,
        headers: {
          'content-type': 'application/x-amz-json-1.0',
          'content-length': Buffer.byteLength(asking),
          'x-amz-target': target,
          'x-amz-date': '20260101T000000Z',
          authorization:
            'AWS4-HMAC-SHA256 Credential=bench/20260101/eu-west-1/dynamodb/aws4_request, SignedHeaders=host, Signature=bench',
        },
      },
      (incoming) => {
        text(incoming).then((answer) => {
          resolve({ status: incoming.statusCode ?? 0, body: answer });
        }, reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(asking);
  });
}

const InputSchema = z.record(z.string(), z.unknown());
const CapacitySchema = z.object({ CapacityUnits: z.number(), TableName: z.string() });
const AnswerSchema = z.looseObject({
  ConsumedCapacity: z.union([CapacitySchema, z.array(CapacitySchema)]).optional(),
  __type: z.string().optional(),
  Item: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
});

const READS = new Set(['GetItem', 'BatchGetItem', 'Query', 'Scan']);

/** Counts the units of a call and removes them from the answer, because the caller did not ask for them. */
function countUnits(usage: Usage, operation: string, { status, body }: Answer): Answer {
  const { ConsumedCapacity: capacity = [], ...answer } = AnswerSchema.parse(JSON.parse(body));
  const units = [capacity].flat().reduce((sum, { CapacityUnits }) => sum + CapacityUnits, 0);
  if (READS.has(operation)) usage.readUnits += units;
  else usage.writeUnits += units;
  // The emulator does not report the units of a failed condition.
  if (answer.__type?.endsWith('ConditionalCheckFailedException')) {
    usage.writeUnits += answer.Item ? writeUnits(itemBytes(answer.Item)) : 1;
  }
  return { status, body: JSON.stringify(answer) };
}

function answerOf(name: string, input: unknown, secrets: Readonly<Record<string, string>>): object {
  switch (name) {
    case 'SecretsManager.GetSecretValue': {
      const { SecretId: id } = z.object({ SecretId: z.string() }).parse(input);
      return { SecretString: secrets[id], Name: id };
    }
    case 'SQS.SendMessage': {
      const { MessageBody: body } = z.object({ MessageBody: z.string() }).parse(input);
      return { MessageId: 'sent', MD5OfMessageBody: md5(body) };
    }
    case 'SQS.SendMessageBatch': {
      const { Entries: entries } = BatchSchema.parse(input);
      return {
        Successful: entries.map(({ Id, MessageBody }) => ({
          Id,
          MessageId: Id,
          MD5OfMessageBody: md5(MessageBody),
        })),
      };
    }
    case 'EventBridge.PutEvents': {
      const { Entries: entries } = z.object({ Entries: z.array(z.unknown()) }).parse(input);
      return { FailedEntryCount: 0, Entries: entries.map((_, index) => ({ EventId: String(index) })) };
    }
    default:
      throw new Error(`The stand-in knows nothing of ${name}.`);
  }
}

const BatchSchema = z.object({ Entries: z.array(z.object({ Id: z.string(), MessageBody: z.string() })) });

function md5(body: string): string {
  return hash('md5', body);
}
