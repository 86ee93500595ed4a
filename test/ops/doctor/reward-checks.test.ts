import { CreateQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { buildApp } from 'fauxqs';
import { describe, expect, it, onTestFinished } from 'vitest';

import { createClients } from '../../../ops/clients.ts';
import { NO_PROGRESS } from '../../../ops/progress.ts';
import type { CheckLine } from '../../../ops/doctor/check.ts';
import { rewardChecks } from '../../../ops/doctor/reward-checks.ts';
import { startSecretsManager } from '../../../tooling/local-aws/emulators/secrets-manager.ts';

const SECRET_ARN = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:EventDelivery-abcdef';
const KEY = Buffer.alloc(32, 'key').toString('base64');
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

/** What the doctor says of a stage that has the reward queue, and delivers its events unless it must not. */
async function examine({
  secret,
  deadLetters = 0,
  outputNames = ['RewardQueueUrl', 'EventDeliverySecretsArn'],
}: {
  secret?: string;
  deadLetters?: number;
  outputNames?: string[];
}): Promise<CheckLine[]> {
  const manager = await startSecretsManager();
  manager.create({ arn: SECRET_ARN, name: 'EventDelivery' });
  const secretsManager = new SecretsManagerClient({
    region: 'us-east-1',
    endpoint: manager.endpoint,
    credentials,
  });
  if (secret !== undefined)
    await secretsManager.send(new PutSecretValueCommand({ SecretId: SECRET_ARN, SecretString: secret }));
  const app = buildApp({ logger: false });
  const endpoint = await app.listen({ host: '127.0.0.1', port: 0 });
  const sqs = new SQSClient({ region: 'us-east-1', endpoint, credentials });
  const clients = { ...createClients({ region: 'us-east-1' }), secretsManager, sqs };
  onTestFinished(async () => {
    clients.close();
    secretsManager.destroy();
    sqs.destroy();
    await Promise.all([manager.close(), app.close()]);
  });
  const dead = await sqs.send(new CreateQueueCommand({ QueueName: 'RewardsDeadLetters' }));
  const RedrivePolicy = JSON.stringify({
    deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:RewardsDeadLetters',
    maxReceiveCount: 3,
  });
  const { QueueUrl: queueUrl = '' } = await sqs.send(
    new CreateQueueCommand({ QueueName: 'Rewards', Attributes: { RedrivePolicy } }),
  );
  for (let number = 0; number < deadLetters; number += 1)
    await sqs.send(new SendMessageCommand({ QueueUrl: dead.QueueUrl, MessageBody: '{}' }));
  const output = (key: string) => (key === 'RewardQueueUrl' ? queueUrl : SECRET_ARN);
  const stage = {
    name: 'production',
    account: '000000000000',
    region: 'us-east-1',
    outputNames,
    output,
    brands: [],
  };
  return Promise.all(
    rewardChecks({ stage, clients, isDryRun: true, now: () => new Date(), progress: NO_PROGRESS }),
  );
}

describe('the doctor, about rewards', () => {
  it.each([
    [undefined, 'problem', 'It is not set: no event is delivered to your URL.'],
    ['hunter2', 'problem', /^It is set, but it is not whsec_ and the base64 of 24 to 64 bytes/],
    [`whsec_${KEY}\n`, 'ok', 'One is set, and well-formed.'],
    [`whsec_${KEY} whsec_${KEY}`, 'ok', '2 are set, all well-formed.'],
    [`whsec_${KEY} whsec_short`, 'problem', /no event is delivered/],
  ])('says of the secret that signs events, if it is %j: %s', async (secret, state, says) => {
    const [, line] = await examine({ ...(secret !== undefined && { secret }) });

    expect(line).toMatchObject({ check: 'event delivery: secret', state });
    expect(line?.says).toMatch(says);
    if (line?.state === 'problem') expect(line.remedy).toContain(`--secret-id ${SECRET_ARN}`);
  });

  it('finds events that nobody could handle', async () => {
    const [line] = await examine({ deadLetters: 2 });

    expect(line).toMatchObject({ check: 'rewards: dead letters', state: 'problem', says: '2 messages.' });
  });

  it('says nothing of a queue and of a delivery that a stage does not have', async () => {
    const withoutDelivery = await examine({ outputNames: ['RewardQueueUrl'] });

    expect(withoutDelivery).toEqual([{ check: 'rewards: dead letters', state: 'ok', says: 'None.' }]);
    expect(await examine({ outputNames: [] })).toEqual([]);
  });
});
