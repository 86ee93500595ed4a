import { buildApp } from 'fauxqs';
import * as z from 'zod';
import { awsJsonClient } from './aws-json-client.ts';
import type { AwsJsonClient } from './aws-json-client.ts';

/** SQS inside this process. */
export type SqsEmulator = {
  endpoint: string;
  call: AwsJsonClient;
  queueUrl(queueName: string): string;
  /** What the queue holds now, without receiving anything. */
  inspect(queueName: string): Promise<QueueContents>;
  close(): Promise<void>;
};

const QueueContentsSchema = z.object({
  messages: z.object({
    ready: z.array(z.object({ messageGroupId: z.string().optional() })),
    inflight: z.array(
      z.object({ receiptHandle: z.string(), message: z.object({ messageGroupId: z.string().optional() }) }),
    ),
  }),
});

/** Messages that could be received now (unless their group is held) and messages that are hidden. */
type QueueContents = z.infer<typeof QueueContentsSchema>['messages'];

/** The account that fauxqs puts into every ARN. */
export const LOCAL_ACCOUNT_ID = '000000000000';

/** Starts fauxqs on a free port of 127.0.0.1. (Its own `startFauxqs` listens on every interface.) */
export async function startSqs(region: string): Promise<SqsEmulator> {
  await acceptAllOfUnicode();
  const app = buildApp({ logger: false, defaultRegion: region });
  const endpoint = await app.listen({ host: '127.0.0.1', port: 0 });

  return {
    endpoint,
    call: awsJsonClient({ endpoint, service: 'AmazonSQS', region }),
    queueUrl: (queueName) => `${endpoint}/${LOCAL_ACCOUNT_ID}/${queueName}`,
    async inspect(queueName) {
      const response = await app.inject({ method: 'GET', url: `/_fauxqs/queues/${queueName}` });
      return QueueContentsSchema.parse(JSON.parse(response.body)).messages;
    },
    async close() {
      await app.close();
    },
  };
}

const FauxqsCharactersSchema = z.object({ INVALID_MESSAGE_BODY_CHAR: z.instanceof(RegExp) });

/**
 * fauxqs 2.4.1 refuses every character beyond U+FFFF: its pattern for what SQS refuses lacks the `u` flag, so it sees two halves of
 * one. SQS takes U+10000 to U+10FFFF.
 * Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
async function acceptAllOfUnicode(): Promise<void> {
  const file = new URL('sqs/sqsTypes.js', import.meta.resolve('fauxqs'));
  const { INVALID_MESSAGE_BODY_CHAR: pattern } = FauxqsCharactersSchema.parse(await import(file.href));
  const refused = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;
  Object.defineProperty(pattern, 'test', { value: (text: string) => refused.test(text), configurable: true });
}
