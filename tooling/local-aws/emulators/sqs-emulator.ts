import type { IncomingHttpHeaders } from 'node:http';
import { buildApp } from 'fauxqs';
import * as z from 'zod';
import { createAccessControl } from '../iam/access-control.ts';
import type { AccessControl } from '../iam/access-control.ts';
import type { AccessRequest } from '../iam/evaluate.ts';
import { AwsServiceError, awsJsonClient } from './aws-json-client.ts';
import type { AwsJsonClient } from './aws-json-client.ts';
import { sentIn } from './sent-messages.ts';
import type { QueueLevel } from './sqs-metrics.ts';

/** SQS inside this process. */
export type SqsEmulator = {
  endpoint: string;
  call: AwsJsonClient;
  queueUrl(queueName: string): string;
  /** The trace header under which a message was sent, if a function has sent it. */
  traceOf(messageId: string): string | undefined;
  /** What the queue holds now, without receiving anything. */
  inspect(queueName: string): Promise<QueueContents>;
  /** How every queue stands. */
  levels(): Promise<QueueLevel[]>;
  close(): Promise<void>;
};

/** A request that went well. */
export type SqsRequest = { operation: string; request: unknown; answer: unknown; atMs: number };

/** Who may use which queue (without it, everybody), and what hears of the requests that went well. */
export type SqsOptions = { access?: AccessControl; onRequest?: (request: SqsRequest) => void };

const QueueRequestSchema = z.union([
  z.object({ QueueUrl: z.string() }).transform(({ QueueUrl: url }) => url.split('/').at(-1) ?? ''),
  z.object({ QueueName: z.string() }).transform(({ QueueName: name }) => name),
]);

const MessageSchema = z.object({
  messageGroupId: z.string().optional(),
  sentTimestamp: z.number(),
  approximateReceiveCount: z.number(),
});

const QueueContentsSchema = z.object({
  messages: z.object({
    ready: z.array(MessageSchema),
    delayed: z.array(MessageSchema),
    inflight: z.array(z.object({ receiptHandle: z.string(), message: MessageSchema })),
  }),
});

const QueueListSchema = z.array(
  z.object({
    name: z.string(),
    approximateMessageCount: z.number(),
    approximateInflightCount: z.number(),
    approximateDelayedCount: z.number(),
  }),
);

/** Messages that could be received now (unless their group is held) and messages that are hidden. */
export type QueueContents = z.infer<typeof QueueContentsSchema>['messages'];

/** The account that fauxqs puts into every ARN. */
export const LOCAL_ACCOUNT_ID = '000000000000';

/**
 * The answer to the query protocol of older clients, in the form that they read.
 *
 * Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-json-faqs.html
 */
const QUERY_PROTOCOL_REFUSED =
  '<ErrorResponse><Error><Type>Sender</Type><Code>UnsupportedOperation</Code><Message>' +
  'This SQS speaks the AWS JSON protocol only, not the older query protocol. ' +
  'Use AWS CLI 2.14, boto3 1.29, or an SDK of 2024 or newer.' +
  '</Message></Error></ErrorResponse>';

/** Starts fauxqs on a free port of 127.0.0.1. (Its own `startFauxqs` listens on every interface.) */
export async function startSqs(
  region: string,
  { access = createAccessControl(), onRequest = () => undefined }: SqsOptions = {},
): Promise<SqsEmulator> {
  await acceptAllOfUnicode();
  const app = buildApp({ logger: false, defaultRegion: region });
  const traces = new Map<string, string>();
  app.addHook('onSend', (request, reply, payload: unknown) => {
    const operation = operationOf(request.headers);
    if (reply.statusCode === 200 && typeof payload === 'string' && operation !== '') {
      const answer: unknown = JSON.parse(payload);
      const { 'x-amzn-trace-id': trace } = request.headers;
      if (typeof trace === 'string') for (const messageId of sentIn(answer)) traces.set(messageId, trace);
      onRequest({ operation, request: request.body, answer, atMs: Date.now() });
    }
    return Promise.resolve(payload);
  });
  app.addHook('onRequest', async (request, reply) => {
    if (!String(request.headers['content-type']).startsWith('application/x-www-form-urlencoded')) return;
    await reply.code(400).header('content-type', 'text/xml').send(QUERY_PROTOCOL_REFUSED);
  });
  app.addHook('preHandler', async (request, reply) => {
    try {
      access.checkSigned(
        request.headers.authorization,
        () => [queueRequest(request, { region, operation: operationOf(request.headers) })],
        'administrator',
      );
    } catch (error) {
      if (!(error instanceof AwsServiceError)) throw error;
      await reply.code(403).header('content-type', 'application/x-amz-json-1.0').send(error.toJson());
    }
  });
  const endpoint = await app.listen({ host: '127.0.0.1', port: 0 });

  const inspect = async (queueName: string): Promise<QueueContents> => {
    const response = await app.inject({ method: 'GET', url: `/_fauxqs/queues/${queueName}` });
    return QueueContentsSchema.parse(JSON.parse(response.body)).messages;
  };

  return {
    endpoint,
    call: awsJsonClient({ endpoint, service: 'AmazonSQS', region }),
    queueUrl: (queueName) => `${endpoint}/${LOCAL_ACCOUNT_ID}/${queueName}`,
    traceOf: (messageId) => traces.get(messageId),
    inspect,
    async levels() {
      const response = await app.inject({ method: 'GET', url: '/_fauxqs/queues' });
      const queues = QueueListSchema.parse(JSON.parse(response.body));
      return Promise.all(
        queues.map(async (queue) => ({
          queueName: queue.name,
          visible: queue.approximateMessageCount,
          notVisible: queue.approximateInflightCount,
          delayed: queue.approximateDelayedCount,
          oldestSentAtMs:
            queue.approximateMessageCount + queue.approximateInflightCount === 0
              ? undefined
              : oldestSentAtMs(await inspect(queue.name), queue.name.endsWith('.fifo') ? 'fifo' : 'standard'),
        })),
      );
    },
    async close() {
      await app.close();
    },
  };
}

/**
 * What IAM asks about a request to SQS. A test says by the header `x-forwarded-proto` that it asks without
 * TLS.
 */
function queueRequest(
  { headers, body }: { headers: IncomingHttpHeaders; body: unknown },
  { region, operation }: { region: string; operation: string },
): AccessRequest {
  const queue = QueueRequestSchema.safeParse(body);
  return {
    action: `sqs:${operation.replace(/Batch$/u, '')}`,
    resource: queue.success ? `arn:aws:sqs:${region}:${LOCAL_ACCOUNT_ID}:${queue.data}` : '*',
    context: { 'aws:SecureTransport': [String(headers['x-forwarded-proto'] !== 'http')] },
  };
}

function operationOf({ 'x-amz-target': target }: IncomingHttpHeaders): string {
  return String(target ?? '').replace('AmazonSQS.', '');
}

/**
 * After so many receives a message of a standard queue no longer counts towards the age of its oldest: it
 * goes to the back. FIFO queues keep their order.
 *
 * Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
 */
const RECEIVES_WITHOUT_AGE = 3;

/** When the oldest message was sent of those that count for the age of a queue's oldest message. */
export function oldestSentAtMs(
  { ready, inflight }: QueueContents,
  kind: 'fifo' | 'standard',
): number | undefined {
  const instants = [...ready, ...inflight.map(({ message }) => message)]
    .filter(({ approximateReceiveCount: receives }) => kind === 'fifo' || receives < RECEIVES_WITHOUT_AGE)
    .map((message) => message.sentTimestamp);
  return instants.length === 0 ? undefined : instants.reduce((one, other) => Math.min(one, other));
}

const FauxqsCharactersSchema = z.object({ INVALID_MESSAGE_BODY_CHAR: z.instanceof(RegExp) });

/**
 * fauxqs 2.4.1 refuses every character beyond U+FFFF: its pattern for what SQS refuses lacks the `u` flag, so
 * it sees two halves of one. SQS takes U+10000 to U+10FFFF.
 * Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
async function acceptAllOfUnicode(): Promise<void> {
  const file = new URL('sqs/sqsTypes.js', import.meta.resolve('fauxqs'));
  const { INVALID_MESSAGE_BODY_CHAR: pattern } = FauxqsCharactersSchema.parse(await import(file.href));
  const refused = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;
  Object.defineProperty(pattern, 'test', { value: (text: string) => refused.test(text), configurable: true });
}
