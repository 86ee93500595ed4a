import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';

import { createFifoSender, type FifoMessage } from '../../../shared/runtime/fifo-sender.ts';

/**
 * A queue that refuses each message this many times. It stores what it accepted, and how many requests it got
 * at once.
 */
function queue(refusals: Readonly<Record<string, number>> = {}) {
  const left = new Map(Object.entries(refusals));
  const taken: unknown[] = [];
  const batches: number[] = [];
  const send = (command: unknown) => {
    if (!(command instanceof SendMessageBatchCommand)) throw new Error('asked for something new');
    const { Entries: entries = [] } = command.input;
    batches.push(entries.length);
    const failed = entries.filter(({ MessageBody: body = '' }) => {
      const refuses = left.get(body) ?? 0;
      left.set(body, refuses - 1);
      return refuses > 0;
    });
    taken.push(...entries.filter((entry) => !failed.includes(entry)));
    return Promise.resolve({
      Failed: failed.map(({ Id: id }) => ({ Id: id, SenderFault: false, Code: 'x' })),
    });
  };
  const client = { send } as unknown as SQSClient;
  return { taken, batches, sendAll: createFifoSender({ client, queueUrl: 'https://queue.example' }) };
}

function messages(count: number): FifoMessage[] {
  return Array.from({ length: count }, (_, index) => ({
    body: `body-${index}`,
    groupId: `group-${index}`,
    deduplicationId: `id-${index}`,
  }));
}

describe('createFifoSender', () => {
  it('sends ten at a time, each with its group and its deduplication id', async () => {
    const { taken, batches, sendAll } = queue();

    await sendAll(messages(12));

    expect(batches).toEqual([10, 2]);
    expect(taken).toHaveLength(12);
    expect(taken[11]).toMatchObject({
      MessageBody: 'body-11',
      MessageGroupId: 'group-11',
      MessageDeduplicationId: 'id-11',
    });
  });

  it('sends again what SQS did not accept, and nothing else (A25)', async () => {
    const { taken, batches, sendAll } = queue({ 'body-1': 1, 'body-3': 2 });

    await sendAll(messages(5));

    expect(batches).toEqual([5, 2, 1]);
    expect(taken.map((entry) => (entry as { MessageBody: string }).MessageBody).sort()).toEqual([
      'body-0',
      'body-1',
      'body-2',
      'body-3',
      'body-4',
    ]);
  });

  it('throws when SQS does not accept a message in three rounds (A25)', async () => {
    const { batches, sendAll } = queue({ 'body-0': 9 });

    await expect(sendAll(messages(1))).rejects.toThrow('SQS does not take every message');
    expect(batches).toEqual([1, 1, 1]);
  });

  it('sends several requests at once, but no message before an earlier one of its group', async () => {
    let atOnce = 0;
    let most = 0;
    const taken: string[] = [];
    const refusedOnce = new Set(['body-3']);
    const client = {
      send: async (command: SendMessageBatchCommand) => {
        atOnce += 1;
        most = Math.max(most, atOnce);
        await new Promise((resolve) => setImmediate(resolve));
        atOnce -= 1;
        const entries = command.input.Entries ?? [];
        const failed = entries.filter(({ MessageBody: body = '' }) => refusedOnce.delete(body));
        taken.push(...entries.filter((it) => !failed.includes(it)).map(({ MessageBody: body = '' }) => body));
        return { Failed: failed.map(({ Id: id }) => ({ Id: id, SenderFault: false, Code: 'x' })) };
      },
    } as unknown as SQSClient;
    const sendAll = createFifoSender({ client, queueUrl: 'https://queue.example' });
    const given = messages(500).map((message, index) => ({ ...message, groupId: `group-${index % 150}` }));

    await sendAll(given);

    const places = new Map(taken.map((body, place) => [body, place]));
    expect(taken).toHaveLength(500);
    expect(most).toBe(8);
    for (let index = 150; index < 500; index += 1)
      expect(places.get(`body-${index}`)).toBeGreaterThan(places.get(`body-${index - 150}`) ?? Infinity);
  });
});
