import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { expect, it, onTestFinished, vi } from 'vitest';
import * as z from 'zod';

import { dynamodb } from '../../../shared/runtime/aws-clients.ts';

const RequestSchema = z.object({ Key: z.object({ pk: z.object({ S: z.string() }) }) });

/** A table in which every item says which key was asked for; it refuses the first `refusals` requests. */
async function startTable(refusals = 0) {
  const received: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    received.push(request.headers);
    const isRefused = received.length <= refusals;
    void text(request).then((body) => {
      const { Key: key } = RequestSchema.parse(JSON.parse(body));
      response.writeHead(isRefused ? 500 : 200, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify(isRefused ? {} : { Item: key }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${port}`);
  vi.stubEnv('AWS_REGION', 'eu-west-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  onTestFinished(() => void vi.unstubAllEnvs());
  const client = dynamodb();
  const get = async (key: string): Promise<string | undefined> => {
    const { Item: item } = await client.send(
      new GetItemCommand({ TableName: 'table', Key: { pk: { S: key } } }),
    );
    return item?.['pk']?.S;
  };
  return { get, received };
}

it('answers each of many calls at once with its own answer, whatever they share', async () => {
  const { get } = await startTable(2);
  const keys = Array.from({ length: 50 }, (_, index) => `key-${index}`);

  expect(await Promise.all(keys.map(get))).toEqual(keys);
});

it('sends the hundredth call with the headers of the first', async () => {
  const { get, received } = await startTable();
  for (let call = 0; call < 100; call += 1) await get('key');

  const [first, last] = [received[0], received.at(-1)];
  expect(Object.keys(last ?? {})).toEqual(Object.keys(first ?? {}));
  expect(last?.['user-agent']).toBe(first?.['user-agent']);
});
