import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { expect, it, onTestFinished } from 'vitest';
import { startSecretsManager } from '../../emulators/secrets-manager.ts';

const ARN = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:button/key-a1b2c3';

// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
it('answers ResourceNotFoundException in Secrets Manager’s words for a secret without a value', async () => {
  const { client } = await startWithSecret();

  const reading = client.send(new GetSecretValueCommand({ SecretId: ARN }));

  await expect(reading).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    message: "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
  });
});

it('answers ResourceNotFoundException for a secret that does not exist', async () => {
  const { client } = await startWithSecret();

  const reading = client.send(new GetSecretValueCommand({ SecretId: 'other' }));

  await expect(reading).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    message: "Secrets Manager can't find the specified secret.",
  });
});

it.each([['button/key'], [ARN], [ARN.slice(0, -7)]])('finds a secret by %s', async (secretId) => {
  const { client, secretsManager } = await startWithSecret();
  secretsManager.put(ARN, 'value');

  const secret = await client.send(new GetSecretValueCommand({ SecretId: secretId }));

  expect(secret).toMatchObject({
    ARN,
    Name: 'button/key',
    SecretString: 'value',
    VersionStages: ['AWSCURRENT'],
  });
});

// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
it('keeps the previous value as AWSPREVIOUS', async () => {
  const { client } = await startWithSecret();

  await client.send(new PutSecretValueCommand({ SecretId: ARN, SecretString: 'one' }));
  await client.send(new PutSecretValueCommand({ SecretId: ARN, SecretString: 'two' }));
  const current = await client.send(new GetSecretValueCommand({ SecretId: ARN }));
  const previous = await client.send(
    new GetSecretValueCommand({ SecretId: ARN, VersionStage: 'AWSPREVIOUS' }),
  );

  expect([current.SecretString, previous.SecretString]).toEqual(['two', 'one']);
});

async function startWithSecret() {
  const secretsManager = await startSecretsManager();
  secretsManager.create({ arn: ARN, name: 'button/key' });
  const client = new SecretsManagerClient({
    endpoint: secretsManager.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  onTestFinished(async () => {
    client.destroy();
    await secretsManager.close();
  });
  return { client, secretsManager };
}
