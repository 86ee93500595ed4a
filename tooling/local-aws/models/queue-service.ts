import { randomUUID } from 'node:crypto';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSServiceException,
} from '@aws-sdk/client-sqs';
import { AwsServiceError } from '../emulators/aws-json-client.ts';
import type { AwsOperation } from '../emulators/aws-json-server.ts';
import { LOCAL_ACCOUNT_ID } from '../emulators/sqs-emulator.ts';
import type { QueueContents } from '../emulators/sqs-emulator.ts';
import type { QueueLevel } from '../emulators/sqs-metrics.ts';
import { createMoveTasks } from './message-moves.ts';
import { contentsOf, describeQueue, levelOf } from './queue-view.ts';
import { createReceiver } from './receive-messages.ts';
import { checkBatch } from './sqs-limits.ts';
import { queueNameOf, SqsModel } from './sqs-model.ts';
import { md5Of, MessageIdSchema, readInput, readQueue, SqsInput } from './sqs-wire.ts';

/** The queues of one region, with every operation of SQS that is known here. */
export type QueueService = {
  operations: Record<string, AwsOperation>;
  /** The ARN of the queue that a request is about. */
  arnIn(input: unknown): string;
  /** Where the queues' URLs begin. */
  listensAt(endpoint: string): void;
  urlOf(queueName: string): string;
  contents(queueName: string): QueueContents;
  levels(): QueueLevel[];
};

/** Starts with no queues. */
export function createQueueService(region: string): QueueService {
  let endpoint = '';
  const receiver = createReceiver();
  const model = new SqsModel([], {
    now: () => Date.now(),
    onArrival: (queue) => {
      receiver.wake(queue);
    },
    newMessageId: randomUUID,
  });
  const created = new Map<string, CreatedQueue>();
  const urlOf = (queueName: string) => `${endpoint}/${LOCAL_ACCOUNT_ID}/${queueName}`;
  const arnOf = (queueName: string) => `arn:aws:sqs:${region}:${LOCAL_ACCOUNT_ID}:${queueName}`;
  const moves = createMoveTasks(model);

  const operations: Record<string, AwsOperation> = {
    ...queueOperations(model, { created, urlOf, arnOf }),
    ReceiveMessage(input, signal) {
      const request = readInput(SqsInput.ReceiveMessage, input);
      const { waitSeconds = 0 } = created.get(queueNameOf(request.QueueUrl)) ?? {};
      return receiver.receive(model, request, {
        waitSeconds: request.WaitTimeSeconds ?? waitSeconds,
        signal,
      });
    },
    ...messageOperations(model),
    ...moves,
  };
  return {
    operations: Object.fromEntries(
      Object.entries(operations).map(([name, operation]) => [name, refusingAsSqs(operation)]),
    ),
    arnIn: (input) => arnOf(queueNameOf(ofQueue(input))),
    listensAt: (url) => {
      endpoint = url;
    },
    urlOf,
    contents: (queueName) => contentsOf(model, queueName),
    levels: () => model.names().map((name) => levelOf(model, name)),
  };
}

/** What of a queue the model does not look at. */
type CreatedQueue = { attributes: Record<string, string>; waitSeconds: number; createdAtMs: number };

/** What the request calls its queue: a URL, a name or an ARN. */
function ofQueue(input: unknown): string {
  const url = SqsInput.OfQueue.loose().safeParse(input);
  const name = SqsInput.GetQueueUrl.loose().safeParse(input);
  const source = SqsInput.ListMessageMoveTasks.loose().safeParse(input);
  return url.data?.QueueUrl ?? name.data?.QueueName ?? source.data?.SourceArn.replaceAll(':', '/') ?? '';
}

type QueueNames = {
  created: Map<string, CreatedQueue>;
  urlOf: (queueName: string) => string;
  arnOf: (queueName: string) => string;
};

function queueOperations(
  model: SqsModel,
  { created, urlOf, arnOf }: QueueNames,
): Record<string, AwsOperation> {
  return {
    CreateQueue(input) {
      const { QueueName: name, Attributes: attributes } = readInput(SqsInput.CreateQueue, input);
      const { settings, waitSeconds } = readQueue(name, attributes);
      const known = created.get(name);
      if (known === undefined) {
        model.addQueue(settings);
        created.set(name, { attributes, waitSeconds, createdAtMs: Date.now() });
      } else refuseOtherAttributes(known.attributes, attributes);
      return { QueueUrl: urlOf(name) };
    },
    GetQueueUrl(input) {
      const { QueueName: name } = readInput(SqsInput.GetQueueUrl, input);
      return { QueueUrl: urlOf(model.settings(name).name) };
    },
    ListQueues(input) {
      const { QueueNamePrefix: prefix } = readInput(SqsInput.ListQueues, input);
      return {
        QueueUrls: model
          .names()
          .filter((name) => name.startsWith(prefix))
          .map(urlOf),
      };
    },
    SetQueueAttributes(input) {
      const { QueueUrl: url, Attributes: changes } = readInput(SqsInput.SetQueueAttributes, input);
      const name = queueNameOf(url);
      const known = created.get(name);
      // An empty policy takes it away.
      const all = Object.entries({ ...known?.attributes, ...changes }).filter(([, value]) => value !== '');
      const attributes = Object.fromEntries(all);
      const { settings, waitSeconds } = readQueue(name, attributes);
      model.changeQueue(settings);
      created.set(name, { createdAtMs: Date.now(), ...known, attributes, waitSeconds });
      return {};
    },
    GetQueueAttributes(input) {
      const { QueueUrl: url, AttributeNames: names } = readInput(SqsInput.GetQueueAttributes, input);
      const name = queueNameOf(url);
      const all = describeQueue(model, name, { arn: arnOf(name), ...created.get(name) });
      const isAsked = ([attribute]: [string, string]) => names.includes('All') || names.includes(attribute);
      return { Attributes: Object.fromEntries(Object.entries(all).filter(isAsked)) };
    },
    DeleteQueue(input) {
      const { QueueUrl: url } = readInput(SqsInput.OfQueue, input);
      model.deleteQueue(url);
      created.delete(queueNameOf(url));
      return {};
    },
    PurgeQueue(input) {
      model.purge(readInput(SqsInput.OfQueue, input).QueueUrl);
      return {};
    },
  };
}

/**
 * A queue that exists already is what the request asks for, unless it names an attribute otherwise.
 *
 * Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
 */
function refuseOtherAttributes(known: Record<string, string>, given: Record<string, string>): void {
  const others = Object.entries(given).filter(([name, value]) => known[name] !== value);
  if (others.length === 0) return;
  const names = others.map(([name]) => name).join(', ');
  throw new AwsServiceError(
    'QueueNameExists',
    `A queue already exists with the same name and a different value for attribute ${names}.`,
  );
}

function messageOperations(model: SqsModel): Record<string, AwsOperation> {
  return {
    SendMessage(input) {
      const request = readInput(SqsInput.SendMessage, input);
      const { MessageId } = MessageIdSchema.parse(model.execute(new SendMessageCommand(request)));
      return { MessageId, MD5OfMessageBody: md5Of(request.MessageBody) };
    },
    SendMessageBatch(input) {
      const request = readInput(SqsInput.SendMessageBatch, input);
      const { Successful: successful, Failed } = SqsInput.SentBatch.parse(
        model.execute(new SendMessageBatchCommand(request)),
      );
      const bodies = new Map(request.Entries.map(({ Id: id, MessageBody: body }) => [id, body]));
      const Successful = successful.map((sent) => ({
        ...sent,
        MD5OfMessageBody: md5Of(bodies.get(sent.Id) ?? ''),
      }));
      return { Successful, Failed };
    },
    DeleteMessage: (input) =>
      model.execute(new DeleteMessageCommand(readInput(SqsInput.DeleteMessage, input))),
    DeleteMessageBatch(input) {
      const { QueueUrl, Entries: entries } = readInput(SqsInput.DeleteMessageBatch, input);
      return eachOf(entries, ({ ReceiptHandle }) =>
        model.execute(new DeleteMessageCommand({ QueueUrl, ReceiptHandle })),
      );
    },
    ChangeMessageVisibility: (input) =>
      model.execute(new ChangeMessageVisibilityCommand(readInput(SqsInput.ChangeMessageVisibility, input))),
    ChangeMessageVisibilityBatch(input) {
      const { QueueUrl, Entries: entries } = readInput(SqsInput.ChangeMessageVisibilityBatch, input);
      return eachOf(entries, ({ Id: _id, ...entry }) =>
        model.execute(new ChangeMessageVisibilityCommand({ QueueUrl, ...entry })),
      );
    },
  };
}

/** A batch answers for each of its entries. */
function eachOf<Entry extends { Id: string }>(
  entries: readonly Entry[],
  perform: (entry: Entry) => unknown,
): object {
  checkBatch(entries);
  const Successful: { Id: string }[] = [];
  const Failed: object[] = [];
  for (const entry of entries) {
    try {
      perform(entry);
      Successful.push({ Id: entry.Id });
    } catch (error) {
      if (!(error instanceof SQSServiceException)) throw error;
      Failed.push({ Id: entry.Id, Code: error.name, Message: error.message, SenderFault: true });
    }
  }
  return { Successful, Failed };
}

function refusingAsSqs(operation: AwsOperation): AwsOperation {
  return async (input, signal) => {
    try {
      return await operation(input, signal);
    } catch (error) {
      if (error instanceof SQSServiceException) throw new AwsServiceError(error.name, error.message);
      throw error;
    }
  };
}
