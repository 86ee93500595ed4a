import {
  QueueDoesNotExist,
  SendMessageBatchCommand,
  SQSServiceException,
  type SendMessageBatchCommandOutput,
  type SendMessageBatchRequestEntry,
  type SQSClient,
} from '@aws-sdk/client-sqs';

/** What the fake does with one entry, or with the whole request (`throw`). */
export type Treatment = 'take' | 'fail' | 'find-fault' | 'forget' | 'throw';

export const FAKE_QUEUE_URL = 'https://sqs.example.com/000000000000/orders.fifo';

/** A FIFO queue in memory that follows SQS's rules for batches, and misbehaves on demand. */
export type FakeQueue = {
  client: Pick<SQSClient, 'send'>;
  /** The entries of every request, unchanged. */
  requests: SendMessageBatchRequestEntry[][];
  /** The entries that the queue accepted, in order. */
  taken: { body: string; groupId: string }[];
};

export function createFakeQueue({
  treat = () => 'take',
  maxMessageBytes = 1_048_576,
}: {
  treat?: (entry: SendMessageBatchRequestEntry) => Treatment;
  maxMessageBytes?: number;
} = {}): FakeQueue {
  const requests: FakeQueue['requests'] = [];
  const taken: FakeQueue['taken'] = [];
  const deduplicationIds = new Set<string | undefined>();

  const send = (command: unknown): Promise<SendMessageBatchCommandOutput> => {
    if (!(command instanceof SendMessageBatchCommand)) throw new TypeError('only SendMessageBatch');
    const { QueueUrl, Entries: entries = [] } = command.input;
    if (QueueUrl !== FAKE_QUEUE_URL) return Promise.reject(queueDoesNotExist());
    requests.push(entries);
    const code = findBrokenBatchRule(entries);
    if (code !== undefined) return Promise.reject(clientFault(code));

    const answer = { Successful: [], Failed: [], $metadata: {} } as SendMessageBatchCommandOutput;
    for (const entry of entries) {
      const treatment = bytesOf(entry) > maxMessageBytes ? 'find-fault' : treat(entry);
      if (treatment === 'throw') return Promise.reject(new Error('socket hang up'));
      if (treatment === 'fail')
        answer.Failed?.push({ Id: entry.Id, SenderFault: false, Code: 'InternalError' });
      if (treatment === 'find-fault') {
        answer.Failed?.push({ Id: entry.Id, SenderFault: true, Code: 'InvalidParameterValue' });
      }
      if (treatment !== 'take') continue;
      if (!deduplicationIds.has(entry.MessageDeduplicationId)) {
        deduplicationIds.add(entry.MessageDeduplicationId);
        taken.push({ body: entry.MessageBody ?? '', groupId: entry.MessageGroupId ?? '' });
      }
      answer.Successful?.push({ Id: entry.Id, MessageId: crypto.randomUUID(), MD5OfMessageBody: '' });
    }
    return Promise.resolve(answer);
  };
  return { client: { send: send as SQSClient['send'] }, requests, taken };
}

export function bytesOf({ MessageBody }: SendMessageBatchRequestEntry): number {
  return Buffer.byteLength(MessageBody ?? '', 'utf8');
}

/** The refusals of a whole request (API reference, SendMessageBatch, "Errors"). */
function findBrokenBatchRule(entries: readonly SendMessageBatchRequestEntry[]): string | undefined {
  if (entries.length === 0) return 'EmptyBatchRequest';
  if (entries.length > 10) return 'TooManyEntriesInBatchRequest';
  if (new Set(entries.map(({ Id }) => Id)).size < entries.length) return 'BatchEntryIdsNotDistinct';
  return entries.reduce((sum, entry) => sum + bytesOf(entry), 0) > 1_048_576
    ? 'BatchRequestTooLong'
    : undefined;
}

function clientFault(name: string): SQSServiceException {
  return new SQSServiceException({ name, $fault: 'client', $metadata: {} });
}

function queueDoesNotExist(): QueueDoesNotExist {
  return new QueueDoesNotExist({ message: 'The specified queue does not exist.', $metadata: {} });
}
