import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { afterEach, beforeAll, describe, expect, it } from 'vitest';

import { bundleFunctions } from '../../infra/function-bundles.ts';
import { startSignatureCheckingServer, type SignatureCheckingServer } from './signature-checking-server.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const CREDENTIALS = {
  accessKeyId: 'ASIAEXAMPLE',
  secretAccessKey: 'a/secret+key',
  sessionToken: 'a/session+token==',
};

const EVERY_CLIENT = `
  import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
  import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
  import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
  import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';

  export const handler = async (): Promise<void> => {
    await new DynamoDBClient().send(new GetItemCommand({ TableName: 'table', Key: { pk: { S: 'ünï / code' } } }));
    await new SecretsManagerClient().send(new GetSecretValueCommand({ SecretId: 'secret' }));
    await new SQSClient({ md5: false }).send(new SendMessageCommand({ QueueUrl: process.env['AWS_ENDPOINT_URL'] + '/queue', MessageBody: 'body' }));
    await new EventBridgeClient().send(new PutEventsCommand({ Entries: [] }));
  };`;

let aws: SignatureCheckingServer;
let distFolder: string;

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'button-serverless-'));
  distFolder = join(folder, 'dist');
  mkdirSync(join(folder, 'functions', 'every-client'), { recursive: true });
  writeFileSync(join(folder, 'functions', 'every-client', 'handler.ts'), EVERY_CLIENT);
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  await bundleFunctions({ functionsFolder: join(folder, 'functions'), distFolder });
  await bundleFunctions({ functionsFolder: join(ROOT, 'functions'), distFolder: join(distFolder, 'ours') });
});

afterEach(() => aws.close());

/** Loads a bundle as Lambda does, in a process whose environment holds only what Lambda and the stack set. */
async function load(bundle: string, { invoke, env = {} }: { invoke: boolean; env?: Record<string, string> }) {
  const entry = JSON.stringify(join(distFolder, bundle, 'index.mjs'));
  const script = `const { handler } = await import(${entry}); ${invoke ? 'await handler({}, {});' : ''}`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    env: {
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
      AWS_SESSION_TOKEN: CREDENTIALS.sessionToken,
      AWS_ENDPOINT_URL: aws.url,
      ...env,
    },
  });
  const [errors] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  return { errors, exitCode: child.exitCode };
}

describe('a bundled function', () => {
  it('signs every call to AWS with the credentials of its environment, session token included', async () => {
    aws = await startSignatureCheckingServer(CREDENTIALS, {});

    const { errors, exitCode } = await load('every-client', { invoke: true });

    expect(errors).toBe('');
    expect(exitCode).toBe(0);
    expect(aws.calls.map(({ operation, accepted }) => ({ operation, accepted }))).toEqual([
      { operation: 'DynamoDB_20120810.GetItem', accepted: true },
      { operation: 'secretsmanager.GetSecretValue', accepted: true },
      { operation: 'AmazonSQS.SendMessage', accepted: true },
      { operation: 'AWSEvents.PutEvents', accepted: true },
    ]);
  });

  it('is refused if its secret key or its session token is wrong', async () => {
    for (const wrong of [{ secretAccessKey: 'another' }, { sessionToken: 'another' }]) {
      aws = await startSignatureCheckingServer({ ...CREDENTIALS, ...wrong }, {});

      const { errors, exitCode } = await load('every-client', { invoke: true });

      expect(errors).toContain('InvalidSignatureException');
      expect(exitCode).not.toBe(0);
      await aws.close();
    }
  });
});

describe('a function that a caller waits for', () => {
  const TABLES = { QUARANTINE_TABLE: 'quarantine', QUARANTINE_RETENTION_DAYS: '90' };
  const RECEIVER = {
    ...TABLES,
    TRANSACTIONS_TABLE: 'transactions',
    DEFERRED_WEBHOOKS_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/111122223333/deferred-webhooks',
    WEBHOOK_SECRETS_ID: 'webhook-secrets',
    SHOPPER_FIELD: 'publisher_customer_id',
    POSITIONS_TABLE: 'positions',
    REWARDABLE_CATEGORIES: '["new-user-order"]',
  };
  const REPORTER = {
    ...TABLES,
    BRAND_ID: 'acme',
    ORDER_LEDGER_TABLE: 'order-ledger',
    API_KEY_SECRET_ID: 'api-key',
    BUTTON_API_URL: 'https://api.usebutton.com',
    BUTTON_TIMEOUT_MS: '10000',
    QUIET_TIME_SECONDS: '60',
    RETRY_BASE_SECONDS: '30',
    RETRY_MAX_SECONDS: '1800',
    ORDER_BY: 'sequence',
    TEST_TOKENS: 'refuse',
    ALLOW_FINALIZATION_DATE: 'false',
  };
  /** Starts the function once more if a busy machine took longer than the function waits. */
  const callsBeforeTheFirstEvent = async (
    bundle: string,
    { env, secret, tries = 20 }: { env: Record<string, string>; secret: string; tries?: number },
  ): Promise<{ errors: string; exitCode: number | null; calls: SignatureCheckingServer['calls'] }> => {
    aws = await startSignatureCheckingServer(CREDENTIALS, {
      'secretsmanager.GetSecretValue': { SecretString: secret },
    });
    const { errors, exitCode } = await load(bundle, { invoke: false, env });
    if (errors.includes('AbortError') && tries > 1) {
      await aws.close();
      return callsBeforeTheFirstEvent(bundle, { env, secret, tries: tries - 1 });
    }
    return {
      errors,
      exitCode,
      calls: aws.calls.toSorted((one, other) => (one.operation < other.operation ? -1 : 1)),
    };
  };

  it('has read before the first webhook what that would read: the secrets, when the system started, and the finalization windows', async () => {
    const { errors, exitCode, calls } = await callsBeforeTheFirstEvent('ours/webhook-receiver', {
      env: RECEIVER,
      secret: '[{"name":"main","secret":"0123456789abcdef"}]',
    });

    expect({ errors, exitCode }).toEqual({ errors: '', exitCode: 0 });
    const readFrom = (account: string, stream: string): object => ({
      operation: 'DynamoDB_20120810.GetItem',
      input: { TableName: 'positions', Key: { account: { S: account }, stream: { S: stream } } },
      accepted: true,
    });
    expect(calls).toMatchObject([
      readFrom('#deployment', 'deployment'),
      readFrom('#finalization', 'windows'),
      { operation: 'secretsmanager.GetSecretValue', input: { SecretId: 'webhook-secrets' }, accepted: true },
    ]);
  });

  it("has done the same before the first order, with a key that its rights on its brand's keys cover", async () => {
    const { errors, exitCode, calls } = await callsBeforeTheFirstEvent('ours/order-reporter', {
      env: REPORTER,
      secret: 'sk-0123456789',
    });

    expect({ errors, exitCode }).toEqual({ errors: '', exitCode: 0 });
    expect(calls).toEqual([
      {
        operation: 'DynamoDB_20120810.GetItem',
        input: { TableName: 'order-ledger', Key: { pk: { S: 'acme#prime' } } },
        accepted: true,
      },
      { operation: 'secretsmanager.GetSecretValue', input: { SecretId: 'api-key' }, accepted: true },
    ]);
  });

  it('starts even if AWS refuses these calls', async () => {
    aws = await startSignatureCheckingServer({ ...CREDENTIALS, secretAccessKey: 'another' }, {});

    const { exitCode } = await load('ours/webhook-receiver', { invoke: false, env: RECEIVER });

    expect(exitCode).toBe(0);
    expect(aws.calls.every(({ accepted }) => !accepted)).toBe(true);
  });
});
