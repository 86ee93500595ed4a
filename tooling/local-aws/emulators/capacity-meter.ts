import type { IncomingMessage } from 'node:http';
import * as z from 'zod';
import type { MetricStore } from '../cloudwatch/metric-store.ts';
import type { AccessControl } from '../iam/access-control.ts';
import { dynamoDbRequests } from '../iam/dynamodb-requests.ts';
import type { TableKeys } from '../iam/dynamodb-requests.ts';
import { listenOnLoopback } from '../loopback-server.ts';
import type { LoopbackServer } from '../loopback-server.ts';
import { readBody } from '../read-body.ts';
import { AwsServiceError } from './aws-json-client.ts';
import type { DynamoDbFaults } from './dynamodb-faults.ts';
import { forwarderTo } from './forwarder.ts';

/** What a request may be: DynamoDB's own limit is 16 MB. */
const REQUEST_LIMIT_BYTES = 32 * 1024 * 1024;

const UnitsSchema = z.object({ CapacityUnits: z.number() });
const ConsumedSchema = z.object({
  TableName: z.string(),
  Table: UnitsSchema.default({ CapacityUnits: 0 }),
  GlobalSecondaryIndexes: z.record(z.string(), UnitsSchema).default({}),
});
const AnswerSchema = z.looseObject({
  ConsumedCapacity: z.union([z.array(ConsumedSchema), ConsumedSchema.transform((one) => [one])]).default([]),
});
type Consumed = z.infer<typeof ConsumedSchema>;

const ANSWER_HEADERS = { 'content-type': 'application/x-amz-json-1.0' };

const READS = ['GetItem', 'Query', 'Scan', 'BatchGetItem', 'TransactGetItems'];
const WRITES = ['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem', 'TransactWriteItems'];

/** Where the units go, and who may do what with which tables. */
type Meter = {
  store: MetricStore;
  access: AccessControl;
  tableKeys: ReadonlyMap<string, TableKeys>;
  /** What befalls requests. */
  faults: DynamoDbFaults;
};

/**
 * Stands before the DynamoDB emulator for functions, refuses what their roles do not allow, lets the faults
 * happen that are asked for, and puts the units that each request consumes, of the table and of each index.
 * It asks the emulator for them and takes them out of its answer, so nobody who calls sees a difference. A
 * condition that fails consumes units on AWS too; the emulator does not say how many, and they are not put.
 *
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
 */
export function startCapacityMeter(
  dynamodbEndpoint: string,
  { store, access, tableKeys, faults }: Meter,
): Promise<LoopbackServer> {
  const forward = forwarderTo(dynamodbEndpoint);
  const answer = async (request: IncomingMessage) => {
    const body = await readBody(request, REQUEST_LIMIT_BYTES);
    if (body === 'too-large') throw new Error('The request is too large.');
    const operation = String(request.headers['x-amz-target'] ?? '').replace(/^DynamoDB_\d+\./u, '');
    const input: unknown = JSON.parse(body.toString());
    access.checkSigned(request.headers.authorization, () => dynamoDbRequests(operation, input, tableKeys));
    const met = faults.meet(operation, input);
    if (met !== undefined) return { status: 200, headers: ANSWER_HEADERS, text: JSON.stringify(met) };
    const isMeasured = READS.includes(operation) || WRITES.includes(operation);
    const { status, contentType, text } = await forward(request.headers, isMeasured ? asking(input) : body);
    return {
      status,
      headers: contentType === undefined ? ANSWER_HEADERS : { 'content-type': contentType },
      text: isMeasured && status === 200 ? measured(text, { operation, store }) : text,
    };
  };

  return listenOnLoopback((request, response) => {
    answer(request).then(
      ({ status, headers, text }) => {
        response.writeHead(status, headers).end(text);
      },
      (error: unknown) => {
        // Whatever else it is: as if nobody listened, because the emulator is gone.
        if (error instanceof AwsServiceError) response.writeHead(400, ANSWER_HEADERS).end(error.toJson());
        else response.destroy();
      },
    );
  });
}

/** The request as one that asks for the units, spread over table and indexes. */
function asking(input: unknown): string {
  return JSON.stringify({ ...z.looseObject({}).parse(input), ReturnConsumedCapacity: 'INDEXES' });
}

/** Puts the units of an answer; returns the answer without them. */
function measured(text: string, { operation, store }: { operation: string; store: MetricStore }): string {
  const { ConsumedCapacity: consumed, ...answer } = AnswerSchema.parse(JSON.parse(text));
  for (const one of consumed) putUnits(one, { operation, store });
  return JSON.stringify(answer);
}

function putUnits(
  { TableName, Table, GlobalSecondaryIndexes }: Consumed,
  { operation, store }: { operation: string; store: MetricStore },
): void {
  const name = READS.includes(operation) ? 'ConsumedReadCapacityUnits' : 'ConsumedWriteCapacityUnits';
  const metric = { namespace: 'AWS/DynamoDB', name };
  const atMs = Date.now();
  store.put({ ...metric, dimensions: { TableName } }, { atMs, value: Table.CapacityUnits });
  for (const [index, { CapacityUnits: value }] of Object.entries(GlobalSecondaryIndexes)) {
    const dimensions = { TableName, GlobalSecondaryIndexName: index };
    store.put({ ...metric, dimensions }, { atMs, value });
  }
}
