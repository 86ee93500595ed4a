import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { readStage } from '../../ops/stage.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'button-ops-'));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

it("reads a stage's outputs from the shared stack and from each brand's, whatever the brand's id", async () => {
  const file = join(directory, 'outputs.json');
  const queueUrl = (name: string) => `https://sqs.eu-west-1.amazonaws.com/111122223333/${name}.fifo`;
  const outputs = {
    'Button-pre-live-OrderReporting': { OrderLedgerTableName: 'Button-pre-live-OrderLedger' },
    'Button-pre-live-Brand-acme': {
      OrderQueueUrlAcme: queueUrl('acme'),
      OrderQueueArnAcme: 'arn:aws:sqs:eu-west-1:111122223333:acme.fifo',
    },
    'Button-pre-live-Brand-dashboards-brand-b': { OrderQueueUrlDashboardsBrandB: queueUrl('b') },
  };
  await writeFile(file, JSON.stringify(outputs));

  const stage = await readStage(file);

  expect(stage).toMatchObject({ name: 'pre-live', account: '111122223333', region: 'eu-west-1' });
  expect(stage.output('OrderLedgerTableName')).toBe('Button-pre-live-OrderLedger');
  expect(stage.output('OrderQueueUrlAcme')).toBe(queueUrl('acme'));
  expect(stage.output('OrderQueueUrlDashboardsBrandB')).toBe(queueUrl('b'));
});

it('uses the addresses of this machine for the local stage only', async () => {
  const at = 'http://127.0.0.1:1234';
  const endpoints = { dynamodb: at, sqs: at, secretsManager: at, eventBridge: at, cloudWatch: at };
  const outputsOf = (stage: string) => ({
    [`Button-${stage}-Brand-acme`]: { OrderQueueArnAcme: 'arn:aws:sqs:eu-west-1:111122223333:acme.fifo' },
    LocalEndpoints: endpoints,
  });
  const read = async (stage: string) => {
    const file = join(directory, `${stage}.json`);
    await writeFile(file, JSON.stringify(outputsOf(stage)));
    return readStage(file);
  };

  expect((await read('local')).localEndpoints).toEqual(endpoints);
  expect((await read('production')).localEndpoints).toBeUndefined();
});

it('reads the topics of a stage from its stack of alarms', async () => {
  const file = join(directory, 'alarms.json');
  const topicArn = 'arn:aws:sns:eu-west-1:111122223333:page';
  await writeFile(file, JSON.stringify({ 'Button-production-Alarms': { PageTopicArn: topicArn } }));

  expect((await readStage(file)).output('PageTopicArn')).toBe(topicArn);
});
