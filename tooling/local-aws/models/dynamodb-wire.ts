import {
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DynamoDBServiceException,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type {
  BatchGetItemCommandInput,
  DeleteItemCommandInput,
  GetItemCommandInput,
  PutItemCommandInput,
  QueryCommandInput,
  ScanCommandInput,
  TransactWriteItemsCommandInput,
  UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { AwsServiceError } from '../emulators/aws-json-client.ts';

/** The input of an operation: the model itself refuses what it does not know of it. */
function inputOf<Input extends object>(): z.ZodType<Input> {
  return z.custom<Input>((input) => typeof input === 'object' && input !== null);
}

/** The commands of the SDK, by operation. */
const COMMANDS: Readonly<Record<string, (input: unknown) => object>> = {
  BatchGetItem: (input) => new BatchGetItemCommand(inputOf<BatchGetItemCommandInput>().parse(input)),
  DeleteItem: (input) => new DeleteItemCommand(inputOf<DeleteItemCommandInput>().parse(input)),
  GetItem: (input) => new GetItemCommand(inputOf<GetItemCommandInput>().parse(input)),
  PutItem: (input) => new PutItemCommand(inputOf<PutItemCommandInput>().parse(input)),
  Query: (input) => new QueryCommand(inputOf<QueryCommandInput>().parse(input)),
  Scan: (input) => new ScanCommand(inputOf<ScanCommandInput>().parse(input)),
  TransactWriteItems: (input) =>
    new TransactWriteItemsCommand(inputOf<TransactWriteItemsCommandInput>().parse(input)),
  UpdateItem: (input) => new UpdateItemCommand(inputOf<UpdateItemCommandInput>().parse(input)),
};

/** The operations on items that the model knows. */
export const ITEM_OPERATIONS = Object.keys(COMMANDS);

const WITHOUT_COUNTING = z
  .looseObject({ ReturnConsumedCapacity: z.unknown(), ReturnItemCollectionMetrics: z.unknown() })
  .partial()
  .transform(({ ReturnConsumedCapacity: _units, ReturnItemCollectionMetrics: _metrics, ...input }) => input);

/** A request as the SDK would have made it. The model counts no consumed capacity, whatever is asked. */
export function toCommand(operation: string, request: unknown): object {
  const command = COMMANDS[operation];
  if (!command) throw new AwsServiceError('UnknownOperationException', `${operation} is not known here.`);
  return command(WITHOUT_COUNTING.parse(bytesFromText(request)));
}

/** Replaces each `{"B": "<base64>"}` by its bytes. */
function bytesFromText(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bytesFromText);
  if (!isObject(value)) return value;
  const { B: bytes } = value;
  if (typeof bytes === 'string' && Object.keys(value).length === 1)
    return { B: Buffer.from(bytes, 'base64') };
  return Object.fromEntries(Object.entries(value).map(([name, it]) => [name, bytesFromText(it)]));
}

/** Replaces bytes by their base64, as JSON has them. */
export function textFromBytes(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(textFromBytes);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, it]) => [name, textFromBytes(it)]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** What the model throws, as an answer. Anything else is no answer of DynamoDB's. */
export function toRefusal(error: unknown): AwsServiceError | undefined {
  if (!(error instanceof DynamoDBServiceException)) return undefined;
  const fields = {
    ...(error instanceof ConditionalCheckFailedException &&
      error.Item && { Item: textFromBytes(error.Item) }),
    ...(error instanceof TransactionCanceledException && { CancellationReasons: error.CancellationReasons }),
  };
  return new AwsServiceError(error.name, error.message, fields);
}
