import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

import type { SQSEvent } from 'aws-lambda';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { composeEventDelivery } from '../../../functions/event-delivery/compose.ts';
import { openPost, type OpenPost } from '../../../functions/event-delivery/post.ts';
import { signatureHeaders } from '../../../functions/event-delivery/signature.ts';
import type { Runtime } from '../../../shared/runtime/runtime.ts';
import { parseSigningSecrets } from '../../../shared/transactions/rules/signing-secrets.ts';

const SECRET = `whsec_${Buffer.alloc(32, 'new').toString('base64')}`;
const OLD_SECRET = `whsec_${Buffer.alloc(24, 'old').toString('base64')}`;

const EVENT = {
  version: '0',
  id: '7bf73129-1428-4cd3-a780-95db273d1602',
  'detail-type': 'transaction.validated',
  source: 'button.transactions',
  account: '111122223333',
  time: '2026-06-01T12:00:00Z',
  region: 'eu-west-1',
  resources: [],
  detail: { transactionKey: 'order#btnorder-1', version: 2, publisherCustomerId: 'ünï' },
};

type Answer = { status: number; headers?: Record<string, string> };
type Received = { method: string | undefined; headers: IncomingHttpHeaders; body: string };

let server: Server;
let received: Received[];
let answers: Answer[];

beforeEach(async () => {
  for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(console, level).mockReturnValue();
  received = [];
  answers = [];
  server = createServer((request, response) => {
    void text(request).then((body) => {
      received.push({ method: request.method, headers: request.headers, body });
      const { status, headers } = answers.shift() ?? { status: 204 };
      response.writeHead(status, headers).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function recordOf(body: string, receives = 1): SQSEvent['Records'][number] {
  return {
    messageId: `message-${body.length}`,
    receiptHandle: 'handle',
    body,
    attributes: {
      ApproximateReceiveCount: String(receives),
      SentTimestamp: '0',
      SenderId: 'events',
      ApproximateFirstReceiveTimestamp: '0',
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn',
    awsRegion: 'eu-west-1',
  };
}

/** Runs the composed function on messages. Returns how many failed, and how long each stays hidden. */
async function run(
  records: SQSEvent['Records'],
  {
    secret = SECRET,
    remainingMs = 45_000,
    post = openPost,
  }: { secret?: string; remainingMs?: number; post?: OpenPost } = {},
): Promise<{ givenBack: number; hidden: unknown[] }> {
  const hidden: unknown[] = [];
  const sent = (command: { input: object }) => {
    if ('VisibilityTimeout' in command.input) hidden.push(command.input.VisibilityTimeout);
    return Promise.resolve({ SecretString: secret });
  };
  const { port } = server.address() as AddressInfo;
  const clients = { send: sent } as unknown as ReturnType<Runtime<'sqs'>['aws']['sqs']> &
    ReturnType<Runtime<'secretsManager'>['aws']['secretsManager']>;
  const { handle } = composeEventDelivery({
    env: {
      DELIVERY_URL: `http://127.0.0.1:${port}/button`,
      DELIVERY_TIMEOUT_MS: '5000',
      DELIVERY_SECRETS_ID: 'secret',
      REWARD_QUEUE_URL: 'https://sqs/rewards',
    },
    aws: { sqs: () => clients, secretsManager: () => clients },
    openPost: post,
    metrics: { add: () => undefined },
    now: () => new Date(),
    random: () => 1,
    wait: () => Promise.resolve(),
  });
  const { batchItemFailures } = await handle(
    { Records: records },
    { awsRequestId: 'request', getRemainingTimeInMillis: () => remainingMs },
  );
  return { givenBack: batchItemFailures.length, hidden };
}

describe('transactions, requirement 15: event-delivery', () => {
  it('sends the event so that a Standard Webhooks library verifies it', async () => {
    const outcome = await run([recordOf(JSON.stringify(EVENT))]);

    expect(outcome).toEqual({ givenBack: 0, hidden: [] });
    const [request] = received;
    expect(request?.method).toBe('POST');
    expect(request?.headers).toMatchObject({ 'content-type': 'application/json', 'webhook-id': EVENT.id });
    const headers = request?.headers as Record<string, string>;
    expect(new Webhook(SECRET).verify(request?.body ?? '', headers)).toEqual({
      type: 'transaction.validated',
      timestamp: '2026-06-01T12:00:00Z',
      data: EVENT.detail,
    });
  });

  it('signs with both the old and the new secret during a rotation', async () => {
    await run([recordOf(JSON.stringify(EVENT))], { secret: `${SECRET}\n ${OLD_SECRET}` });

    const [{ body, headers } = { body: '', headers: {} }] = received;
    for (const secret of [SECRET, OLD_SECRET])
      expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toBeTruthy();
  });

  it.each([
    ['a 500', { status: 500 }, 1, 5],
    ['a 400', { status: 400 }, 2, 10],
    ['a redirect', { status: 302, headers: { location: 'https://elsewhere.example.com' } }, 3, 20],
    ['a 503 with Retry-After', { status: 503, headers: { 'retry-after': '120' } }, 1, 120],
    ['a 429 that asks for a day', { status: 429, headers: { 'retry-after': '86400' } }, 1, 3600],
    ['a 500 for the fortieth time', { status: 500 }, 40, 900],
  ])('keeps the message, hidden for longer each time, after %s', async (_what, answer, receives, seconds) => {
    answers = [answer];

    expect(await run([recordOf(JSON.stringify(EVENT), receives)])).toEqual({
      givenBack: 1,
      hidden: [seconds],
    });
    expect(received).toHaveLength(1);
  });

  it('keeps the message when nobody answers in time', async () => {
    const slow: OpenPost = () => () => Promise.resolve({ failed: 'timeout' });

    expect(await run([recordOf(JSON.stringify(EVENT))], { post: slow })).toEqual({
      givenBack: 1,
      hidden: [5],
    });
  });

  it('reports a timeout and a refused connection, and throws for neither', async () => {
    const { port } = server.address() as AddressInfo;
    server.removeAllListeners('request');
    const hanging = openPost({ url: `http://127.0.0.1:${port}/`, timeoutMs: 50 });
    const refused = openPost({ url: 'http://127.0.0.1:9/', timeoutMs: 5000 });

    expect(await hanging('{}', {})).toEqual({ failed: 'timeout' });
    expect(await refused('{}', {})).toEqual({ failed: 'no_answer' });
  });

  it.each(['', 'whsec_short', `${SECRET} not-a-secret`])(
    'sends nothing while the secret is %j, and keeps the message',
    async (secret) => {
      expect(await run([recordOf(JSON.stringify(EVENT))], { secret })).toEqual({ givenBack: 1, hidden: [5] });
      expect(received).toEqual([]);
    },
  );

  it('keeps a message that is not an event, and sends the others of the batch', async () => {
    const records = ['{}', 'not json', JSON.stringify(EVENT)].map((body) => recordOf(body));

    expect(await run(records)).toEqual({ givenBack: 2, hidden: [] });
    expect(received).toHaveLength(1);
  });

  it('starts no request without time for it', async () => {
    expect(await run([recordOf(JSON.stringify(EVENT))], { remainingMs: 10_000 })).toEqual({
      givenBack: 1,
      hidden: [],
    });
    expect(received).toEqual([]);
  });
});

describe('the signature', () => {
  it('is the one that the Standard Webhooks library makes, for any secret and body', () => {
    const secrets = fc.uint8Array({ minLength: 24, maxLength: 64 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(
        secrets,
        fc.string(),
        fc.uuid(),
        fc.integer({ min: 0, max: 2e9 }),
        (key, body, id, seconds) => {
          const secret = `whsec_${key.toString('base64')}`;
          const headers = signatureHeaders(
            { id, timestampSeconds: seconds, body },
            parseSigningSecrets(secret) ?? [],
          );

          expect(headers['webhook-signature']).toBe(
            new Webhook(secret).sign(id, new Date(seconds * 1000), body),
          );
        },
      ),
    );
  });
});
