import { ReceiveMessageCommand, SendMessageCommand, SQSClient, type Message } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';

import { createMetricStore } from '../../tooling/local-aws/cloudwatch/metric-store.ts';
import { startSqs, type SqsEmulator } from '../../tooling/local-aws/emulators/sqs-emulator.ts';
import { putLevel } from '../../tooling/local-aws/emulators/sqs-metrics.ts';
import { startSqsModel } from '../../tooling/local-aws/models/sqs-server.ts';
import { randomFrom } from './random.ts';
import { SqsModel } from '../../tooling/local-aws/models/sqs-model.ts';
import { describeSqs, type OpenedQueue } from './sqs.contract.ts';

let emulator: SqsEmulator;
let served: SqsEmulator;
let queues = 0;
let nowMs = Date.parse('2026-06-01T12:00:00.000Z');

beforeAll(async () => {
  [emulator, served] = await Promise.all([startSqs('us-east-1'), startSqsModel('us-east-1')]);
  // Both look at the clock when they are called, so moving the clock is enough to let their time pass.
  vi.useFakeTimers({ toFake: ['Date'] });
});

afterAll(async () => {
  vi.useRealTimers();
  await Promise.all([emulator.close(), served.close()]);
});

async function openServed(
  sqs: SqsEmulator,
  kind: 'fifo' | 'standard',
  maxReceiveCount = 10,
): Promise<OpenedQueue> {
  const client = new SQSClient({
    endpoint: sqs.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  onTestFinished(() => {
    client.destroy();
  });
  queues += 1;
  const suffix = kind === 'fifo' ? '.fifo' : '';
  const fifo = kind === 'fifo' ? { FifoQueue: 'true' } : {};
  const [queueName, deadLetterName] = [`queue-${queues}${suffix}`, `letters-${queues}${suffix}`];
  await sqs.call('CreateQueue', { QueueName: deadLetterName, Attributes: fifo });
  const deadLetterTargetArn = `arn:aws:sqs:us-east-1:000000000000:${deadLetterName}`;
  await sqs.call('CreateQueue', {
    QueueName: queueName,
    Attributes: {
      ...fifo,
      ...(kind === 'fifo'
        ? { DeduplicationScope: 'messageGroup', FifoThroughputLimit: 'perMessageGroupId' }
        : {}),
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount }),
    },
  });
  return {
    client,
    queueUrl: sqs.queueUrl(queueName),
    deadLetterUrl: sqs.queueUrl(deadLetterName),
    oldestAgeSeconds: async (of) => {
      const store = createMetricStore();
      for (const level of await sqs.levels()) putLevel(store, level, Date.now());
      const age = {
        namespace: 'AWS/SQS',
        name: 'ApproximateAgeOfOldestMessage',
        dimensions: { QueueName: of === undefined ? queueName : deadLetterName },
      };
      const [sample] = store.samples(age, { fromMs: 0, untilMs: Infinity });
      return sample?.value ?? Number.NaN;
    },
  };
}

function openModel(kind: 'fifo' | 'standard', maxReceiveCount = 10): Promise<OpenedQueue> {
  const model = new SqsModel(
    [
      {
        name: 'queue',
        kind,
        visibilityTimeoutSeconds: 30,
        redrive: { deadLetterQueue: 'letters', maxReceiveCount },
      },
      { name: 'letters', kind, visibilityTimeoutSeconds: 30 },
    ],
    { now: () => nowMs },
  );
  const send = (command: unknown) => Promise.resolve(command).then((it) => model.execute(it));
  return Promise.resolve({
    client: { send: send as never },
    queueUrl: 'queue',
    deadLetterUrl: 'letters',
    oldestAgeSeconds: (of) =>
      Promise.resolve(model.gauge(of === undefined ? 'queue' : 'letters').oldestAgeSeconds),
  });
}

function passReal(seconds: number): void {
  vi.setSystemTime(Date.now() + seconds * 1000);
}

describeSqs('emulated by fauxqs', {
  open: (...queue) => openServed(emulator, ...queue),
  pass: passReal,
  faults: new Set([
    'one-message-of-a-group-at-a-time',
    'deduplicates-by-queue',
    'expired-handles-work',
    'dead-letters-are-as-old-as-their-messages',
  ]),
});

describeSqs('the model, served', {
  open: (...queue) => openServed(served, ...queue),
  pass: passReal,
  faults: new Set(),
});

describeSqs('the model of the simulator', {
  open: openModel,
  pass: (seconds) => {
    nowMs += seconds * 1000;
  },
  faults: new Set(),
});

const sendCommand = (body: string) => new SendMessageCommand({ QueueUrl: 'queue', MessageBody: body });
const receiveCommand = () => new ReceiveMessageCommand({ QueueUrl: 'queue', MaxNumberOfMessages: 10 });
const bodiesOf = (answer: { Messages?: Message[] }) => (answer.Messages ?? []).map(({ Body: body }) => body);

describe('the model of SQS alone', () => {
  it('redrives dead letters under new ids and counts their receives from zero (A16)', () => {
    const model = new SqsModel(
      [
        {
          name: 'queue',
          kind: 'standard',
          visibilityTimeoutSeconds: 30,
          redrive: { deadLetterQueue: 'letters', maxReceiveCount: 1 },
        },
        { name: 'letters', kind: 'standard', visibilityTimeoutSeconds: 30 },
      ],
      { now: () => nowMs },
    );
    model.execute(sendCommand('a'));
    model.execute(receiveCommand());
    nowMs += 31_000;
    model.execute(receiveCommand());
    const [letter] = model.contents('letters');

    const moved = model.redrive('letters');

    const [back] = model.contents('queue');
    expect(moved).toEqual([{ from: letter?.messageId, to: back?.messageId }]);
    expect(model.contents('letters')).toEqual([]);
    expect(back).toMatchObject({ body: 'a', receives: 0 });
    expect(back?.messageId).not.toBe(letter?.messageId);
  });

  it('delivers messages of a standard queue twice and in any order, if the weather says so', () => {
    const model = new SqsModel([{ name: 'queue', kind: 'standard', visibilityTimeoutSeconds: 30 }], {
      now: () => nowMs,
      weather: { random: randomFrom('sqs'), duplicates: () => 0.5 },
    });
    const sent = Array.from({ length: 10 }, (_, index) => `body ${index}`);
    for (const body of sent) model.execute(sendCommand(body));

    const first = bodiesOf(model.execute(receiveCommand()));
    nowMs += 1000;
    const again = bodiesOf(model.execute(receiveCommand()));

    expect(first).not.toEqual(sent);
    expect(first.toSorted()).toEqual(sent);
    expect(again.length).toBeGreaterThan(0);
    expect(again.length).toBeLessThan(10);
  });
});
