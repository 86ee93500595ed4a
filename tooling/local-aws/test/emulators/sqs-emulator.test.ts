import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startSqs, type SqsEmulator } from '../../emulators/sqs-emulator.ts';

let sqs: SqsEmulator;
let QueueUrl: string;

beforeAll(async () => {
  sqs = await startSqs('eu-west-1');
  await sqs.call('CreateQueue', { QueueName: 'characters' });
  QueueUrl = sqs.queueUrl('characters');
});

afterAll(async () => {
  await sqs.close();
});

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
describe('the characters of a message', () => {
  it('may be any Unicode characters that SQS accepts, even beyond U+FFFF', async () => {
    const MessageBody = 'tab\t, line\n, ☕ and 🎉';

    await sqs.call('SendMessage', { QueueUrl, MessageBody });
    const received = await sqs.call('ReceiveMessage', { QueueUrl });

    expect(received).toMatchObject({ Messages: [{ Body: MessageBody }] });
  });

  it.each(['\u0000', '\u0008', '\uFFFE', '\uFFFF'])('may not be %j', async (character) => {
    await expect(sqs.call('SendMessage', { QueueUrl, MessageBody: character })).rejects.toThrow();
  });
});

it('refuses the query protocol of older clients, in words that they show', async () => {
  const body = new URLSearchParams({ Action: 'SendMessage', QueueUrl, MessageBody: 'an order' });

  const response = await fetch(sqs.endpoint, { method: 'POST', body });

  expect(response.status).toBe(400);
  expect(await response.text()).toContain('not the older query protocol. Use AWS CLI 2.14, boto3 1.29');
});
