import {
  DeleteRuleCommand,
  EventBridgeClient,
  ListRulesCommand,
  ListTargetsByRuleCommand,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import type { PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { expect, it, onTestFinished } from 'vitest';
import { startEventBridge } from '../../emulators/event-bridge.ts';
import { textLike } from '../match.ts';

const ENTRY = { EventBusName: 'orders', Source: 'button', DetailType: 'changed', Detail: '{"id":1}' };

// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
it('keeps events in order, with the bus’s name whether they were sent by name or by ARN', async () => {
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

it('refuses bad entries one by one and accepts the others', async () => {
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

const RULE = { EventBusName: 'orders', Name: 'rewards', EventPattern: '{"detail-type":["changed"]}' };
const QUEUE_ARN = 'arn:aws:sqs:us-east-1:000000000000:rewards';
const TARGETS = { EventBusName: 'orders', Rule: 'rewards', Targets: [{ Id: 'queue', Arn: QUEUE_ARN }] };

// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
it('sends matching events to the targets of a rule until the rule is deleted', async () => {
  const { put, client, deliveries } = await startWithBus();

  const { RuleArn } = await client.send(new PutRuleCommand(RULE));
  await client.send(new PutTargetsCommand(TARGETS));
  await put([ENTRY, { ...ENTRY, DetailType: 'other' }, { ...ENTRY, EventBusName: 'default' }]);
  expect(deliveries).toMatchObject([
    {
      detailType: 'changed',
      rule: { arn: RuleArn, isOfTemplate: false },
      target: { id: 'queue', queueArn: QUEUE_ARN },
    },
  ]);

  await client.send(new PutRuleCommand({ ...RULE, State: 'DISABLED' }));
  await put([ENTRY]);
  await client.send(new PutRuleCommand(RULE));
  await client.send(new RemoveTargetsCommand({ EventBusName: 'orders', Rule: 'rewards', Ids: ['queue'] }));
  await put([ENTRY]);
  await client.send(new DeleteRuleCommand({ EventBusName: 'orders', Name: 'rewards' }));
  await put([ENTRY]);
  expect(deliveries).toHaveLength(1);
});

it('lists rules and targets', async () => {
  const { client } = await startWithBus();
  await client.send(new PutRuleCommand(RULE));
  await client.send(new PutTargetsCommand(TARGETS));

  const { Rules: rules } = await client.send(new ListRulesCommand({ EventBusName: 'orders' }));
  const targets = await client.send(
    new ListTargetsByRuleCommand({ EventBusName: 'orders', Rule: 'rewards' }),
  );

  expect(rules).toEqual([{ ...RULE, Arn: textLike(/^arn:/), State: 'ENABLED' }]);
  expect(targets.Targets).toEqual([{ Id: 'queue', Arn: QUEUE_ARN }]);
});

it('refuses rules that it does not support', async () => {
  const { client } = await startWithBus();

  const refusals = [
    client.send(new PutRuleCommand({ ...RULE, EventPattern: '{"detail":{"n":[{"numeric":[">",0]}]}}' })),
    client.send(new PutRuleCommand({ ...RULE, EventBusName: 'nowhere' })),
    client.send(new PutTargetsCommand(TARGETS)),
    client.send(
      new PutTargetsCommand({
        ...TARGETS,
        Targets: [{ Id: 'f', Arn: 'arn:aws:lambda:us-east-1:0:function:f' }],
      }),
    ),
  ];

  const names = refusals.map((refusal) =>
    refusal.then(
      () => 'taken',
      (error: unknown) => (error instanceof Error ? error.name : ''),
    ),
  );
  expect(await Promise.all(names)).toEqual([
    'InvalidEventPatternException',
    'ResourceNotFoundException',
    'ResourceNotFoundException',
    'ValidationException',
  ]);
});

async function startWithBus() {
  const deliveries: unknown[] = [];
  const eventBridge = await startEventBridge('arn:bus/default', {
    deliver: ({ detailType }, delivery) => deliveries.push({ detailType, ...delivery }),
  });
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
    client,
    deliveries,
    events: () => eventBridge.events(),
    put: (entries: PutEventsRequestEntry[]) => client.send(new PutEventsCommand({ Entries: entries })),
  };
}
