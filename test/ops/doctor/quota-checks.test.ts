import { LambdaClient } from '@aws-sdk/client-lambda';
import { describe, expect, it, onTestFinished } from 'vitest';

import { createClients } from '../../../ops/clients.ts';
import { quotaChecks } from '../../../ops/doctor/quota-checks.ts';
import { NO_PROGRESS } from '../../../ops/progress.ts';
import { startAwsStub, AwsFault, type Answer } from '../../infra/preflight/aws-stub.ts';

const OUTPUTS = { LambdaExecutionsAtOnce: '44', AlarmedLambdaConcurrency: '1000' };

/** What the doctor says of an account, if Lambda answers this. */
async function linesFor(answer: Answer, outputs: Readonly<Record<string, string>> = OUTPUTS) {
  const aws = await startAwsStub({ 'lambda.GET /2016-08-19/account-settings': () => answer });
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const lambda = new LambdaClient({ region: 'us-east-1', endpoint: aws.url, credentials, maxAttempts: 1 });
  const clients = { ...createClients({ region: 'us-east-1' }), lambda };
  onTestFinished(() => {
    lambda.destroy();
    clients.close();
    aws.close();
  });
  const stage = {
    name: 'production',
    account: '000000000000',
    region: 'us-east-1',
    outputNames: Object.keys(outputs),
    output: (key: string) => outputs[key] ?? '',
    brands: [],
  };
  return Promise.all(
    quotaChecks({ stage, clients, isDryRun: true, now: () => new Date(), progress: NO_PROGRESS }),
  );
}

const limits = (quota: number, unreserved: number) => ({
  AccountLimit: { ConcurrentExecutions: quota, UnreservedConcurrentExecutions: unreserved },
});

describe('the quotas of an account', () => {
  it('are right if they let the stage run, and its alarm is set for them', async () => {
    expect(await linesFor(limits(1000, 900))).toEqual([
      {
        check: 'Lambda concurrency',
        state: 'ok',
        says: '900 concurrent executions are unreserved; this stage uses up to 44.',
      },
      {
        check: 'alarm of Lambda concurrency',
        state: 'ok',
        says: "alarms.lambdaConcurrency is the account's quota, 1000.",
      },
    ]);
  });

  it('of a new account are too small: each line names its remedy', async () => {
    const [enough, alarm] = await linesFor(limits(10, 10));

    expect(enough).toMatchObject({
      state: 'problem',
      says: '10 concurrent executions are unreserved; this stage uses up to 44.',
      remedy: expect.stringContaining('request-service-quota-increase --service-code lambda') as string,
    });
    expect(alarm).toMatchObject({ state: 'problem', remedy: 'Set alarms.lambdaConcurrency to 10.' });
  });

  it('are too small if other functions have reserved them', async () => {
    const [enough, alarm] = await linesFor(limits(1000, 43));

    expect([enough?.state, alarm?.state]).toEqual(['problem', 'ok']);
  });

  it('are unknown if the right to read them is missing', async () => {
    const lines = await linesFor(new AwsFault('AccessDeniedException'));

    expect(lines).toMatchObject([
      { state: 'unknown', remedy: 'Ask for this right: lambda:GetAccountSettings.' },
      { state: 'unknown' },
    ]);
  });

  it('are unknown if Lambda does not say them', async () => {
    expect(await linesFor({})).toMatchObject([{ state: 'unknown' }, { state: 'unknown' }]);
  });
});
