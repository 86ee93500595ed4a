import {
  SendMessageBatchCommand,
  type BatchResultErrorEntry,
  type SendMessageBatchResultEntry,
  type SQSClient,
} from '@aws-sdk/client-sqs';

import type { OrderMessage } from './order-message.ts';
import type { NotSent } from './send-result.ts';

type Delivery = { outcome: 'sent'; messageId: string } | NotSent;

/**
 * The results of the messages. A message without a result waited behind one of its group that was not sent.
 */
export type Deliveries = ReadonlyMap<OrderMessage, Delivery>;

/** The queue to send to, and how to wait. */
export type Mailbox = {
  client: Pick<SQSClient, 'send'>;
  queueUrl: string;
  /** The most bytes of all messages in a request. No message may be longer. */
  maxBatchBytes: number;
  wait: (delayMs: number) => Promise<void>;
  /** A number from 0 up to but not including 1, as `Math.random` gives. */
  random: () => number;
};

/** The messages of one group: only the first unsent one may be in flight, so that none overtakes another. */
type Lane = { head: OrderMessage; later: OrderMessage[]; attempts: number };

type Answer = { ok: true; messageId: string } | { ok: false; code: string; senderFault: boolean };
type BatchResult = { ok: true; answers: [Lane, Answer][] } | { ok: false; cause: unknown };

/** An entry that the response does not mention: nothing says that it was accepted. */
const UNANSWERED: Answer = { ok: false, code: 'Unanswered', senderFault: false };

/** "A single message batch request can include a maximum of 10 messages" (SQS, Amazon SQS message quotas). */
const MAX_ENTRIES = 10;
const MAX_ATTEMPTS = 5;
const BASE_WAIT_MS = 100;

/**
 * Sends the messages in as few requests as their sizes and groups allow. Messages of one group are sent one
 * after the other, because SQS may reject an entry of a request and accept the next. An entry that SQS
 * failed to accept is sent up to five times in all, with growing, jittered waits; one that SQS calls invalid
 * is sent once. A request that throws has already used the client's own retries: nothing is sent after it.
 * Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
 */
export async function sendInOrder(messages: readonly OrderMessage[], mailbox: Mailbox): Promise<Deliveries> {
  const deliveries = new Map<OrderMessage, Delivery>();
  const lanes = toLanes(messages);
  while (lanes.size > 0) {
    const request = await sendBatch(nextBatch(lanes, mailbox.maxBatchBytes), mailbox);
    if (!request.ok) {
      const delivery: Delivery = { outcome: 'not-sent', reason: 'request-failed', cause: request.cause };
      for (const message of unsentOf(lanes)) deliveries.set(message, delivery);
      break;
    }

    let attempts = 0;
    for (const [lane, answer] of request.answers) {
      const delivery = judge(lane, answer);
      if (delivery) deliveries.set(lane.head, delivery);
      if (delivery?.outcome === 'sent') advance(lane, lanes);
      else if (delivery) lanes.delete(lane);
      else attempts = Math.max(attempts, (lane.attempts += 1));
    }
    if (attempts > 0) await mailbox.wait(mailbox.random() * BASE_WAIT_MS * 2 ** attempts);
  }
  return deliveries;
}

function toLanes(messages: readonly OrderMessage[]): Set<Lane> {
  const lanes = new Map<string, Lane>();
  for (const message of messages) {
    const lane = lanes.get(message.groupId);
    if (lane) lane.later.push(message);
    else lanes.set(message.groupId, { head: message, later: [], attempts: 0 });
  }
  return new Set(lanes.values());
}

function nextBatch(lanes: Iterable<Lane>, maxBatchBytes: number): Lane[] {
  const batch: Lane[] = [];
  let bytes = 0;
  for (const lane of lanes) {
    bytes += lane.head.bytes;
    if (bytes > maxBatchBytes || batch.length === MAX_ENTRIES) break;
    batch.push(lane);
  }
  return batch;
}

async function sendBatch(batch: readonly Lane[], { client, queueUrl }: Mailbox): Promise<BatchResult> {
  const command = new SendMessageBatchCommand({
    QueueUrl: queueUrl,
    Entries: batch.map(({ head }, index) => ({
      Id: String(index),
      MessageBody: head.body,
      MessageGroupId: head.groupId,
      MessageDeduplicationId: head.deduplicationId,
    })),
  });
  try {
    const { Successful: taken = [], Failed: failed = [] } = await client.send(command);
    const answers = new Map<string | undefined, Answer>([...taken.map(toTaken), ...failed.map(toFailed)]);
    return {
      ok: true,
      answers: batch.map((lane, index) => [lane, answers.get(String(index)) ?? UNANSWERED]),
    };
  } catch (cause) {
    return { ok: false, cause };
  }
}

function toTaken({ Id, MessageId }: SendMessageBatchResultEntry): [string | undefined, Answer] {
  return [Id, { ok: true, messageId: MessageId ?? '' }];
}

function toFailed({ Id, Code, SenderFault }: BatchResultErrorEntry): [string | undefined, Answer] {
  return [Id, { ok: false, code: Code ?? 'Unknown', senderFault: SenderFault ?? false }];
}

/** What the response means for the first message of the lane; undefined if it is to be sent again. */
function judge({ attempts }: Lane, answer: Answer): Delivery | undefined {
  if (answer.ok) return { outcome: 'sent', messageId: answer.messageId };
  const { code } = answer;
  if (answer.senderFault) return { outcome: 'not-sent', reason: 'refused', code };
  return attempts + 1 < MAX_ATTEMPTS ? undefined : { outcome: 'not-sent', reason: 'attempts-used-up', code };
}

function advance(lane: Lane, lanes: Set<Lane>): void {
  const next = lane.later.shift();
  if (!next) {
    lanes.delete(lane);
    return;
  }
  lane.head = next;
  lane.attempts = 0;
}

function unsentOf(lanes: Iterable<Lane>): OrderMessage[] {
  return [...lanes].flatMap(({ head, later }) => [head, ...later]);
}
