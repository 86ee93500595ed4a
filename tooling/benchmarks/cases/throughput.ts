import { createServer, Agent, request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createHmac, timingSafeEqual } from 'node:crypto';

import { CreateTableCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
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
 * bare server that checks the signature and makes as many writes.
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
  const bare = await startBareServer(system.endpoints.dynamodbEndpoint);
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
      explanation: `${webhooks} new webhooks a round, ${AT_ONCE} at once, over HTTP. The local deployment emulates the gateway and Lambda, with as many processes of the function as keep the processors busy; the bare server is one process that checks the signature and makes as many writes: an item for Button's id, and the body. Both write to the same DynamoDB emulator, each to a table with a stream. It tells what tests and demonstrations can expect, not what AWS does.`,
      figures: Object.entries(rates).map(([subject, values]) => ({
        subject,
        values: { 'webhooks a second': median(values) },
      })),
      bars: [
        {
          claim: 'local deployment / bare server',
          ...ratioOf(rates['local deployment'], rates['bare server']),
          atLeast: 0.2,
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

const BARE_TABLE = 'bare-webhooks';

/**
 * Checks the signature and writes what cannot be left out: an item by which Button's id leads to the
 * purchase, then the body. The table has a stream, as that of the transactions has.
 */
async function startBareServer(endpoint: string): Promise<{ url: string; close: () => Promise<void> }> {
  const client = new DynamoDBClient({
    endpoint,
    region: REGION,
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
  });
  await client.send(
    new CreateTableCommand({
      TableName: BARE_TABLE,
      AttributeDefinitions: [{ AttributeName: 'key', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'key', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    }),
  );
  const put = async (key: string, body: string): Promise<void> => {
    await client.send(
      new PutItemCommand({
        TableName: BARE_TABLE,
        Item: { key: { S: key }, body: { S: body } },
        ConditionExpression: 'attribute_not_exists(#key)',
        ExpressionAttributeNames: { '#key': 'key' },
      }),
    );
  };
  const server = createServer((incoming, response) => {
    text(incoming)
      .then(async (body) => {
        const expected = createHmac('sha256', WEBHOOK_SECRET).update(body).digest();
        const claimed = Buffer.from(String(incoming.headers['x-button-signature']), 'hex');
        if (!timingSafeEqual(expected, claimed)) throw new Error('forged');
        const { data } = WebhookSchema.parse(JSON.parse(body));
        await put(`button-id:${data.id}`, data.id);
        await put(data.id, body);
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
