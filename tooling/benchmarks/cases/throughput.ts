import { createServer, Agent, request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createHmac, timingSafeEqual } from 'node:crypto';

import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';

import { startSystem } from '../../../local/system.ts';
import { REGION, WEBHOOK_SECRET } from '../environment.ts';
import { signatureOf, transactionRow, webhookBody } from '../events.ts';
import type { Laboratory } from '../laboratory.ts';
import type { Measurement } from '../measurement.ts';
import { inRounds, median, ratioOf } from '../statistics.ts';

const AT_ONCE = 16;

/**
 * Webhooks a second through the whole local path (gateway, Lambda's runtime API, function, table), against a
 * bare server that checks the signature and does the same write.
 */
export async function measureThroughput({ effort }: Laboratory): Promise<Measurement> {
  const root = join(import.meta.dirname, '../../..');
  const system = await startSystem({
    configFile: join(import.meta.dirname, '..', 'throughput-config.json'),
    stateDirectory: join(root, '.bench', 'system'),
    apiKey: 'sk-bench',
    webhookSecrets: [WEBHOOK_SECRET],
    controlPort: 0,
  });
  const bare = await startBareServer(
    system.endpoints.dynamodbEndpoint,
    system.endpoints.tables['Positions'] ?? '',
  );
  try {
    const urls = { 'local deployment': system.endpoints.webhookUrl ?? '', 'bare server': bare.url } as const;
    const webhooks = Math.ceil(1000 * effort);
    let sent = 0;
    const post = async (url: string, count: number): Promise<number> => {
      const bodies = Array.from({ length: count }, () => webhookBody(transactionRow((sent += 1))));
      const startedAt = performance.now();
      await postAll(url, bodies);
      return (count / (performance.now() - startedAt)) * 1000;
    };
    for (const url of Object.values(urls)) await post(url, AT_ONCE * 4);
    const rates = await inRounds(
      ['local deployment', 'bare server'] as const,
      Math.ceil(4 * effort),
      (name) => post(urls[name], webhooks),
    );
    return {
      id: 'throughput',
      title: 'Webhooks a second on one machine',
      explanation: `${webhooks} new webhooks a round, ${AT_ONCE} at once, over HTTP. The local deployment emulates the gateway and Lambda, with as many processes of the function as keep the processors busy; the bare server is one process that checks the signature and puts the body. Both use the same DynamoDB emulator. It tells what tests and demonstrations can expect, not what AWS does.`,
      figures: Object.entries(rates).map(([subject, values]) => ({
        subject,
        values: { 'webhooks a second': median(values) },
      })),
      bars: [
        {
          claim: 'local deployment / bare server',
          ...ratioOf(rates['local deployment'], rates['bare server']),
          atLeast: 0.1,
          goal: {
            value: 0.2,
            obstacle:
              'the processors are busy. The receiver’s processes take 39% of the CPU of a webhook: two calls, in code that is not hot yet. The main process takes 29%: seven HTTP exchanges between processes, a third of it in writing to sockets. DynamoDB’s emulator takes 25%, and more with each webhook, because it looks through the whole stream for the number of a new record. The publisher takes 7%.',
          },
        },
      ],
    };
  } finally {
    await bare.close();
    await system.close();
  }
}

async function postAll(url: string, bodies: readonly string[]): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const left = bodies.values();
  const worker = async (): Promise<void> => {
    for (const body of left) await postOne(url, body, agent);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  agent.destroy();
}

function postOne(url: string, body: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'x-button-signature': signatureOf(body) };
    const outgoing = request(url, { method: 'POST', agent, headers }, (incoming) => {
      text(incoming).then((answer) => {
        if (incoming.statusCode === 200) resolve();
        else reject(new Error(`${incoming.statusCode ?? '?'}: ${answer}`));
      }, reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

const WebhookSchema = z.object({ data: z.object({ id: z.string() }) });

/** Checks the signature and puts the body under the transaction's id: what cannot be left out. */
async function startBareServer(
  endpoint: string,
  table: string,
): Promise<{ url: string; close: () => Promise<void> }> {
  const client = new DynamoDBClient({
    endpoint,
    region: REGION,
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
  });
  const server = createServer((incoming, response) => {
    text(incoming)
      .then(async (body) => {
        const expected = createHmac('sha256', WEBHOOK_SECRET).update(body).digest();
        const claimed = Buffer.from(String(incoming.headers['x-button-signature']), 'hex');
        if (!timingSafeEqual(expected, claimed)) throw new Error('forged');
        const { data } = WebhookSchema.parse(JSON.parse(body));
        await client.send(
          new PutItemCommand({
            TableName: table,
            Item: { account: { S: data.id }, stream: { S: 'bare' }, body: { S: body } },
            ConditionExpression: 'attribute_not_exists(account)',
          }),
        );
        response.end('{}');
      })
      .catch((error: unknown) => {
        response.writeHead(500);
        response.end(String(error));
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          client.destroy();
          resolve();
        });
      }),
  };
}
