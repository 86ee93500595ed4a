import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

import { signatureHeaders } from '../functions/event-delivery/signature.ts';
import {
  countingEntries,
  creditReward,
  type RewardEntry,
} from '../shared/validation/webhooks/reward-ledger.ts';
import {
  transactionChanged,
  type PublishedState,
  type TransactionChangedDetail,
} from '../shared/validation/webhooks/transaction-changed.ts';

const FOLDER = join(import.meta.dirname, '..', 'docs', 'examples');

/** Runs Python in the folder of the example, without writing its compiled files there. */
function python(args: readonly string[], input: string) {
  return spawnSync('python3', ['-B', ...args], { cwd: FOLDER, input, encoding: 'utf8' });
}

const hasPython = python(['--version'], '').status === 0;
if (!hasPython) console.warn('There is no python3 here: docs/examples/rewards.py is not tested.');

/** Events of a few purchases, some of which come under several keys. */
const event: fc.Arbitrary<TransactionChangedDetail> = fc
  .record({
    purchase: fc.integer({ min: 1, max: 60 }),
    key: fc.constantFrom('order', 'tx'),
    isBoth: fc.boolean(),
    version: fc.integer({ min: 1, max: 1_000_000 }),
    status: fc.constantFrom('pending', 'validated', 'declined', 'conflict'),
    user: fc.constantFrom('ann', 'bob', 'nobody', undefined),
    amountMinor: fc.option(fc.integer({ min: -500, max: 1000 }), { nil: undefined }),
    currency: fc.constantFrom('USD', 'JPY'),
    delivery: fc.constantFrom('live', 'live', 'historical'),
  })
  .map(({ purchase, key, isBoth, user, amountMinor, ...rest }) => {
    const pk = `${key}#${purchase}`;
    const other = `${key === 'order' ? 'tx' : 'order'}#${purchase}`;
    const after: PublishedState = {
      ...{ pk, otherKeys: isBoth ? [other] : [], changes: 1, storedAt: '2026-01-02T00:00:00Z' },
      ...{ category: 'new-user-order', transactionId: 'tx-1', createdDate: '2026-01-01T10:00:00Z' },
      ...{ modifiedDate: '2026-01-01T10:00:00Z', ...rest },
      ...(user !== undefined && { publisherCustomerId: user }),
      ...(amountMinor !== undefined && { amountMinor }),
    };
    return transactionChanged(undefined, after, { includePersonalFields: true }).detail;
  });

/** The balances of an example's consumer: by user and currency. */
type Balances = Record<string, Record<string, { pending: number; payable: number }>>;

function expectedBalances(events: readonly TransactionChangedDetail[]): Balances {
  const ledger = new Map<string, RewardEntry>();
  for (const one of events)
    for (const [key, entry] of creditReward(ledger, one).entries) ledger.set(key, entry);
  const balances: Balances = {};
  for (const { user, currency, creditMinor, isFinal } of countingEntries(ledger)) {
    const balance = ((balances[user ?? ''] ??= {})[currency] ??= { pending: 0, payable: 0 });
    balance[isFinal ? 'payable' : 'pending'] += creditMinor;
  }
  return balances;
}

const BalancesSchema = z.record(
  z.string(),
  z.record(z.string(), z.object({ pending: z.number(), payable: z.number() })),
);

/** Balances that are not zero. */
function owed(balances: Balances) {
  return Object.entries(balances)
    .flatMap(([user, own]) => Object.entries(own).map(([currency, of]) => ({ user, currency, ...of })))
    .filter(({ pending, payable }) => pending !== 0 || payable !== 0)
    .sort((one, other) => (one.user + one.currency < other.user + other.currency ? -1 : 1));
}

describe.skipIf(!hasPython)('docs/examples/rewards.py', () => {
  it('counts what creditReward counts, however often and in whatever order the events come', () => {
    // Every purchase changes some times; a version is given once.
    const [all = []] = fc.sample(
      fc.uniqueArray(event, { minLength: 400, maxLength: 500, selector: ({ version }) => version }),
      {
        numRuns: 1,
        seed: 17,
      },
    );
    const orders = [
      all,
      all.toReversed(),
      [...all, ...all].toSorted((one, other) => (one.version % 97) - (other.version % 97)),
    ];

    const counted = orders.map((events) => {
      const lines = events.map((data) => JSON.stringify({ type: 'transaction.adjusted', data }));
      const { stdout, stderr } = python(['rewards.py', 'count'], lines.join('\n'));
      expect(stderr).toBe('');
      return owed(BalancesSchema.parse(JSON.parse(stdout)));
    });

    expect(owed(expectedBalances(all)).length).toBeGreaterThan(2);
    for (const one of counted) expect(one).toEqual(owed(expectedBalances(all)));
  });

  it('accepts what event-delivery signs, with either of two secrets, and nothing else', () => {
    const [key, old, foreign] = ['new', 'old', 'foreign'].map((word) => Buffer.alloc(32, word));
    const secrets = [key, old].map((bytes) => `whsec_${bytes?.toString('base64') ?? ''}`).join(' ');
    const body = '{"type":"transaction.validated","data":{"publisherCustomerId":"ünï"}}';
    const signed = (by: (Buffer | undefined)[], timestampSeconds = 1_780_000_000) =>
      signatureHeaders(
        { id: 'event-1', timestampSeconds, body },
        by.flatMap((one) => one ?? []),
      );
    const tries = [
      { headers: signed([key]), body },
      { headers: signed([foreign, old]), body },
      { headers: signed([foreign]), body },
      { headers: signed([key]), body: body.replace('ünï', 'other') },
      { headers: signed([key], 1_780_000_000 - 301), body },
      { headers: { ...signed([key]), 'webhook-timestamp': 'soon' }, body },
      { headers: { ...signed([key]), 'webhook-timestamp': '9'.repeat(5000) }, body },
      { headers: { ...signed([key]), 'webhook-timestamp': '١٧٨٠٠٠٠٠٠٠' }, body },
      { headers: {}, body },
      { headers: { ...signed([key]), 'webhook-signature': 'v1,ünï' }, body },
    ];
    const script = [
      'import json, sys, rewards',
      'for line in sys.stdin:',
      '    one = json.loads(line)',
      `    print(rewards.is_signed("${secrets}", one["headers"], one["body"].encode(), 1780000000))`,
    ].join('\n');

    const { stdout, stderr } = python(['-c', script], tries.map((one) => JSON.stringify(one)).join('\n'));

    expect(stderr).toBe('');
    expect(stdout.trim().split('\n')).toEqual(['True', 'True', ...tries.slice(2).map(() => 'False')]);
  });

  it('answers whoever calls it, and reads no more than a delivery can have', () => {
    const script = [
      'import rewards, socket, threading',
      'from http.server import HTTPServer',
      'server = HTTPServer(("127.0.0.1", 0), rewards.handler(rewards.Rewards(":memory:"), "whsec_AAAA"))',
      'threading.Thread(target=server.serve_forever, daemon=True).start()',
      'for given in ["-1", "x", "9" * 5000, "2000000", "\\xb2", "0"]:',
      '    with socket.create_connection(server.server_address, 20) as client:',
      '        client.sendall(f"POST / HTTP/1.1\\r\\ncontent-length: {given}\\r\\n\\r\\n".encode("latin-1"))',
      '        print(client.makefile().readline().split()[1])',
    ].join('\n');

    const { stdout, stderr } = python(['-c', script], '');

    expect(stderr).toBe('');
    expect(stdout.trim().split('\n')).toEqual([...Array.from({ length: 5 }, () => '413'), '401']);
  });
});
