import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  answerFixture,
  like,
  orderFixture,
  simulate,
  type ButtonBody,
  type Row,
  type Simulation,
} from './simulation.ts';

const LIST = '/v1/affiliation/transactions';
const PATH = '/v1/order/WEB-2025-104477';

/** Injects a transaction for each of these modified dates. */
function inject(simulation: Simulation, ...modifiedDates: string[]): void {
  for (const modified_date of modifiedDates) {
    simulation.controls.injectTransaction({
      modified_date,
      created_date: '2025-01-01T00:00:00Z',
      webhook: false,
    });
  }
}

function modifiedDates({ body }: { body: ButtonBody }): string[] {
  return body.objects.map((row) => row.modified_date);
}

/** `meta.next` of a page that is not the last one. */
function nextOf({ body }: { body: ButtonBody }): string {
  return body.meta.next ?? 'none';
}

/**
 * Follows `meta.next` by its cursor, with the same filters again, as the official clients' loops do by path.
 */
async function readAll(simulation: Simulation, query: string, betweenPages = () => {}): Promise<Row[]> {
  const rows: Row[] = [];
  for (let cursor = ''; ;) {
    const { body } = await simulation.publisher(`${LIST}?${query}${cursor}`);
    rows.push(...body.objects);
    if (body.meta.next === null) return rows;
    cursor = `&cursor=${encodeURIComponent(new URL(body.meta.next).searchParams.get('cursor') ?? '')}`;
    betweenPages();
  }
}

describe('accounts', () => {
  it('are listed as documented', async () => {
    const simulation = await simulate({ accountCurrencies: ['USD', 'GBP'] });

    const { status, body } = await simulation.publisher('/v1/affiliation/accounts');

    const documented = answerFixture('accounts-response');
    const id = like(/^acc-[0-9a-f]{16}$/);
    expect(status).toBe(200);
    expect(body).toEqual({ ...documented, objects: documented.objects.map((one) => ({ ...one, id })) });
  });

  it('gain one with the first transaction in a new currency (E9)', async () => {
    const simulation = await simulate();
    await simulation.create({ order_id: 'a', currency: 'JPY' });
    await simulation.create({ order_id: 'b', currency: 'JPY' });

    const { body } = await simulation.publisher('/v1/affiliation/accounts');

    expect(body.objects).toMatchObject([{ currency: 'USD' }, { currency: 'JPY' }]);
  });

  it('keep their ids in the next run', async () => {
    const [first, second] = [await simulate(), await simulate()];

    expect(first.controls.accounts()).toEqual(second.controls.accounts());
  });
});

describe('lists of transactions', () => {
  it('contain those of one account, or of all', async () => {
    const simulation = await simulate();
    await simulation.create({ order_id: 'a', currency: 'USD' });
    await simulation.create({ order_id: 'b', currency: 'JPY' });
    const [, yen] = simulation.controls.accounts();

    const ofYen = await simulation.publisher(`/v1/affiliation/accounts/${yen?.id}/transactions`);
    const ofAll = await simulation.publisher(LIST);

    expect(ofYen.body.objects).toMatchObject([{ currency: 'JPY', account_id: yen?.id }]);
    expect(ofAll.body.objects).toHaveLength(2);
  });

  it('have the documented form', async () => {
    const simulation = await simulate();

    const { body } = await simulation.publisher(LIST);

    expect(body).toEqual({ meta: { status: 'ok', next: null, previous: null }, objects: [] });
  });

  it('are not found for an account that does not exist', async () => {
    const simulation = await simulate();

    const { status } = await simulation.publisher(
      '/v1/affiliation/accounts/acc-0000000000000000/transactions',
    );

    expect(status).toBe(404);
  });

  it('include the start and exclude the end, in whole seconds (E3)', async () => {
    const simulation = await simulate();
    inject(simulation, '2025-03-01T11:59:59.999Z', '2025-03-01T12:00:00Z', '2025-03-01T12:00:00.900Z');
    inject(simulation, '2025-03-01T12:00:09.999Z', '2025-03-01T12:00:10Z');

    const answered = await simulation.publisher(
      `${LIST}?time_field=modified_date&start=2025-03-01T12%3A00%3A00Z&end=2025-03-01T12%3A00%3A10Z`,
    );

    expect(modifiedDates(answered)).toEqual([
      '2025-03-01T12:00:00Z',
      '2025-03-01T12:00:00Z',
      '2025-03-01T12:00:09Z',
    ]);
  });

  it('filter by created_date if time_field is left out (E17)', async () => {
    const simulation = await simulate();
    inject(simulation, '2025-03-01T00:00:00Z');

    const byDefault = await simulation.publisher(`${LIST}?start=2025-02-01T00:00:00Z`);
    const byModified = await simulation.publisher(
      `${LIST}?start=2025-02-01T00:00:00Z&time_field=modified_date`,
    );

    expect(byDefault.body.objects).toEqual([]);
    expect(byModified.body.objects).toHaveLength(1);
  });

  it('can filter by attribution_date, which leaves out rows without one', async () => {
    const simulation = await simulate();
    simulation.controls.injectTransaction({ attribution_date: '2025-03-01T00:00:00Z' });
    simulation.controls.injectTransaction({ attribution_date: null });

    const { body } = await simulation.publisher(`${LIST}?time_field=attribution_date`);

    expect(body.objects).toMatchObject([{ attribution_date: '2025-03-01T00:00:00Z' }]);
  });

  it('can be of one country, in any case', async () => {
    const simulation = await simulate();
    for (const country of ['US', 'us', 'DE', null]) simulation.controls.injectTransaction({ country });

    const { body } = await simulation.publisher(`${LIST}?country=uS`);

    expect(body.objects.map((row) => row.country).sort()).toEqual(['US', 'us']);
  });

  it.each([
    'start=yesterday',
    'start=2025-03-01T00:00:00+00:00',
    'end=2025-03-01',
    'time_field=validated_date',
    'page_size=0',
    'page_size=-1',
    'page_size=1.5',
    'page_size=2147483648',
    'country=USA',
    'cursor=nonsense',
    'cursor=',
  ])('are refused for %s', async (query) => {
    const simulation = await simulate();

    const { status, body } = await simulation.publisher(`${LIST}?${query}`);

    expect(status).toBe(400);
    expect(body).toEqual({ meta: { status: 'error' }, error: { message: like(/./) } });
  });

  it('show a change only after the delay of the world (D12)', async () => {
    const simulation = await simulate({ world: { transactionVisibleAfterMs: 5000 } });
    const statuses = async () => (await simulation.publisher(LIST)).body.objects.map((row) => row.status);
    await simulation.create();
    const atOnce = await statuses();
    await simulation.advance(5000);
    simulation.controls.finalizeOrder('WEB-2025-104477');
    const pending = await statuses();
    await simulation.advance(5000);

    const validated = await statuses();

    expect([atOnce, pending, validated]).toEqual([[], ['pending'], ['validated']]);
  });
});

describe('pages', () => {
  it('have 50 rows, and no more than the world allows', async () => {
    const simulation = await simulate({ world: { maxPageSize: 60 } });
    inject(simulation, ...Array.from({ length: 70 }, () => '2025-03-01T00:00:00Z'));

    const byDefault = await simulation.publisher(LIST);
    const asked = await simulation.publisher(`${LIST}?page_size=7`);
    const greedy = await simulation.publisher(`${LIST}?page_size=1000`);

    expect([byDefault, asked, greedy].map(({ body }) => body.objects.length)).toEqual([50, 7, 60]);
  });

  it.each([
    ['keyset', 'oldest-first'],
    ['keyset', 'newest-first'],
    ['offset', 'oldest-first'],
    ['offset', 'newest-first'],
  ] as const)('add up to every row once, in order (worlds %s, %s)', async (paging, rowOrder) => {
    const simulation = await simulate({ world: { paging, rowOrder } });

    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(5), { maxLength: 12 }),
        fc.integer({ min: 1, max: 5 }),
        async (seconds, size) => {
          simulation.controls.reset();
          simulation.controls.setWorld({ paging, rowOrder });
          inject(simulation, ...seconds.map((second) => `2025-03-01T00:00:0${second}Z`));

          const rows = await readAll(simulation, `time_field=modified_date&page_size=${size}`);

          const dates = rows.map((row) => row.modified_date);
          const sorted = [...dates].sort();
          expect(new Set(rows.map((row) => row.id)).size).toBe(seconds.length);
          expect(rows).toHaveLength(seconds.length);
          expect(dates).toEqual(rowOrder === 'oldest-first' ? sorted : sorted.reverse());
        },
      ),
      { numRuns: 25 },
    );
  });

  it.each(['keyset', 'offset'] as const)('lead back as well as forward (world %s)', async (paging) => {
    const simulation = await simulate({ world: { paging } });
    inject(simulation, '2025-03-01T00:00:01Z', '2025-03-01T00:00:02Z', '2025-03-01T00:00:03Z');
    const filters = 'time_field=modified_date&page_size=2';
    const first = await simulation.publisher(`${LIST}?${filters}`);
    const follow = (link: string) =>
      simulation.publisher(`${link.slice(simulation.simulator.url.length)}&${filters}`);

    const second = await follow(nextOf(first));
    const firstAgain = await follow(second.body.meta.previous ?? 'none');

    expect(modifiedDates(second)).toEqual(['2025-03-01T00:00:03Z']);
    expect(second.body.meta.next).toBeNull();
    expect(firstAgain.body).toEqual(first.body);
    expect(firstAgain.body.meta.previous).toBeNull();
  });

  it.each([
    ['with-accounts', (account: string) => `/v1/affiliation/accounts/${account}/transactions`],
    ['without-accounts', (account: string) => `/v1/affiliation/${account}/transactions`],
  ] as const)('are linked by an absolute URL that works (world %s, E11)', async (nextPath, path) => {
    const simulation = await simulate({ world: { nextPath } });
    inject(simulation, '2025-03-01T00:00:01Z', '2025-03-01T00:00:02Z');
    const account = simulation.controls.accounts()[0]?.id ?? '';
    const first = await simulation.publisher(`/v1/affiliation/accounts/${account}/transactions?page_size=1`);

    const next = nextOf(first);
    const second = await simulation.publisher(`${next.slice(simulation.simulator.url.length)}&page_size=1`);

    expect(next).toMatch(/\?cursor=[A-Za-z0-9_-]+$/);
    expect(next.split('?')[0]).toBe(`${simulation.simulator.url}${path(account)}`);
    expect(second.body.objects).toHaveLength(1);
    expect(second.body.objects).not.toEqual(first.body.objects);
  });

  it('need their filters sent again (world sent-again)', async () => {
    const simulation = await simulate({ world: { cursorFilters: 'sent-again' } });
    inject(simulation, '2025-03-01T00:00:01Z', '2025-03-01T00:00:02Z', '2025-03-01T00:00:03Z');
    const filters = 'time_field=modified_date&page_size=1&end=2025-03-01T00:00:03Z';
    const first = await simulation.publisher(`${LIST}?${filters}`);
    const cursor = new URL(nextOf(first)).search;

    const alone = await simulation.publisher(`${LIST}${cursor}&time_field=modified_date`);
    const again = await simulation.publisher(`${LIST}${cursor}&${filters}`);

    expect(modifiedDates(alone)).toEqual(['2025-03-01T00:00:02Z', '2025-03-01T00:00:03Z']);
    expect(modifiedDates(again)).toEqual(['2025-03-01T00:00:02Z']);
  });

  it('carry their filters (world carried)', async () => {
    const simulation = await simulate({ world: { cursorFilters: 'carried' } });
    inject(simulation, '2025-03-01T00:00:01Z', '2025-03-01T00:00:02Z', '2025-03-01T00:00:03Z');
    const first = await simulation.publisher(
      `${LIST}?time_field=modified_date&page_size=1&end=2025-03-01T00:00:03Z`,
    );

    const second = await simulation.publisher(`${LIST}${new URL(nextOf(first)).search}`);

    expect(modifiedDates(second)).toEqual(['2025-03-01T00:00:02Z']);
    expect(second.body.meta.next).toBeNull();
  });

  it('refuse filters together with a cursor (world refused)', async () => {
    const simulation = await simulate({ world: { cursorFilters: 'refused' } });
    inject(simulation, '2025-03-01T00:00:01Z', '2025-03-01T00:00:02Z');
    const first = await simulation.publisher(`${LIST}?time_field=modified_date&page_size=1`);
    const { search } = new URL(nextOf(first));

    const beside = await simulation.publisher(`${LIST}${search}&page_size=1`);
    const alone = await simulation.publisher(`${LIST}${search}`);

    expect(beside.status).toBe(400);
    expect(modifiedDates(alone)).toEqual(['2025-03-01T00:00:02Z']);
  });

  it.each([
    ['keyset', ['order-b', 'order-c', 'order-a']],
    ['offset', ['order-c', 'order-a']],
  ] as const)(
    'drift as documented when a row changes during paging (world %s, E1)',
    async (paging, later) => {
      const simulation = await simulate({ world: { paging } });
      for (const order_id of ['order-a', 'order-b', 'order-c']) {
        await simulation.create({ order_id });
        await simulation.advance(60_000);
      }
      const orderOf = new Map(
        simulation.controls.orders().map((one) => [one['button_order_id'], one['order_id']]),
      );
      const filters = 'time_field=modified_date&page_size=1';
      const first = await simulation.publisher(`${LIST}?${filters}`);
      await simulation.brand('POST', '/v1/order/order-a', orderFixture('order-update'));

      const rest: unknown[] = [];
      for (let next = first.body.meta.next; next !== null;) {
        const { body } = await simulation.publisher(
          `${next.slice(simulation.simulator.url.length)}&${filters}`,
        );
        rest.push(...body.objects.map((row) => orderOf.get(row.button_order_id)));
        next = body.meta.next;
      }

      expect(rest).toEqual(later);
    },
  );
});

it('sends the time of its own clock in the Date header', async () => {
  const simulation = await simulate();
  await simulation.advance(60_000);

  const { headers } = await simulation.brand('GET', PATH);

  expect(headers.get('date')).toBe('Fri, 14 Mar 2025 15:10:31 GMT');
});

describe('lists of every kind that the documents leave open', () => {
  it('give the next page in each way', async () => {
    const simulation = await simulate();
    inject(simulation, '2025-01-02T00:00:00Z', '2025-01-03T00:00:00Z');
    const next = async (world: Parameters<typeof simulation.controls.setWorld>[0]) => {
      simulation.controls.setWorld(world);
      return nextOf(await simulation.publisher(`${LIST}?time_field=modified_date&page_size=1`));
    };

    expect(await next({ nextHost: 'none' })).toMatch(/^\?cursor=/);
    expect(await next({ nextHost: 'other' })).toMatch(/^https:\/\/elsewhere\.example\/v1\/affiliation/);
    expect(await next({ nextFilters: 'repeated' })).toMatch(/&time_field=modified_date&page_size=1$/);
  });

  it('have null for no rows, and fail if they would contain an unreadable transaction', async () => {
    const simulation = await simulate({ world: { emptyObjects: 'null' } });
    const empty = await simulation.publisher(LIST);
    inject(simulation, '2025-01-02T00:00:00Z');
    const [row] = (await simulation.publisher(LIST)).body.objects;
    simulation.controls.setWorld({ unreadableTransactions: [String(row?.button_order_id ?? row?.id)] });

    expect(empty.body.objects).toBeNull();
    expect((await simulation.publisher(LIST)).status).toBe(500);
  });

  it('start again if a cursor together with filters is ignored', async () => {
    const simulation = await simulate({ world: { cursorFilters: 'restart' } });
    inject(simulation, '2025-01-02T00:00:00Z', '2025-01-03T00:00:00Z');
    const query = `${LIST}?time_field=modified_date&page_size=1`;
    const first = await simulation.publisher(query);
    const cursor = new URL(nextOf(first)).search;

    expect(modifiedDates(await simulation.publisher(`${query}&${cursor.slice(1)}`))).toEqual(
      modifiedDates(first),
    );
    expect(modifiedDates(await simulation.publisher(`${LIST}${cursor}`))).toEqual(['2025-01-03T00:00:00Z']);
  });

  it('list one account per page, or accounts among malformed entries', async () => {
    const simulation = await simulate({
      accountCurrencies: ['USD', 'GBP'],
      world: { accountsList: 'one-a-page' },
    });
    const first = await simulation.publisher('/v1/affiliation/accounts');
    const { pathname, search } = new URL(nextOf(first));
    const second = await simulation.publisher(`${pathname}${search}`);
    simulation.controls.setWorld({ accountsList: 'among-malformed-entries' });
    const { body } = await simulation.publisher('/v1/affiliation/accounts');

    expect([first.body.objects.length, second.body.objects.length, second.body.meta.next]).toEqual([
      1,
      1,
      null,
    ]);
    expect(body.objects).toHaveLength(6);
  });
});
