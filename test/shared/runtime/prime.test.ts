import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, describe, expect, it } from 'vitest';

import { createPrime } from '../../../shared/runtime/prime.ts';
import { cachedSecret } from '../../../shared/runtime/secret.ts';

let server: Server;

/** The test's own AWS, and a function's clients for it. */
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
  const client = new DynamoDBClient(settings);
  return {
    seen,
    abandoned: () => abandoned,
    readTables: (abortSignal: AbortSignal) =>
      client.send(new GetItemCommand({ TableName: 'table', Key: { pk: { S: 'prime' } } }), { abortSignal }),
    secret: cachedSecret({
      client: new SecretsManagerClient(settings),
      secretId: 'secret',
      parse: (text) => text,
    }),
  };
}

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

describe('createPrime', () => {
  it('reads tables, rehearses, and reads the secret', async () => {
    const { seen, readTables, secret } = await connect((operation) =>
      operation === 'GetSecretValue' ? { SecretString: 'value' } : {},
    );
    let rehearsals = 0;

    await createPrime({ readTables, secret, rehearse: () => (rehearsals += 1) })();

    expect(await secret.read()).toEqual({ status: 'set', value: 'value' });
    expect(seen.sort()).toEqual(['GetItem', 'GetSecretValue']);
    expect(rehearsals).toBe(1);
  });

  it('gives up calls that are not answered in time, and leaves none in progress', async () => {
    const { abandoned, readTables, secret, seen } = await connect(() => 'nothing');

    // A busy machine may take longer than the limit to send them.
    for (let limitMs = 100; new Set(seen).size < 2; limitMs *= 2)
      await createPrime({ readTables, secret, rehearse: () => undefined, limitMs })();

    await expect.poll(abandoned, { timeout: 120_000 }).toBe(seen.length);
  });

  it('leaves a secret that it could not read to the first event', async () => {
    let isUp = false;
    const { readTables, secret } = await connect(() => (isUp ? { SecretString: 'value' } : 'nothing'));
    await createPrime({ readTables, secret, rehearse: () => undefined, limitMs: 100 })();
    isUp = true;

    expect(await secret.read()).toEqual({ status: 'set', value: 'value' });
  });

  it('throws nothing when everything fails', async () => {
    const { readTables, secret } = await connect(() => ({ __type: 'AccessDeniedException' }));
    const rehearse = (): never => {
      throw new Error('a bug');
    };

    await expect(createPrime({ readTables, secret, rehearse })()).resolves.toBeUndefined();
  });
});
