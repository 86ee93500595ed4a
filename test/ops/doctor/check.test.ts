import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { GetItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, it, onTestFinished } from 'vitest';

import { check, ok } from '../../../ops/doctor/check.ts';
import { UsageError } from '../../../ops/usage-error.ts';

/** A DynamoDB that refuses everything with this error. */
async function refusing(type: string): Promise<DynamoDBClient> {
  const server = createServer((_, response) => {
    response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: 'No.' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new DynamoDBClient({
    region: 'eu-west-1',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
  onTestFinished(() => {
    client.destroy();
    server.closeAllConnections();
    server.close();
  });
  return client;
}

const ASKED = { name: 'line', right: 'dynamodb:GetItem' };

describe('a check', () => {
  it('returns its verdict', async () => {
    expect(await check(ASKED, () => Promise.resolve(ok('Fine.')))).toEqual({
      check: 'line',
      state: 'ok',
      says: 'Fine.',
    });
  });

  it.each([
    ['AccessDeniedException', 'unknown', 'Ask for this right: dynamodb:GetItem.'],
    ['ResourceNotFoundException', 'problem', 'Deploy, and use'],
    ['UnrecognizedClientException', 'problem', 'Sign in again'],
    ['ExpiredTokenException', 'problem', 'Sign in again'],
    ['SomethingElseException', 'unknown', 'It needs dynamodb:GetItem.'],
  ])('is a line that names the fix when AWS answers %s', async (type, state, remedy) => {
    const client = await refusing(type);

    const line = await check(ASKED, async () => {
      await client.send(new GetItemCommand({ TableName: 't', Key: { pk: { S: 'k' } } }));
      return ok('Never.');
    });

    expect(line).toMatchObject({ check: 'line', state, remedy: expect.stringContaining(remedy) as string });
  });

  it('says what to use if credentials and outputs do not match', async () => {
    const line = await check(ASKED, () => Promise.reject(new UsageError('The credentials are for 1.')));

    expect(line).toMatchObject({ state: 'problem', says: 'The credentials are for 1.' });
  });
});
