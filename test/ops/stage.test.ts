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
