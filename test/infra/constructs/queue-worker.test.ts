import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Template } from 'aws-cdk-lib/assertions';
import { App, Stack } from 'aws-cdk-lib/core';
import { describe, expect, it } from 'vitest';

import { StageConfigSchema } from '../../../infra/config.ts';
import { permission } from '../../../infra/constructs/permission.ts';
import { QueueWorker, type QueueWorkerProps } from '../../../infra/constructs/queue-worker.ts';
import { UNCHECKED_APP } from '../../../infra/unchecked-app.ts';

const bundlesFolder = mkdtempSync(join(tmpdir(), 'button-serverless-'));
mkdirSync(join(bundlesFolder, 'some-worker'));
writeFileSync(join(bundlesFolder, 'some-worker', 'index.cjs'), '');

function synthesize(change: Partial<QueueWorkerProps>): Template {
  const stack = new Stack(new App(UNCHECKED_APP), 'Test');
  new QueueWorker(stack, 'Work', {
    deployment: {
      config: StageConfigSchema.parse({ stage: 'development', transactions: {} }),
      bundlesFolder,
    },
    logicalId: 'Work',
    kind: 'fifo',
    worker: 'some-worker',
    timeoutSeconds: 30,
    batchSize: 10,
    maxConcurrency: 2,
    maxReceiveCount: 5,
    environment: () => ({}),
    permissions: () => [],
    alarms: {
      name: 'Work',
      severity: 'page',
      deadLetterImpact: 'Work is lost.',
      ageImpact: 'Work is late.',
      maxAgeSeconds: 60,
      runbookSection: 'work',
    },
    ...change,
  });
  return Template.fromStack(stack);
}

describe('QueueWorker', () => {
  it('derives the visibility timeout from the timeout (A11)', () => {
    synthesize({ timeoutSeconds: 31 }).hasResourceProperties('AWS::SQS::Queue', { VisibilityTimeout: 186 });
  });

  it('accepts a longer visibility timeout, but no shorter one (A11)', () => {
    synthesize({ visibilityTimeoutSeconds: 900 }).hasResourceProperties('AWS::SQS::Queue', {
      VisibilityTimeout: 900,
    });
    expect(() => synthesize({ visibilityTimeoutSeconds: 179 })).toThrow(/must be at least 180 s/);
  });

  it('refuses a standard queue whose worker does not report the age of messages that keep failing', () => {
    expect(() => synthesize({ kind: 'standard' })).toThrow(/needs reportedAge/);
  });

  it('AWS, requirement 1: requires a worker that may start itself to be declared a loop, which Lambda then does not stop', () => {
    const startsItself: Partial<QueueWorkerProps> = {
      permissions: ({ queueArn }) => [permission(['sqs:SendMessage'], queueArn)],
    };

    expect(() => synthesize(startsItself)).toThrow(/set isLoop/);
    expect(() => synthesize({ isLoop: true })).toThrow(/leave isLoop out/);
    synthesize({ ...startsItself, isLoop: true }).hasResourceProperties('AWS::Lambda::Function', {
      RecursiveLoop: 'Allow',
    });
  });

  it('names the command to run when the worker is not bundled', () => {
    expect(() => synthesize({ worker: 'unknown-worker' })).toThrow(/Run "node infra\/bundle\.ts" first/);
  });
});
