import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { dryCheckouts } from '../../../../ops/dry-checkouts.ts';
import { eraseShopper, findShopper } from '../../../../shared/transactions/erase-shopper.ts';
import { readCheckoutItem } from '../../../../shared/transactions/store/checkout-item.ts';
import { createCheckoutStore } from '../../../../shared/transactions/store/checkout-store.ts';
import { eraseCheckout } from '../../../../shared/transactions/store/erase-checkout.ts';
import { scanAll } from '../../../../shared/transactions/store/transaction-scan.ts';
import type { DynamoDB } from '../../../../shared/dynamodb/table-access.ts';
import { startTestDynamoDB, type TestDynamoDB } from '../../../emulators/dynamodb.ts';
import { createInMemoryCheckouts } from '../../../fakes/in-memory-checkouts.ts';

let dynamodb: TestDynamoDB;
let number = 0;

beforeAll(async () => {
  dynamodb = await startTestDynamoDB();
});

afterAll(async () => {
  await dynamodb.close();
});

const always = () => true;

const NOW = new Date('2026-06-01T12:00:00.000Z');

const access = () => ({ client: dynamodb.client, table: dynamodb.tables.transactions });

/** A checkout with its own token and webhook, unless given. */
function checkout(changes: { btnRef?: string; shopper?: string } = {}) {
  number += 1;
  return {
    eventId: `hook-${number}`,
    btnRef: `fakesrctok-${number}`,
    shopper: 'user-1',
    commerceOrganization: 'org-1',
    eventDate: '2026-06-01T11:59:58Z',
    ...changes,
  };
}

async function item(key: string) {
  const { client, table } = access();
  const { Item } = await client.send(new GetItemCommand({ TableName: table, Key: { pk: { S: key } } }));
  return Item;
}

describe.each([
  ['DynamoDB', () => createCheckoutStore(access())],
  ['memory', createInMemoryCheckouts],
])('checkouts in %s', (_name, create) => {
  it('are stored once each, however often they arrive', async () => {
    const store = create();
    const one = checkout();

    expect([await store.put(one, NOW), await store.put(one, NOW)]).toEqual(['expected', 'known']);
  });

  it('are stored even if the token has another checkout, and expect no second transaction', async () => {
    const store = create();
    const first = checkout();
    const second = checkout({ btnRef: first.btnRef });
    await store.put(first, NOW);

    expect([await store.put(second, NOW), await store.put(second, NOW)]).toEqual(['further', 'known']);
    const arrived = new Map([[first.btnRef, 'order#1']]);
    expect([await store.follow(arrived, always), await store.follow(arrived, always)]).toEqual([1, 0]);
  });

  it('without a token are stored once each by their webhook', async () => {
    const store = create();
    const one = { ...checkout(), btnRef: null };

    expect([await store.put(one, NOW), await store.put(one, NOW)]).toEqual(['expected', 'known']);
  });

  it('are followed together, each by the transaction of its own token', async () => {
    const store = create();
    const [one, other, waiting] = [checkout(), checkout(), checkout()];
    for (const put of [one, other, waiting]) await store.put(put, NOW);

    const tokens = [one.btnRef, 'unknown', other.btnRef].map((btnRef): [string, string] => [
      btnRef,
      `order#${btnRef}`,
    ]);

    expect(await store.follow(new Map(tokens), always)).toBe(2);
    expect(await store.follow(new Map([...tokens, [waiting.btnRef, 'order#3']]), always)).toBe(1);
  });

  it.each(['unknown', '', '\ud800', 'x'.repeat(2000)])('do not wait for the token %j', async (btnRef) => {
    expect(await create().follow(new Map([[btnRef, 'order#1']]), always)).toBe(0);
  });
});

describe('looking for the checkouts of many transactions', () => {
  /** The tokens of checkouts that wait, with the keys of their transactions. */
  async function waiting(count: number) {
    const all = Array.from({ length: count }, () => checkout());
    for (const one of all) await createCheckoutStore(access()).put(one, NOW);
    return new Map(all.map(({ btnRef }) => [btnRef, `order#${btnRef}`]));
  }

  it('goes on after a checkout that cannot be written', async () => {
    const tokens = await waiting(3);
    let writes = 0;
    const send = (command: Parameters<typeof dynamodb.client.send>[0]) => {
      if (command instanceof PutItemCommand && (writes += 1) === 1) throw new Error('no table');
      return dynamodb.client.send(command);
    };
    const store = createCheckoutStore({ ...access(), client: { send: send as DynamoDB['send'] } });

    expect(await store.follow(tokens, always)).toBe(2);
  });

  it('ends as soon as its time is over', async () => {
    const tokens = await waiting(3);
    let asked = 0;

    expect(await createCheckoutStore(access()).follow(tokens, () => (asked += 1) < 4)).toBe(2);
    await expect(createCheckoutStore(access()).follow(tokens, () => false)).rejects.toThrow('unprocessed');
  });
});

describe('a dry run', () => {
  it('reports of checkouts what the run would report, and stores none', async () => {
    const [known, fresh] = [checkout(), checkout()];
    await createCheckoutStore(access()).put(known, NOW);
    const dry = dryCheckouts(access());

    const outcomes = [];
    for (const one of [known, fresh, fresh]) outcomes.push(await dry.put(one, NOW));

    expect(outcomes).toEqual(['known', 'expected', 'known']);
    expect(await item(`checkout#${fresh.btnRef}`)).toBeUndefined();
  });
});

describe('erasing a shopper', () => {
  const none = () => Promise.reject(new Error('there is no transaction here'));
  const erase = (publisherCustomerId: string) =>
    eraseShopper(
      { publisherCustomerId },
      {
        all: scanAll(access()),
        ...{ transactions: { write: none }, readOwner: none, deletePart: none, now: () => NOW },
        eraseCheckout: (one) => eraseCheckout(access(), one, NOW.toISOString()),
      },
    );

  it('reaches their checkouts and nobody else’s, still holds when a checkout is repeated, and lets it expire', async () => {
    const store = createCheckoutStore(access());
    const [mine, followed, other] = [
      checkout({ shopper: 'SENTINEL' }),
      checkout({ shopper: 'SENTINEL' }),
      checkout({ shopper: 'somebody' }),
    ];
    for (const one of [mine, followed, other]) await store.put(one, NOW);
    await store.follow(new Map([[followed.btnRef, 'order#1']]), always);
    const before = await findShopper({ publisherCustomerId: 'SENTINEL' }, scanAll(access()));

    await erase('SENTINEL');

    const after = await findShopper({ publisherCustomerId: 'SENTINEL' }, scanAll(access()));
    const left = await item(`checkout#${mine.btnRef}`);
    expect([before.checkouts, after.checkouts]).toEqual([2, 0]);
    expect(JSON.stringify(left)).not.toContain('SENTINEL');
    expect(left).toMatchObject({ expiresAtEpochSeconds: { N: expect.any(String) as string } });
    expect(await store.put(mine, NOW)).toBe('known');
    expect(readCheckoutItem((await item(`checkout#${other.btnRef}`)) ?? {})).toMatchObject(other);
    expect(await item(`checkout#${followed.btnRef}`)).toMatchObject({ followedBy: { S: 'order#1' } });
  });

  it('is not undone by a transaction that arrives in the meantime', async () => {
    const one = checkout({ shopper: 'SENTINEL-2' });
    await createCheckoutStore(access()).put(one, NOW);
    const seen = (await item(`checkout#${one.btnRef}`)) ?? {};
    await createCheckoutStore(access()).follow(new Map([[one.btnRef, 'order#1']]), always);

    await eraseCheckout(access(), seen, NOW.toISOString());

    const left = await item(`checkout#${one.btnRef}`);
    expect(left).toMatchObject({ followedBy: { S: 'order#1' } });
    expect(left).not.toHaveProperty('checkoutShopper');
  });
});
