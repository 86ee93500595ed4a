// @module-tag long
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { deployFixture, functionOf, seeing, writeAssembly } from '../fixture-assembly.ts';
import type { FixtureDeployment } from '../fixture-assembly.ts';
import { deployAssembly } from '../../deployment.ts';
import { temporaryDirectory } from '../fixture-function.ts';
import { textLike } from '../match.ts';

/** The messages in a batch, with the number of receives of each. */
const SEE_BATCH = `see(event.Records.map((record) => record.body + ':' + record.attributes.ApproximateReceiveCount));`;

// https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
describe('a queue’s mapping', () => {
  it('passes messages on in AWS’s format', async () => {
    const deployment = await deployQueue(seeing('see(event);'), { fifo: true });

    await send(deployment, {
      MessageBody: 'hello',
      MessageGroupId: 'g',
      MessageDeduplicationId: 'd',
      MessageAttributes: { kind: { DataType: 'String', StringValue: 'order' } },
    });
    await deployment.untilQueueIdle(deployment.output('Url'));

    const epochMs = textLike(/^\d{13}$/);
    expect(deployment.seen()).toEqual([
      {
        Records: [
          {
            messageId: textLike(/^[0-9a-f-]{36}$/),
            receiptHandle: textLike(/./),
            body: 'hello',
            attributes: {
              ApproximateReceiveCount: '1',
              SentTimestamp: epochMs,
              ApproximateFirstReceiveTimestamp: epochMs,
              SenderId: textLike(/./),
              MessageGroupId: 'g',
              MessageDeduplicationId: 'd',
              SequenceNumber: textLike(/^\d{20}$/),
            },
            messageAttributes: {
              kind: { stringValue: 'order', stringListValues: [], binaryListValues: [], dataType: 'String' },
            },
            md5OfBody: '5d41402abc4b2a76b9719d911017c592',
            eventSource: 'aws:sqs',
            eventSourceARN: textLike(/^arn:aws:sqs:us-east-1:000000000000:Stack-Queue-[0-9A-F]+\.fifo$/),
            awsRegion: 'us-east-1',
          },
        ],
      },
    ]);
  });

  it('deletes the messages that succeeded', async () => {
    const deployment = await deployQueue(seeing(SEE_BATCH));

    await send(deployment, { MessageBody: '1' });
    await deployment.untilQueueIdle(deployment.output('Url'));

    expect(await messageCounts(deployment, 'Url')).toEqual({ visible: 0, hidden: 0 });
    expect(deployment.seen()).toEqual([['1:1']]);
  });

  // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
  it('keeps the reported messages of a batch and deletes the others', async () => {
    const deployment = await deployQueue(
      seeing(`${SEE_BATCH} return { batchItemFailures: event.Records.filter(({ body }) => body === 'bad')
        .map(({ messageId }) => ({ itemIdentifier: messageId })) };`),
    );

    await send(deployment, { MessageBody: 'good' });
    await send(deployment, { MessageBody: 'bad' });
    await deployment.untilQueueIdle(deployment.output('Url'));

    expect(await messageCounts(deployment, 'Url')).toEqual({ visible: 0, hidden: 1 });
  });

  it.each([
    ['an error', `throw new Error('no');`],
    ['an unknown identifier', `return { batchItemFailures: [{ itemIdentifier: 'nobody' }] };`],
    ['an empty identifier', `return { batchItemFailures: [{ itemIdentifier: '' }] };`],
    ['a response that is not an object', `return 'done';`],
  ])('keeps the whole batch on %s', async (_case, code) => {
    const deployment = await deployQueue(seeing(code));

    await send(deployment, { MessageBody: '1' });
    await deployment.untilQueueIdle(deployment.output('Url'));

    expect(await messageCounts(deployment, 'Url')).toEqual({ visible: 0, hidden: 1 });
  });

  it('returns a failed message after the visibility timeout and moves it to the dead-letter queue after the last receive', async () => {
    const deployment = await deployQueue(seeing(`${SEE_BATCH} throw new Error('never');`), {
      visibilityTimeoutSeconds: 5,
      timeoutSeconds: 5,
    });

    await send(deployment, { MessageBody: '1' });
    await vi.waitFor(async () => {
      expect(await messageCounts(deployment, 'DeadLetterUrl')).toEqual({ visible: 1, hidden: 0 });
    }, 120_000);

    expect(deployment.seen()).toEqual([['1:1'], ['1:2']]);
    expect(await messageCounts(deployment, 'Url')).toEqual({ visible: 0, hidden: 0 });
  });

  // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html
  it('works on one message of a group at a time, in order, and on other groups in the meantime', async () => {
    const deployment = await deployQueue(seeing(`for (const { body } of event.Records) see(body);`), {
      fifo: true,
    });
    const orders = ['a1', 'b1', 'a2', 'b2', 'a3', 'c1'];

    for (const body of orders) {
      await send(deployment, { MessageBody: body, MessageGroupId: body[0], MessageDeduplicationId: body });
    }
    await deployment.untilQueueIdle(deployment.output('Url'));

    const seen = z.array(z.string()).parse(deployment.seen());
    expect(seen.filter((body) => body.startsWith('a'))).toEqual(['a1', 'a2', 'a3']);
    expect(seen.filter((body) => body.startsWith('b'))).toEqual(['b1', 'b2']);
    expect(seen.toSorted()).toEqual(orders.toSorted());
  });

  // https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html, BatchSize
  it('divides a batch that is larger than the payload of one invocation', async () => {
    const deployment = await deployQueue(seeing(`see(event.Records.length);`), {
      batchingWindowSeconds: 5,
      services: 'models',
    });

    for (let count = 0; count < 8; count += 1) await send(deployment, { MessageBody: 'x'.repeat(1_000_000) });
    await vi.waitFor(() => {
      expect(deployment.seen()).not.toEqual([]);
    }, 120_000);
    await deployment.untilQueueIdle(deployment.output('Url'));

    expect(await messageCounts(deployment, 'Url')).toEqual({ visible: 0, hidden: 0 });
    const counts = z.array(z.number()).parse(deployment.seen());
    expect(Math.max(...counts)).toBeLessThanOrEqual(6);
    expect(counts.reduce((sum, count) => sum + count)).toBe(8);
  });

  it('runs no later part of a batch of a FIFO queue after one that failed', async () => {
    const file = join(await temporaryDirectory(), 'gate');
    const code = seeing(`const bodies = event.Records.map((record) => record.body.slice(0, 4));
      see(bodies);
      if (bodies[0] !== 'gate') throw new Error('no');
      const { existsSync } = require('node:fs');
      while (!existsSync(process.env.GATE)) await new Promise((resolve) => setTimeout(resolve, 10));`);
    const deployment = await deployQueue(code, {
      fifo: true,
      services: 'models',
      environment: { GATE: file },
    });

    const bodies = ['gate', ...Array.from({ length: 8 }, (_, index) => `big${index}`.padEnd(1_000_000, 'x'))];
    for (const [index, MessageBody] of bodies.entries())
      await send(deployment, { MessageBody, MessageGroupId: 'g', MessageDeduplicationId: String(index) });
    await writeFile(file, '');
    await deployment.untilQueueIdle(deployment.output('Url'));

    expect(deployment.seen()).toEqual([['gate'], ['big0', 'big1', 'big2', 'big3', 'big4', 'big5']]);
    expect(await messageCounts(deployment, 'Url')).toEqual({ visible: 0, hidden: 8 });
  });

  it('counts as idle while a group waits behind a failed message', async () => {
    const deployment = await deployQueue(seeing(`${SEE_BATCH} throw new Error('no');`), {
      fifo: true,
      visibilityTimeoutSeconds: 600,
    });

    await send(deployment, { MessageBody: '1', MessageGroupId: 'g', MessageDeduplicationId: '1' });
    await send(deployment, { MessageBody: '2', MessageGroupId: 'g', MessageDeduplicationId: '2' });
    await deployment.untilQueueIdle(deployment.output('Url'));

    expect(deployment.seen()).toEqual([['1:1']]);
    expect(await messageCounts(deployment, 'Url')).toEqual({ visible: 1, hidden: 1 });
  });

  it('runs no more batches at once than its maximum concurrency', async () => {
    const deployment = await deployQueue(
      // The first two wait for each other; a third one in parallel would be noticed.
      `const { appendFileSync, readFileSync } = require('node:fs');
       const pause = () => new Promise((resolve) => setTimeout(resolve, 10));
       exports.handler = async () => {
         appendFileSync(process.env.LOG, '+');
         while (!readFileSync(process.env.LOG, 'utf8').slice(1).includes('+')) await pause();
         await pause();
         appendFileSync(process.env.LOG, '-');
       };`,
      { batchSize: 1, concurrency: 2, environment: { LOG: `${await temporaryDirectory()}/log` } },
    );

    for (let count = 0; count < 8; count += 1) await send(deployment, { MessageBody: String(count) });
    await deployment.untilQueueIdle(deployment.output('Url'));

    const steps = await readFile(deployment.logFile, 'utf8');
    expect(mostAtOnce(steps)).toBe(2);
    expect(steps).toHaveLength(16);
  });

  // The same page, "Backoff strategy for failed invocations".
  it('retries a throttled batch without receiving it again', async () => {
    const directory = await temporaryDirectory();
    const stack = queueStack(
      seeing(`${SEE_BATCH} while (event.Records[0].body === 'a' && !require('node:fs').existsSync(process.env.GO))
        await new Promise((resolve) => setTimeout(resolve, 5));`),
      { batchSize: 1, concurrency: 2, environment: { GO: `${directory}/go` } },
    );
    const deployment = await deployFixture(stack, { accountConcurrency: 1 });

    await send(deployment, { MessageBody: 'a' });
    await vi.waitFor(() => {
      expect(deployment.seen()).toEqual([['a:1']]);
    }, 120_000);
    await send(deployment, { MessageBody: 'b' });
    await vi.waitFor(() => {
      expect(sumOf(deployment, 'Throttles')).toBeGreaterThan(0);
    }, 120_000);
    await writeFile(`${directory}/go`, '');
    await deployment.untilQueueIdle(deployment.output('Url'));

    expect(deployment.seen()).toEqual([['a:1'], ['b:1']]);
    expect(await messageCounts(deployment, 'Url')).toEqual({ visible: 0, hidden: 0 });
  });

  it('waits for more messages as long as the batching window allows', async () => {
    const deployment = await deployQueue(seeing(SEE_BATCH), { batchSize: 3, batchingWindowSeconds: 20 });

    for (const body of ['1', '2', '3']) await send(deployment, { MessageBody: body });
    await deployment.untilQueueIdle(deployment.output('Url'));

    expect(deployment.seen()).toEqual([['1:1', '2:1', '3:1']]);
  });

  // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
  it.each([
    [
      'a visibility timeout below the function’s timeout',
      { visibilityTimeoutSeconds: 1, timeoutSeconds: 2 },
      /visibility timeout: 1 seconds is less than Function timeout: 2 seconds/,
    ],
    ['a FIFO batch over 10', { fifo: true, batchSize: 11 }, /FIFO/],
    ['a batch over 10 without a window', { batchSize: 11 }, /window/],
  ])('is refused with %s', async (_case, settings, message) => {
    const assemblyDirectory = await writeAssembly(queueStack(seeing(''), settings));

    const deploying = deployAssembly({
      assemblyDirectory,
      stateDirectory: await temporaryDirectory(),
      environmentOverrides: {},
    });

    await expect(deploying).rejects.toThrow(message);
  });
});

/** Far longer than the work, so that no message returns only because the machine is busy. */
const LONG_SECONDS = 300;

type Settings = {
  fifo?: boolean;
  batchSize?: number;
  batchingWindowSeconds?: number;
  concurrency?: number;
  visibilityTimeoutSeconds?: number;
  timeoutSeconds?: number;
  environment?: Record<string, string>;
  services?: 'emulators' | 'models';
};

function queueStack(code: string, settings: Settings) {
  const fifo = settings.fifo === true ? { FifoQueue: true } : {};
  return {
    code: { worker: code },
    resources: {
      DeadLetters: { Type: 'AWS::SQS::Queue', Properties: fifo },
      Queue: {
        Type: 'AWS::SQS::Queue',
        Properties: {
          ...fifo,
          VisibilityTimeout: settings.visibilityTimeoutSeconds ?? LONG_SECONDS,
          RedrivePolicy: {
            deadLetterTargetArn: { 'Fn::GetAtt': ['DeadLetters', 'Arn'] },
            maxReceiveCount: 2,
          },
        },
      },
      Worker: functionOf('worker', {
        Timeout: settings.timeoutSeconds ?? LONG_SECONDS,
        Environment: { Variables: settings.environment ?? {} },
      }),
      Mapping: {
        Type: 'AWS::Lambda::EventSourceMapping',
        Properties: {
          FunctionName: { Ref: 'Worker' },
          EventSourceArn: { 'Fn::GetAtt': ['Queue', 'Arn'] },
          BatchSize: settings.batchSize ?? 10,
          ...(settings.batchingWindowSeconds !== undefined && {
            MaximumBatchingWindowInSeconds: settings.batchingWindowSeconds,
          }),
          FunctionResponseTypes: ['ReportBatchItemFailures'],
          ScalingConfig: { MaximumConcurrency: settings.concurrency ?? 2 },
        },
      },
    },
    outputs: { Url: { Value: { Ref: 'Queue' } }, DeadLetterUrl: { Value: { Ref: 'DeadLetters' } } },
  };
}

async function deployQueue(code: string, settings: Settings = {}) {
  const { services } = settings;
  const deployment = await deployFixture(queueStack(code, settings), services ? { services } : {});
  return { ...deployment, logFile: settings.environment?.['LOG'] ?? '' };
}

async function send(deployment: FixtureDeployment, message: Record<string, unknown>): Promise<void> {
  await deployment.sqs('SendMessage', { QueueUrl: deployment.output('Url'), ...message });
}

const CountsSchema = z.object({
  Attributes: z.object({
    ApproximateNumberOfMessages: z.coerce.number(),
    ApproximateNumberOfMessagesNotVisible: z.coerce.number(),
  }),
});

async function messageCounts(deployment: FixtureDeployment, output: string) {
  const { Attributes: counts } = CountsSchema.parse(
    await deployment.sqs('GetQueueAttributes', {
      QueueUrl: deployment.output(output),
      AttributeNames: ['All'],
    }),
  );
  return {
    visible: counts.ApproximateNumberOfMessages,
    hidden: counts.ApproximateNumberOfMessagesNotVisible,
  };
}

function sumOf({ cloudWatch: { metrics } }: FixtureDeployment, name: string): number {
  return metrics
    .metrics()
    .filter((metric) => metric.name === name)
    .flatMap((metric) => metrics.samples(metric, { fromMs: 0, untilMs: Infinity }))
    .reduce((sum, { value }) => sum + value, 0);
}

function mostAtOnce(steps: string): number {
  let running = 0;
  return Math.max(...Array.from(steps, (step) => (running += step === '+' ? 1 : -1)));
}
