import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { expect, it, onTestFinished } from 'vitest';
import { startEventBridge } from '../../emulators/event-bridge.ts';
import { textLike } from '../match.ts';

const ENTRY = { EventBusName: 'orders', Source: 'button', DetailType: 'changed', Detail: '{"id":1}' };

// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
it('keeps events in order, with the bus’s name whether they came by name or by ARN', async () => {
  const { put, events } = await startWithBus();

  await put([{ ...ENTRY, Time: new Date('2026-01-02T03:04:05Z') }]);
  const answer = await put([{ ...ENTRY, EventBusName: 'arn:bus/orders', DetailType: 'again' }]);

  expect(answer).toMatchObject({ FailedEntryCount: 0, Entries: [{ EventId: textLike(/^[0-9a-f-]{36}$/) }] });
  expect(events()).toMatchObject([
    {
      busName: 'orders',
      source: 'button',
      detailType: 'changed',
      detail: { id: 1 },
      time: '2026-01-02T03:04:05.000Z',
    },
    { busName: 'orders', detailType: 'again' },
  ]);
});

it('refuses bad entries one by one and takes the others', async () => {
  const { put, events } = await startWithBus();

  const answer = await put([
    { ...ENTRY, Source: undefined },
    { ...ENTRY, DetailType: '' },
    { ...ENTRY, Detail: undefined },
    { ...ENTRY, Detail: 'not json' },
    { ...ENTRY, Detail: '[1]' },
    ENTRY,
  ]);

  expect(answer.FailedEntryCount).toBe(5);
  expect(answer.Entries?.map(({ ErrorCode: code }) => code)).toEqual([
    'InvalidArgument',
    'InvalidArgument',
    'InvalidArgument',
    'MalformedDetail',
    'MalformedDetail',
    undefined,
  ]);
  expect(events()).toHaveLength(1);
});

it('accepts an event for a bus that does not exist and drops it, as EventBridge does', async () => {
  const { put, events } = await startWithBus();

  const answer = await put([{ ...ENTRY, EventBusName: 'nowhere' }]);

  expect(answer.FailedEntryCount).toBe(0);
  expect(events()).toEqual([]);
});

it('refuses a request of more than ten entries', async () => {
  const { put } = await startWithBus();

  const putting = put(Array.from({ length: 11 }, () => ENTRY));

  await expect(putting).rejects.toMatchObject({ name: 'ValidationException' });
});

it('refuses entries of 1 MB in all', async () => {
  const { put, events } = await startWithBus();
  const half = { ...ENTRY, Detail: JSON.stringify({ text: 'x'.repeat(512 * 1024) }) };

  await put([half]);
  const putting = put([half, half]);

  await expect(putting).rejects.toMatchObject({ name: 'ValidationException' });
  expect(events()).toHaveLength(1);
});

async function startWithBus() {
  const eventBridge = await startEventBridge('arn:bus/default');
  eventBridge.createBus({ arn: 'arn:bus/orders', name: 'orders' });
  const client = new EventBridgeClient({
    endpoint: eventBridge.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  onTestFinished(async () => {
    client.destroy();
    await eventBridge.close();
  });
  return {
    events: () => eventBridge.events(),
    put: (entries: PutEventsRequestEntry[]) => client.send(new PutEventsCommand({ Entries: entries })),
  };
}
