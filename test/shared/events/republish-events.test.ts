import type { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { describe, expect, it } from 'vitest';

import type { TransactionChanged } from '../../../shared/domain/transaction-changed.ts';
import { createEventBus } from '../../../shared/events/event-bus.ts';
import { republishEvents } from '../../../shared/events/republish-events.ts';
import { RetryableError } from '../../../shared/runtime/errors.ts';
import type { TransactionHead } from '../../../shared/store/transaction-item.ts';

function head(order: number): TransactionHead {
  return {
    pk: `order#btnorder-${order}`,
    version: order,
    changes: 1,
    storedAt: '2026-01-01T10:00:01.000Z',
    status: 'validated',
    category: 'new-user-order',
    amountMinor: 600,
    currency: 'USD',
    transactionId: `tx-${order}`,
    createdDate: '2026-01-01T10:00:00Z',
    modifiedDate: '2026-01-01T10:00:00Z',
    delivery: 'live',
  };
}

async function* headsUpTo(count: number): AsyncGenerator<TransactionHead> {
  for (let order = 1; order <= count; order += 1) yield await Promise.resolve(head(order));
}

describe('republishEvents', () => {
  it('publishes each transaction under the version it has, and again what the bus did not take (F4)', async () => {
    const published: TransactionChanged[] = [];
    let calls = 0;
    const putEvents = (events: readonly TransactionChanged[]) => {
      calls += 1;
      const taken = events.map((_, index) => calls % 2 === 0 || index % 3 !== 0);
      published.push(...events.filter((_, index) => taken[index]));
      return Promise.resolve(taken);
    };

    const count = await republishEvents({ heads: headsUpTo(250), putEvents, includePersonalFields: false });

    expect(count).toBe(250);
    expect(published.map(({ detail }) => detail.version).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 250 }, (_, index) => index + 1),
    );
  });

  it('says so if the bus refuses an event for good', async () => {
    const putEvents = (events: readonly TransactionChanged[]) => Promise.resolve(events.map(() => false));

    const publishing = republishEvents({ heads: headsUpTo(1), putEvents, includePersonalFields: false });

    await expect(publishing).rejects.toThrow(RetryableError);
  });
});

describe('createEventBus', () => {
  it('puts ten events in a call and tells which of them the bus took (F4)', async () => {
    const sizes: number[] = [];
    const client = {
      send: ({ input: { Entries = [] } }: PutEventsCommand) => {
        sizes.push(Entries.length);
        return Promise.resolve({
          FailedEntryCount: 1,
          Entries: Entries.map((_, index) =>
            index === 1 ? { ErrorCode: 'ThrottlingException' } : { EventId: 'e' },
          ),
        });
      },
    };
    const events: TransactionChanged[] = [];
    const collect = (batch: readonly TransactionChanged[]) => {
      events.push(...batch);
      return Promise.resolve(batch.map(() => true));
    };
    await republishEvents({ heads: headsUpTo(12), putEvents: collect, includePersonalFields: false });

    const taken = await createEventBus({ client: client as never, busName: 'bus' })(events);

    expect(sizes).toEqual([10, 2]);
    expect(taken.flatMap((isTaken, index) => (isTaken ? [] : [index]))).toEqual([1, 11]);
  });

  it('dates an event by when its version was stored, so that a range of an archive can be replayed', async () => {
    const times: (Date | undefined)[] = [];
    const client = {
      send: ({ input: { Entries = [] } }: PutEventsCommand) => {
        times.push(...Entries.map(({ Time }) => Time));
        return Promise.resolve({ Entries: Entries.map(() => ({ EventId: 'e' })) });
      },
    };
    const bus = createEventBus({ client: client as never, busName: 'bus' });

    await republishEvents({ heads: headsUpTo(1), putEvents: bus, includePersonalFields: false });

    expect(times).toEqual([new Date('2026-01-01T10:00:01Z')]);
  });
});
