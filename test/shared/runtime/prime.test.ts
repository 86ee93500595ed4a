import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, describe, expect, it } from 'vitest';

import { createPrime } from '../../../shared/runtime/prime.ts';
import { cachedSecret } from '../../../shared/runtime/secret.ts';

let server: Server;

/** An AWS of the test's own, and a function's means against it. */
async function connect(answer: (operation: string) => object | 'nothing') {
  const seen: string[] = [];
  let abandoned = 0;
  server = createServer((request, response) => {
    const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
    seen.push(operation);
    const body = answer(operation);
    response.once('close', () => {
      if (!response.writableEnded) abandoned += 1;
    });
    if (body !== 'nothing') response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const settings = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  return {
    seen,
    abandoned: () => abandoned,
    client: new DynamoDBClient(settings),
    secret: cachedSecret({
      client: new SecretsManagerClient(settings),
      secretId: 'secret',
      parse: (text) => text,
    }),
  };
}

const KEY = { table: 'table', absentKey: { pk: { S: 'prime' } } };

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

describe('createPrime', () => {
  it('reads the table once, rehearses, and leaves the secret read', async () => {
    const { seen, client, secret } = await connect((operation) =>
      operation === 'GetSecretValue' ? { SecretString: 'value' } : {},
    );
    let rehearsals = 0;

    await createPrime({ ...KEY, client, secret, rehearse: () => (rehearsals += 1) })();

    expect(await secret.read()).toEqual({ status: 'set', value: 'value' });
    expect(seen.sort()).toEqual(['GetItem', 'GetSecretValue']);
    expect(rehearsals).toBe(1);
  });

  it('gives calls up that are not answered in time, and leaves none under way', async () => {
    const { abandoned, client, secret, seen } = await connect(() => 'nothing');

    // A busy machine may take longer than the limit to send them.
    for (let limitMs = 100; new Set(seen).size < 2; limitMs *= 2)
      await createPrime({ ...KEY, client, secret, rehearse: () => undefined, limitMs })();

    await expect.poll(abandoned, { timeout: 120_000 }).toBe(seen.length);
  });

  it('leaves to the first event to read the secret that it could not', async () => {
    let isUp = false;
    const { client, secret } = await connect(() => (isUp ? { SecretString: 'value' } : 'nothing'));
    await createPrime({ ...KEY, client, secret, rehearse: () => undefined, limitMs: 100 })();
    isUp = true;

    expect(await secret.read()).toEqual({ status: 'set', value: 'value' });
  });

  it('throws nothing when everything fails', async () => {
    const { client, secret } = await connect(() => ({ __type: 'AccessDeniedException' }));
    const rehearse = (): never => {
      throw new Error('a bug');
    };

    await expect(createPrime({ ...KEY, client, secret, rehearse })()).resolves.toBeUndefined();
  });
});
