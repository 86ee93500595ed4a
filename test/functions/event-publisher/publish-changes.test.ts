import { marshall } from '@aws-sdk/util-dynamodb';
import { describe, expect, it } from 'vitest';

import { packJson } from '../../../shared/dynamodb/packed-json.ts';
import type { PublishedEvent } from '../../../shared/transactions/event-bus.ts';
import { publishChanges } from '../../../functions/event-publisher/publish-changes.ts';
import type { StreamChange, StreamImage } from '../../../functions/event-publisher/read-change.ts';
import type { Measured } from '../../../shared/runtime/metric-definitions.ts';
import { notRewardableReason, type RewardableState } from '../../../shared/validation/webhooks/rewardable.ts';
import {
  transactionChanged,
  type TransactionChanged,
} from '../../../shared/validation/webhooks/transaction-changed.ts';

const head = {
  pk: 'order#btnorder-1',
  version: 1,
  changes: 1,
  storedAt: '2026-01-01T10:00:01.000Z',
  status: 'pending',
  category: 'new-user-order',
  amountMinor: 600,
  currency: 'USD',
  transactionId: 'tx-1',
  buttonOrderId: 'btnorder-1',
  publisherCustomerId: 'user-1',
  createdDate: '2026-01-01T10:00:00Z',
  modifiedDate: '2026-01-01T10:00:00Z',
  delivery: 'live',
};

/** An image as Lambda delivers it. */
function image(changes: object = {}): StreamImage {
  const state = { ...head, ...changes } as RewardableState;
  return marshall(
    { ...state, notRewardableReason: notRewardableReason(state) },
    { removeUndefinedValues: true },
  );
}

function change(
  sequenceNumber: string,
  before: StreamImage | undefined,
  after: StreamImage | undefined,
): StreamChange {
  return { sequenceNumber, before, after };
}

function bus(taken: (event: TransactionChanged) => boolean = () => true, includePersonalFields = false) {
  const events: TransactionChanged[] = [];
  const measured: Measured[] = [];
  return {
    events,
    measured,
    ports: {
      putEvents: (all: readonly PublishedEvent[]) => {
        const batch = all as readonly TransactionChanged[];
        events.push(...batch);
        return Promise.resolve(batch.map(taken));
      },
      checkouts: { follow: () => Promise.resolve(0) },
      metrics: { add: (one: Measured) => measured.push(one) },
      now: () => new Date(head.storedAt),
      includePersonalFields,
    },
  };
}

/** Image of a version that shows a token, in the packed attribute that the transaction store writes. */
function imageWithToken(btnRef: unknown, changes: object = {}): StreamImage {
  const transaction = {
    ...{ id: 'tx-1', buttonOrderId: 'btnorder-1', status: 'pending', category: 'new-user-order' },
    ...{ amountMinor: 600, currency: 'USD', orderTotalMinor: null, orderCurrency: null },
    ...{ createdDate: head.createdDate, modifiedDate: head.modifiedDate, validatedDate: null },
    ...{ attributionDate: null, purchaseDate: null, accountId: null, commerceOrganization: null },
    ...{ commerceOrganizationName: null, linesDigest: null, publisherCustomerId: null, pubRef: null },
  };
  const seen = [
    { transaction, payload: { btn_ref: btnRef }, source: 'webhook:hook-1', seenAt: head.storedAt },
  ];
  return { ...image(changes), ...marshall({ body: packJson({ buttonIds: ['tx-1'], seen }) }) };
}

describe('a checkout', () => {
  /** The tokens that were asked for, with the keys of their transactions. */
  async function followed(changes: readonly StreamChange[], taken = () => true) {
    const asked: [string, string][][] = [];
    const { ports, measured } = bus(taken);
    const follow = (keys: ReadonlyMap<string, string>) => {
      asked.push([...keys]);
      return Promise.resolve(keys.size);
    };
    await publishChanges(changes, { ...ports, checkouts: { follow } });
    return { asked, counted: measured.filter(({ name }) => name === 'CheckoutsFollowed') };
  }

  it('is followed by the published version that shows its token', async () => {
    const { asked, counted } = await followed([
      change('1', undefined, imageWithToken('token-1')),
      change('2', undefined, image({ pk: 'order#2' })),
      change('3', undefined, imageWithToken(7, { pk: 'order#3' })),
      change('4', undefined, imageWithToken('token-4', { pk: 'order#4', mergedInto: 'order#1' })),
    ]);

    expect(asked).toEqual([
      [
        ['token-1', head.pk],
        ['token-4', 'order#1'],
      ],
    ]);
    expect(counted).toMatchObject([{ value: 2 }]);
  });

  it('is looked for neither without a token nor before the bus has the event', async () => {
    const lost = await followed([change('1', undefined, imageWithToken('token-1'))], () => false);
    const none = await followed([change('1', undefined, image())]);

    expect([lost.asked, none.asked, none.counted]).toEqual([[], [], []]);
  });

  it('is looked for during three seconds at most: the next events wait meanwhile', async () => {
    const { ports } = bus();
    let nowMs = Date.parse(head.storedAt);
    const left: boolean[] = [];
    const follow = (_keys: unknown, timeLeft: () => boolean) => {
      for (; nowMs <= Date.parse(head.storedAt) + 4000; nowMs += 1000) left.push(timeLeft());
      return Promise.resolve(0);
    };

    await publishChanges([change('1', undefined, imageWithToken('token-1'))], {
      ...{ ...ports, checkouts: { follow }, now: () => new Date(nowMs) },
    });

    expect(left).toEqual([true, true, true, false, false]);
  });

  it('holds up no event if its table cannot be reached', async () => {
    const { ports, events } = bus();
    const follow = () => Promise.reject(new Error('no table'));

    const lost = await publishChanges([change('1', undefined, imageWithToken('token-1'))], {
      ...ports,
      checkouts: { follow },
    });

    expect([lost, events.length]).toEqual([undefined, 1]);
  });
});

describe('publishChanges', () => {
  it('names each event after the current state of the transaction, with its value', async () => {
    const { events, ports } = bus();

    await publishChanges(
      [
        change('1', undefined, image()),
        change('2', image(), image({ version: 2, changes: 2, amountMinor: 400 })),
        change(
          '3',
          image({ version: 2, changes: 2, amountMinor: 400 }),
          image({ version: 3, changes: 3, status: 'validated', amountMinor: 450 }),
        ),
        change('4', image({ version: 3, changes: 3 }), image({ version: 4, changes: 4, status: 'conflict' })),
        change('5', image({ version: 1 }), image({ version: 2, changes: 2, status: 'declined' })),
      ],
      ports,
    );

    expect(
      events.map(({ type, detail }) => [type, detail.deltaMinor, detail.final, detail.rewardable]),
    ).toEqual([
      ['transaction.created', 600, false, true],
      ['transaction.adjusted', -200, false, true],
      ['transaction.validated', 50, true, true],
      ['transaction.conflict', -600, false, false],
      ['transaction.declined', -600, true, false],
    ]);
  });

  it('publishes nothing for a removal or a change that raises no version', async () => {
    const { events, ports } = bus();

    const lost = await publishChanges(
      [change('1', image(), undefined), change('2', image(), image({ modifiedDate: 'x' }))],
      ports,
    );

    expect([lost, events]).toEqual([undefined, []]);
  });

  it('publishes nothing for a part of a large transaction, nor for the erasing of a shopper', async () => {
    const { events, ports } = bus();
    const part = marshall({
      pk: 'order#btnorder-1#part-x-1',
      partOf: 'order#btnorder-1',
      bytes: Buffer.from('x'),
    });

    const lost = await publishChanges(
      [
        change('1', undefined, part),
        change('2', part, undefined),
        change('3', image(), image({ erasedAt: '2026-03-01T00:00:00.000Z' })),
      ],
      ports,
    );

    expect([lost, events]).toEqual([undefined, []]);
  });

  it('never calls an app install rewardable (D7)', async () => {
    const { events, ports } = bus();

    await publishChanges(
      [change('1', undefined, image({ category: 'app-install', status: 'validated' }))],
      ports,
    );

    expect(events[0]?.detail.rewardable).toBe(false);
  });

  it('names the first change that the bus did not accept, so that the stream delivers it again (F4)', async () => {
    const { ports, measured } = bus(({ detail }) => detail.version !== 2);

    const lost = await publishChanges(
      [
        change('1', undefined, image()),
        change('2', image(), image({ version: 2, changes: 2 })),
        change('3', image({ version: 2, changes: 2 }), image({ version: 3, changes: 3 })),
      ],
      ports,
    );

    expect(lost).toBe('2');
    expect(measured).toContainEqual({ name: 'EventsPublished', value: 2 });
  });

  it('names the shopper only if a setting asks for it (S16)', async () => {
    const without = bus();
    const withFields = bus(() => true, true);

    await publishChanges([change('1', undefined, image())], without.ports);
    await publishChanges([change('1', undefined, image())], withFields.ports);

    expect(JSON.stringify(without.events)).not.toContain('user-1');
    expect(withFields.events[0]?.detail.publisherCustomerId).toBe('user-1');
  });

  it('counts commission and conflicts once, with the change that is not delivered again (F4)', async () => {
    const { ports, measured } = bus(({ detail }) => detail.version !== 3);

    const lost = await publishChanges(
      [
        change('1', undefined, image()),
        change('2', image(), image({ version: 2, changes: 2, status: 'validated', amountMinor: 450 })),
        change('3', image({ version: 2, changes: 2 }), image({ version: 3, changes: 3, status: 'conflict' })),
        change('4', undefined, image({ pk: 'order#btnorder-2', amountMinor: 70 })),
      ],
      ports,
    );

    expect(lost).toBe('3');
    const inDollars = { dimensions: { Currency: 'USD' } };
    expect(measured).toEqual([
      { name: 'EventsPublished', value: 3 },
      { name: 'TransactionConflicts', value: 0 },
      { name: 'PendingCommissionChangeMinor', value: 600, ...inDollars },
      { name: 'PendingCommissionChangeMinor', value: -600, ...inDollars },
      { name: 'ValidatedCommissionChangeMinor', value: 450, ...inDollars },
    ]);
  });

  it('counts the commission that a declined transaction would have earned, and subtracts it from the pending commission', async () => {
    const { ports, measured } = bus();

    await publishChanges(
      [change('1', image(), image({ version: 2, changes: 2, status: 'declined' }))],
      ports,
    );

    const inDollars = { dimensions: { Currency: 'USD' } };
    expect(measured.slice(2)).toEqual([
      { name: 'PendingCommissionChangeMinor', value: -600, ...inDollars },
      { name: 'DeclinedCommissionMinor', value: 600, ...inDollars },
    ]);
  });
});

describe('an event holds what a consumer needs', () => {
  const settings = { includePersonalFields: true };
  const state = { ...head, status: 'pending', delivery: 'live', otherKeys: ['tx#tx-1'] } as const;

  it('the amounts with their currencies, and a delta only within one currency', () => {
    const { detail } = transactionChanged(
      state,
      { ...state, currency: 'EUR', amountMinor: 500, orderTotalMinor: 7000, orderCurrency: 'EUR' },
      settings,
    );

    expect(detail).toMatchObject({
      ...{
        amountMinor: 500,
        currency: 'EUR',
        previousAmountMinor: 600,
        previousCurrency: 'USD',
        deltaMinor: null,
      },
      ...{ orderTotalMinor: 7000, orderCurrency: 'EUR', publisherCustomerId: 'user-1' },
    });
  });

  it.each([
    [{}, null],
    [{ category: 'App_Install' }, 'app_install'],
    [{ category: 'APP INSTALL' }, 'app_install'],
    [{ category: 'new-category' }, 'category_unknown'],
    [{ delivery: 'historical' as const }, 'historical'],
    [{ status: 'declined' as const }, 'declined'],
    [{ status: 'conflict' as const }, 'conflict'],
    [{ mergedInto: 'order#another' }, 'merged'],
    [{ erasedAt: '2026-01-01T10:00:00Z' }, 'erased'],
  ])('whether the shopper may be rewarded, and if not, why: %o', (changes, reason) => {
    const decided = notRewardableReason({ ...state, ...changes });
    const after = { ...state, ...changes, ...(decided ? { notRewardableReason: decided } : {}) };
    const { detail } = transactionChanged(undefined, after, settings);

    expect(detail).toMatchObject({ rewardable: reason === null, notRewardableReason: reason });
  });

  it('the line items if they fit, otherwise a flag', () => {
    const of = (lineItems: readonly unknown[] | 'omitted') =>
      transactionChanged(undefined, { ...state, lineItems }, settings).detail;

    expect(of([{ total: 1 }])).toMatchObject({ lineItems: [{ total: 1 }], lineItemsOmitted: false });
    expect(of('omitted')).toMatchObject({ lineItems: null, lineItemsOmitted: true });
    expect(of(['x'.repeat(250_000)])).toMatchObject({ lineItems: null, lineItemsOmitted: true });
  });
});
