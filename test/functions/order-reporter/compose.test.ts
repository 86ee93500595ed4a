import { readFileSync } from 'node:fs';

import type { SQSBatchResponse } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { LedgerEntry } from '../../../shared/orders/rules/order-ledger.ts';
import { createWorld, type World } from '../../crash/world.ts';

const sample = JSON.parse(
  readFileSync(new URL('../../fixtures/button/order-create.json', import.meta.url), 'utf8'),
) as object;

let world: World;

beforeAll(() => {
  world = createWorld();
});

afterAll(() => {
  world.close();
});

beforeEach(() => {
  world.reset();
});

/** The message of a new order without its own time, as SQS delivers it to the reporter. */
function record(messageAttributes: object = {}): object {
  const body = JSON.stringify({
    ...{ specversion: '1.0', id: 'event-1', source: 'https://shop.example', type: 'order.created.v1' },
    ...{ subject: 'o-1', sequence: '1', data: { ...sample, order_id: 'o-1' } },
  });
  const attributes = { MessageGroupId: 'o-1', SentTimestamp: String(world.now().getTime() - 60_000) };
  return { messageId: 'message-1', body, attributes, messageAttributes };
}

async function report(messageAttributes: object = {}): Promise<SQSBatchResponse> {
  const event = { Records: [record(messageAttributes)] };
  return (await world.invoke('order-reporter', event)) as SQSBatchResponse;
}

const GIVEN_BACK = { batchItemFailures: [{ itemIdentifier: 'message-1' }] };
const DONE = { batchItemFailures: [] };

function currentState(): LedgerEntry | undefined {
  const item = world.contents('orderLedger').find(({ body }) => body !== undefined);
  return item?.['body'] as LedgerEntry | undefined;
}

/** Milliseconds until the next try of the only waiting order. */
function dueInMs(): number {
  const progress = currentState()?.progress;
  if (!progress || !('dueAt' in progress)) throw new Error('the order does not wait');
  return Date.parse(progress.dueAt) - world.now().getTime();
}

describe('the order reporter', () => {
  it('starts no order without time for it: two calls to Button and the ledger (A24)', async () => {
    world.setRemainingTime(2 * 2000 + 2000);
    const late = await report();
    const before = currentState();
    world.setRemainingTime(2 * 2000 + 2001);
    const inTime = await report();

    expect([late, before]).toEqual([GIVEN_BACK, undefined]);
    expect(inTime).toEqual(DONE);
    expect(currentState()).toMatchObject({ progress: { state: 'settled' } });
  });

  it('claims an order for five seconds more than it can still run (A20)', async () => {
    world.setRemainingTime(20_000);
    // Secret, breaker, claim; then the process dies, and the claim stays.
    world.lifeline.begin({ atCall: 3, when: 'after its effect' });

    await report();

    expect(currentState()).toMatchObject({
      progress: { state: 'claimed', until: new Date(world.now().getTime() + 25_000).toISOString() },
    });
  });

  it.each([
    [
      'an order that Button could not accept waits for thirty seconds, then for twice as long',
      429,
      '1800',
      [30, 60, 120],
    ],
    [
      'a call that may have been carried out is not repeated for at least a minute',
      500,
      '1800',
      [60, 60, 120],
    ],
    ['no order waits longer than the longest wait', 429, '100', [30, 60, 100]],
  ])('measures times in seconds: %s', async (_what, status, longestWait, seconds) => {
    world.setEnvironment({ RETRY_MAX_SECONDS: longestWait });
    world.button().addFault({ on: 'api', times: 'unlimited', answer: { status } });
    const waits: number[] = [];

    await report();
    while (waits.length < seconds.length) {
      const waitMs = dueInMs();
      waits.push(waitMs / 1000);
      await world.pass(waitMs);
      await world.invoke('order-reporter', { Records: [retry()] });
    }

    expect(waits).toEqual(seconds);
  });

  it('tries a refused version once more when somebody replays it, and not when SQS delivers it again (B3)', async () => {
    world.button().addFault({ on: 'api', answer: { status: 400 } });
    await report();
    const refused = currentState();

    await report();
    const repeated = currentState();
    await report({ replayOf: { dataType: 'String', stringValue: 'message-1' } });

    expect([refused?.progress.state, repeated?.progress.state]).toEqual(['refused', 'refused']);
    expect(currentState()).toMatchObject({ progress: { state: 'settled' } });
  });

  it('uses the time of SQS for a message that states none', async () => {
    await report();

    expect(currentState()?.newest.receivedAt).toBe(new Date(world.now().getTime() - 60_000).toISOString());
  });

  it('first reads from Button what was reported before a restore of the ledger', async () => {
    world.setEnvironment({ VERIFY_BEFORE: new Date(world.now().getTime() + 60_000).toISOString() });

    await report();

    expect(
      world
        .button()
        .requests()
        .map(({ method }) => method),
    ).toContain('GET');
  });

  it('emits its metrics', async () => {
    await report();

    expect(world.printed().join('\n')).toContain('"OrdersReported":1');
  });
});

function retry(): object {
  return {
    messageId: 'retry-message',
    body: JSON.stringify({ retry: { orderId: 'o-1' } }),
    attributes: { MessageGroupId: 'o-1', SentTimestamp: String(world.now().getTime()) },
    messageAttributes: {},
  };
}
