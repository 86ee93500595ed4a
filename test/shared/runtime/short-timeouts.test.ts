import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { expect, it } from 'vitest';

import { shortTimeouts } from '../../../shared/runtime/short-timeouts.ts';
import { isStoreOutage } from '../../../shared/dynamodb/store-outage.ts';

it('gives up a store that accepts a request and never answers, after two tries, and calls it an outage (C6, C17)', async () => {
  let requests = 0;
  const hanging = createServer(() => {
    requests += 1;
  });
  hanging.listen(0, '127.0.0.1');
  await once(hanging, 'listening');
  const { port } = hanging.address() as AddressInfo;
  const client = new DynamoDBClient({
    ...shortTimeouts(50),
    endpoint: `http://127.0.0.1:${port}`,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });

  const error: unknown = await client
    .send(new GetItemCommand({ TableName: 'none', Key: { pk: { S: 'none' } } }))
    .catch((caught: unknown) => caught);

  client.destroy();
  hanging.closeAllConnections();
  await new Promise((resolve) => hanging.close(resolve));
  expect([isStoreOutage(error), requests]).toEqual([true, 2]);
});
