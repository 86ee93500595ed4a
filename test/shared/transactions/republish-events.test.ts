import type { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { describe, expect, it } from 'vitest';

import { eraseTransaction } from '../../../shared/transactions/rules/erase-transaction.ts';
import { checkoutReceived } from '../../../shared/validation/webhooks/checkout.ts';
import { transactionChanged } from '../../../shared/validation/webhooks/transaction-changed.ts';
import type { TransactionRecord } from '../../../shared/validation/webhooks/transaction.ts';
import { createEventBus, type PublishedEvent } from '../../../shared/transactions/event-bus.ts';
import { republishEvents } from '../../../shared/transactions/republish-events.ts';
import {
  countingEntries,
  creditReward,
  payableMinor,
} from '../../../shared/validation/webhooks/reward-ledger.ts';
import { RetryableError } from '../../../shared/runtime/errors.ts';
import type { TransactionHead } from '../../../shared/transactions/store/transaction-head.ts';
import type { Published } from '../../../shared/transactions/store/transaction-scan.ts';
import { publishedState } from '../../fakes/in-memory-transactions.ts';
import { mergeTransaction } from '../../fakes/merge-first.ts';
import { webhook } from '../../fakes/observation.ts';

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
    otherKeys: [],
    delivery: 'live',
  };
}

async function* upTo(count: number): AsyncGenerator<Published> {
  for (let order = 1; order <= count; order += 1)
    yield await Promise.resolve({ kind: 'transaction', head: head(order) });
}

describe('republishEvents', () => {
  it('publishes each transaction under its current version, and again what the bus did not accept (F4)', async () => {
    const published: PublishedEvent[] = [];
    let calls = 0;
    const putEvents = (events: readonly PublishedEvent[]) => {
      calls += 1;
      const taken = events.map((_, index) => calls % 2 === 0 || index % 3 !== 0);
      published.push(...events.filter((_, index) => taken[index]));
      return Promise.resolve(taken);
    };

    const count = await republishEvents({ all: upTo(250), putEvents, includePersonalFields: false });

    expect(count).toBe(250);
    expect(
      published.flatMap(({ detail }) => ('version' in detail ? detail.version : [])).sort((a, b) => a - b),
    ).toEqual(Array.from({ length: 250 }, (_, index) => index + 1));
  });

  it('publishes checkouts too, with the same content as at first', async () => {
    const published: PublishedEvent[] = [];
    const checkout = {
      ...{ key: 'checkout#srctok-1', eventId: 'hook-1', btnRef: 'srctok-1', shopper: 'user-1' },
      ...{ commerceOrganization: 'org-1', eventDate: null, storedAt: '2026-01-01T10:00:00.000Z' },
    };
    async function* all(): AsyncGenerator<Published> {
      yield await Promise.resolve({ kind: 'checkout', checkout });
    }
    const putEvents = (events: readonly PublishedEvent[]) => {
      published.push(...events);
      return Promise.resolve(events.map(() => true));
    };

    expect(await republishEvents({ all: all(), putEvents, includePersonalFields: true })).toBe(1);
    expect(published).toEqual([checkoutReceived(checkout, { includePersonalFields: true })]);
  });

  it('says so if the bus refuses an event for good', async () => {
    const putEvents = (events: readonly PublishedEvent[]) => Promise.resolve(events.map(() => false));

    const publishing = republishEvents({ all: upTo(1), putEvents, includePersonalFields: false });

    await expect(publishing).rejects.toThrow(RetryableError);
  });
});

describe('a transaction that is published again after its personal data was erased', () => {
  const { record } = mergeTransaction(undefined, webhook(0));
  const erased = eraseTransaction(record, '2027-02-05T00:00:00.000Z');
  const eventOf = (one: TransactionRecord) =>
    transactionChanged('unknown', publishedState(one), { includePersonalFields: true }).detail;

  it('has the same content for that version, without its shopper', () => {
    const { publisherCustomerId: _shopper, ...first } = eventOf(record);

    expect(eventOf(erased)).toEqual(first);
    expect(first).toMatchObject({ rewardable: true, notRewardableReason: null, amountMinor: 600 });
  });

  it('moves no money, whether a consumer drops repeats by version or not', () => {
    const [first, again] = [eventOf(record), eventOf(erased)];
    const ledger = creditReward(new Map(), first).entries;

    expect(creditReward(ledger, again)).toEqual({ entries: new Map(), credits: [] });
    expect(payableMinor(countingEntries(creditReward(new Map(), again).entries))).toEqual(
      payableMinor(countingEntries(ledger)),
    );
  });

  it('gets no version for what is read or sent again, and rewards nobody for later changes', () => {
    const repeated = mergeTransaction(erased, webhook(0)).record;
    const changed = mergeTransaction(erased, webhook(0, { status: 'declined', amountMinor: 0 })).record;

    expect(repeated.version).toBe(record.version);
    expect(eventOf(repeated).rewardable).toBe(true);
    expect(changed.version).toBeGreaterThan(record.version);
    expect(eventOf(changed)).toMatchObject({ rewardable: false, notRewardableReason: 'erased' });
  });
});

describe('createEventBus', () => {
  it('puts ten events in a call and reports which of them the bus accepted (F4)', async () => {
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
    const events: PublishedEvent[] = [];
    const collect = (batch: readonly PublishedEvent[]) => {
      events.push(...batch);
      return Promise.resolve(batch.map(() => true));
    };
    await republishEvents({ all: upTo(12), putEvents: collect, includePersonalFields: false });

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

    await republishEvents({ all: upTo(1), putEvents: bus, includePersonalFields: false });

    expect(times).toEqual([new Date('2026-01-01T10:00:01Z')]);
  });
});
