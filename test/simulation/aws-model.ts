import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetSecretValueCommand, ResourceNotFoundException } from '@aws-sdk/client-secrets-manager';

import type { AwsClientFactories } from '../../shared/runtime/runtime.ts';
import type { DynamoDBModel } from '../../tooling/local-aws/models/dynamodb-model.ts';
import type { Host } from './lambda-model.ts';
import { TABLES } from './resources.ts';
import { queueNameOf, type SqsModel } from '../../tooling/local-aws/models/sqs-model.ts';

/** An event that the bus accepted; `detail` is JSON. */
export type BusEvent = { type: string; detail: string };

/** The models of the AWS services. */
export type AwsModel = {
  dynamodb: DynamoDBModel;
  sqs: SqsModel;
  /** The values of secrets by name. A secret without a value does not exist. */
  secrets: ReadonlyMap<string, string>;
  bus: BusEvent[];
  /** Whether the bus loses an event. */
  losesEvent: (type: string) => boolean;
};

/** The AWS clients of one process. Every call goes through `process.call`. */
export function createAwsClients(
  process: Pick<Host, 'call'>,
  { dynamodb, sqs, secrets, bus, losesEvent }: AwsModel,
): AwsClientFactories {
  const client = (
    service: 'dynamodb' | 'sqs' | 'secrets' | 'events',
    perform: (command: Sent, staleForMs: number | undefined) => object,
  ): (() => { send: never }) => {
    const send = (command: Sent): Promise<object> => {
      const call = {
        service,
        target: targetOf(command.input),
        operation: command.constructor.name,
        input: command.input,
      };
      return process.call(call, ({ staleForMs }) => perform(command, staleForMs));
    };
    return () => ({ send: send as never });
  };
  return {
    dynamodb: client('dynamodb', (command, staleForMs) =>
      dynamodb.execute(command, staleForMs === undefined ? {} : { staleForMs }),
    ),
    sqs: client('sqs', (command) => sqs.execute(command)),
    secretsManager: client('secrets', (command) => readSecret(command, secrets)),
    eventBridge: client('events', (command) => putEvents(command, bus, losesEvent)),
  };
}

type Sent = { input: object; constructor: { name: string } };

function targetOf(input: object): string {
  const {
    TableName: table,
    QueueUrl: queue,
    SecretId: secret,
    RequestItems: batch,
  } = input as Record<string, unknown>;
  const queueName = typeof queue === 'string' ? queueNameOf(queue) : undefined;
  const named = table ?? queueName ?? secret ?? (batch ? Object.keys(batch)[0] : undefined);
  if (typeof named === 'string') return named;
  return 'TransactItems' in input ? TABLES.positions : 'bus';
}

function readSecret(command: object, secrets: ReadonlyMap<string, string>): object {
  if (!(command instanceof GetSecretValueCommand))
    throw new Error('The model of Secrets Manager reads values only');
  const value = secrets.get(command.input.SecretId ?? '');
  if (value === undefined)
    throw new ResourceNotFoundException({ message: 'There is no value', $metadata: {} });
  return { SecretString: value };
}

/** A call can succeed and still lose some of its entries. */
function putEvents(command: object, bus: BusEvent[], isLost: AwsModel['losesEvent']): object {
  if (!(command instanceof PutEventsCommand)) throw new Error('The model of EventBridge takes events only');
  const { Entries: entries = [] } = command.input;
  const results = entries.map(({ DetailType: type = '', Detail: detail = '' }) => {
    if (isLost(type)) return { ErrorCode: 'InternalFailure' };
    bus.push({ type, detail });
    return { EventId: String(bus.length) };
  });
  return { Entries: results, FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length };
}
