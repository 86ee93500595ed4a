import { parseJson } from '@button-serverless/validation/json';
import { describe, expect, it } from 'vitest';

import type { ButtonResponse } from '../../../shared/button/button-http.ts';
import { PagedButton, pagedRow, PLAIN_WORLD } from '../transaction-reconciler/paged-button.ts';
import { createReconciledButton } from '../transaction-reconciler/reconciled-button.ts';

const START = '2026-06-01T00:00:00Z';
const minute = (minutes: number) =>
  `${new Date(Date.parse(START) + minutes * 60_000).toISOString().slice(0, 19)}Z`;

const ACCOUNTS = ['acc-1', 'acc-2', 'acc-3', '4711', '90071992547409931'];
const ROWS = Array.from({ length: 60 }, (_, index) =>
  pagedRow(index, minute(index), ACCOUNTS[index % ACCOUNTS.length]),
);

const answered = (body: unknown, status = 200): ButtonResponse => ({ result: 'answered', status, body });
const paused = (status: number, retryAfterMs = 1000): ButtonResponse => ({
  ...{ result: 'answered', status, body: undefined, retryAfterMs },
});
const list = (objects: unknown, next: string | null = null) =>
  answered({ meta: { status: 'ok', next }, objects });
const account = (id: string) => ({ id, currency: 'USD' });

function createWorld() {
  const button = new PagedButton(PLAIN_WORLD, ROWS);
  let accounts: (url: URL) => ButtonResponse = () => list([account('acc-1'), account('acc-2')]);
  let fault: (url: URL) => ButtonResponse | undefined = () => undefined;
  button.instead = (url) => (url.pathname.endsWith('/accounts') ? accounts(url) : fault(url));
  const world = createReconciledButton(button.http(), START);
  return {
    button,
    ...world,
    lists: (next: typeof accounts) => {
      accounts = next;
    },
    fails: (next: typeof fault) => {
      fault = next;
    },
  };
}

const ofAccounts = (...ids: string[]) =>
  ROWS.filter((row) => ids.includes(row.account_id) && row.modified_date <= minute(38))
    .map((row) => `order#${row.button_order_id}`)
    .sort();

const LISTS: [what: string, answer: (url: URL) => ButtonResponse, added: string[]][] = [
  ['a null among the others', () => list([null, account('acc-3'), account('acc-1')]), ['acc-3']],
  ['an account without a currency', () => list([{ id: 'acc-3', currency: null }]), ['acc-3']],
  [
    'entries of every other kind',
    () => list([7, 'acc', {}, { id: '' }, { id: '*' }, { id: 4.5 }, [], account('acc-3')]),
    ['acc-3'],
  ],
  [
    'an id as a number among the others',
    () => list([account('acc-3'), { id: 4711, currency: 'EUR' }]),
    ['acc-3', '4711'],
  ],
  ['an id as a number', () => list([{ id: 4711 }]), ['4711']],
  [
    'an id as a number beyond 2^53',
    () => list([parseJson('{"id": 90071992547409931}')]),
    ['90071992547409931'],
  ],
  ['an id too long for a key', () => list([account('x'.repeat(2000)), account('acc-3')]), ['acc-3']],
  ['half a character', () => list([account('acc-\ud800'), account('acc-3')]), ['acc-3']],
  ['null', () => list(null), []],
  ['nothing', () => list([]), []],
  ['a 404', () => answered({ meta: { status: 'error' } }, 404), []],
  ['a 503', () => answered(undefined, 503), []],
  ['a 503 with Retry-After', () => paused(503), []],
  ['a 500 with a long Retry-After', () => paused(500, 900_000), []],
  ['a 401', () => answered(undefined, 401), []],
  ['garbage', () => answered('<html>'), []],
  ['no answer', () => ({ result: 'unclear', reason: 'timeout' }), []],
  [
    'a second page',
    (url) =>
      url.searchParams.has('cursor') ? list([account('acc-3')]) : list([account('acc-1')], '?cursor=2'),
    ['acc-3'],
  ],
  [
    'a second page that fails',
    (url) =>
      url.searchParams.has('cursor') ? answered(undefined, 500) : list([account('acc-3')], '?cursor=2'),
    ['acc-3'],
  ],
  [
    'a second page that fails with Retry-After',
    (url) => (url.searchParams.has('cursor') ? paused(503, 900_000) : list([account('acc-3')], '?cursor=2')),
    ['acc-3'],
  ],
  ['pages in a circle', () => list([account('acc-3')], '?cursor=again'), ['acc-3']],
  [
    'a second page on another host',
    (url) =>
      url.searchParams.get('cursor') === '2'
        ? list([account('acc-3')])
        : list([], 'https://evil.example/v1/affiliation/accounts?cursor=2'),
    ['acc-3'],
  ],
  [
    'a second page that has no cursor',
    (url) =>
      url.searchParams.get('page') === '2'
        ? list([account('acc-3')])
        : list([], 'https://api.usebutton.com/v1/affiliation/accounts?page=2'),
    ['acc-3'],
  ],
];

describe("transactions, requirement 7: known accounts are read whatever today's list says", () => {
  it.each(LISTS)('which is %s', async (_what, answer, added) => {
    const world = createWorld();
    await world.tick();
    world.lists(answer);

    await world.live(40);

    expect(world.stored()).toEqual(ofAccounts('acc-1', 'acc-2', ...added));
    for (const { path } of world.button.requests) expect(path).toMatch(/^\/v1\/affiliation\//);
  });

  it('entries that name no account are counted, and so is a list that was not read to its end', async () => {
    const world = createWorld();
    world.lists(() => list([null, account('acc-1'), {}]));
    await world.tick();
    const malformed = [world.sum('MalformedAccounts'), world.sum('AccountsUnavailable')];
    world.lists(() => list([account('acc-1')], '?cursor=again'));

    await world.tick();

    expect([malformed, world.sum('AccountsUnavailable'), world.sum('AccountsListed')]).toEqual([
      [2, 0],
      1,
      1,
    ]);
  });

  it('a list that names a Retry-After is not asked for before that, and its accounts are found after it', async () => {
    const world = createWorld();
    await world.tick();
    let asked = 0;
    world.lists(() => {
      asked += 1;
      return paused(503, 900_000);
    });
    await world.live(10);
    world.lists(() => {
      asked += 1;
      return list([account('acc-3')]);
    });

    await world.live(10);
    const askedEarly = asked;
    await world.live(20);

    expect([askedEarly, asked]).toEqual([1, 3]);
    expect(world.stored()).toEqual(ofAccounts('acc-1', 'acc-2', 'acc-3'));
  });

  it('a 429 of the list applies to the key', async () => {
    const world = createWorld();
    await world.tick();
    world.lists(() => paused(429, 900_000));
    await world.tick();

    expect(await world.tick()).toEqual([
      'acc-1 incremental: partial asked_to_wait',
      'acc-2 incremental: partial asked_to_wait',
    ]);
  });

  it('Retry-After applies to the key: every stream of every account waits, and goes on after it', async () => {
    const world = createWorld();
    await world.tick();
    let asked = 0;
    world.fails(() => {
      asked += 1;
      return { result: 'answered', status: 429, body: undefined, retryAfterMs: 900_000 };
    });
    await world.live(10);
    const whileFailing = asked;
    const before = world.button.requests.length;
    world.fails(() => undefined);

    const early = await world.tick();
    const askedEarly = world.button.requests.length - before;
    await world.live(30);

    expect([whileFailing, askedEarly]).toEqual([1, 0]);
    for (const outcome of early) expect(outcome).toMatch(/partial asked_to_wait$/);
    expect(world.stored()).toEqual(ofAccounts('acc-1', 'acc-2'));
  });
});
