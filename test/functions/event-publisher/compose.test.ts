import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { createWorld, type World } from '../../crash/world.ts';
import pending from '../../fixtures/button/webhook-tx-pending.json' with { type: 'json' };

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

/** The stream record of one new transaction. */
function created(sequence: number, status = 'pending'): object {
  const head = {
    ...{
      pk: { S: `order#${sequence}` },
      version: { N: '1' },
      changes: { N: '1' },
      storedAt: { S: '2026-01-01T10:00:01.000Z' },
      status: { S: status },
    },
    ...{
      category: { S: pending.data.category },
      transactionId: { S: `tx-${sequence}` },
      delivery: { S: 'live' },
    },
    ...{ createdDate: { S: '2026-06-01T10:00:00Z' }, modifiedDate: { S: '2026-06-01T10:00:00Z' } },
  };
  return { dynamodb: { SequenceNumber: String(sequence), NewImage: head } };
}

describe('the answer to the stream', () => {
  it('names no failure if the bus accepted every event', async () => {
    const answer = await world.invoke('event-publisher', { Records: [created(1), created(2)] });

    expect(answer).toEqual({ batchItemFailures: [] });
    expect(world.events()).toHaveLength(2);
  });

  it('names the first change whose event was lost: the stream delivers again from there (F4)', async () => {
    world.loseEvents('transaction.validated');

    const answer = await world.invoke('event-publisher', {
      Records: [created(1), created(2, 'validated'), created(3, 'validated'), created(4)],
    });

    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: '2' }] });
  });
});
