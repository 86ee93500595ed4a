// @module-tag volume
import { createHmac } from 'node:crypto';

import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { everythingIsLive } from '../../fakes/cut-over.ts';
import { createInMemoryCheckouts } from '../../fakes/in-memory-checkouts.ts';
import { receiveEvent, type WebhookRequest } from '../../../functions/webhook-receiver/receive-event.ts';
import { applyDeferred } from '../../../functions/deferred-webhooks/apply-deferred.ts';
import { checkSignature } from '../../../shared/validation/webhooks/signature.ts';
import { readWebhook } from '../../../shared/validation/webhooks/transaction-wire.ts';
import { transactionChanged } from '../../../shared/validation/webhooks/transaction-changed.ts';
import {
  recordStatus,
  transactionContent,
  transactionKey,
  type TransactionRecord,
} from '../../../shared/validation/webhooks/transaction.ts';
import { creditReward, type RewardEntry } from '../../../shared/validation/webhooks/reward-ledger.ts';
import type { ReceivedWebhook } from '../../../shared/transactions/quarantine-webhook.ts';
import { deferredMessage } from '../../../shared/transactions/deferred-webhook.ts';
import { replayWebhook } from '../../../shared/transactions/replay-webhook.ts';
import { RetryableError } from '../../../shared/runtime/errors.ts';
import { createSampler } from '../../../shared/runtime/sampler.ts';
import type { QuarantineEntry } from '../../../shared/quarantine/quarantine-store.ts';
import type { TransactionStore } from '../../../shared/transactions/store/transaction-store.ts';
import { createInMemoryTransactions, publishedState } from '../../fakes/in-memory-transactions.ts';
import pending from '../../fixtures/button/webhook-tx-pending.json' with { type: 'json' };
import { mergeTransaction } from '../../fakes/merge-first.ts';
import { volume } from '../../volume.ts';

/** Two webhooks in Button's Dashboard, each with its own secret. */
const SECRETS = [
  { name: 'orders', secret: 'whsec-1' },
  { name: 'copy', secret: 'whsec-2' },
] as const;

/** The same numbers from 0 to 1 for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

type Random = () => number;
const pick = <Item>(random: Random, items: readonly [Item, ...Item[]]): Item =>
  items[Math.floor(random() * items.length)] ?? items[0];
const upTo = (random: Random, most: number): number => Math.floor(random() * (most + 1));
const shuffled = <Item>(random: Random, items: readonly Item[]): Item[] =>
  items
    .map((item) => ({ item, place: random() }))
    .sort((one, other) => one.place - other.place)
    .map(({ item }) => item);

function sign(body: Buffer, secret: string): WebhookRequest {
  return { body, signature: createHmac('sha256', secret).update(body).digest('hex') };
}

/**
 * The versions of one order: adjustments, sometimes two in one second or two that contradict each other for
 * good.
 */
function lifecycle(random: Random, order: number): object[] {
  const version = (status: string, second: number, amount: number) => ({
    ...pending.data,
    id: `tx-${order}-${upTo(random, 9) === 0 ? 'b' : 'a'}`,
    button_order_id: `btnorder-${order}`,
    status,
    amount,
    modified_date: `2026-01-01T10:00:0${second}.${upTo(random, 999)}Z`
      .replace(/\.(\d)Z/, '.00$1Z')
      .replace(/\.(\d\d)Z/, '.0$1Z'),
  });
  const adjustments = Array.from({ length: 1 + upTo(random, 3) }, () =>
    version('pending', upTo(random, 4), upTo(random, 5) * 100),
  );
  const ends = Array.from({ length: pick(random, [0, 1, 1, 1, 2]) }, () =>
    version(pick(random, ['validated', 'declined']), 5 + upTo(random, 2), upTo(random, 1) * 100),
  );
  return [...adjustments, ...ends];
}

/**
 * Each version, one to three times. Retries keep the event's id; another webhook has its own id and secret.
 */
function deliveries(random: Random, version: object): WebhookRequest[] {
  const hook = Math.floor(random() * 1e9).toString(16);
  return Array.from({ length: 1 + upTo(random, 2) }, (_, attempt) => {
    const webhook = pick(random, [0, 0, 1] as const);
    const envelope = {
      ...pending,
      id: `hook-${webhook}-${hook}`,
      request_id: `attempt-${attempt}`,
      data: version,
    };
    return sign(Buffer.from(JSON.stringify(envelope)), SECRETS[webhook].secret);
  });
}

/** Authentic, but impossible to understand. */
function malformed(random: Random): WebhookRequest {
  const body = pick<Buffer>(random, [
    Buffer.alloc(0),
    Buffer.from('null'),
    Buffer.from('{"id":"hook-odd","event_type":"odd"}'),
    Buffer.from([0x7b, 0xff, 0xfe, 0x7d]),
    Buffer.from(JSON.stringify({ ...pending, data: { ...pending.data, amount: 1.5 } })),
    Buffer.from(
      JSON.stringify({ ...pending, data: { ...pending.data, amount: 1 } }).replace(
        '"amount":1,',
        '"amount":1e400,',
      ),
    ),
    Buffer.from(JSON.stringify({ ...pending, data: { ...pending.data, button_order_id: 'x'.repeat(5000) } })),
    Buffer.from(JSON.stringify({ ...pending, data: { ...pending.data, pub_ref: '\ud800' } })),
    Buffer.from(`{"id":"h","event_type":"t","data":${'['.repeat(20_000)}${']'.repeat(20_000)}}`),
    Buffer.from('{"__proto__":{"id":"x"},"constructor":1,"event_type":"tx-pending"}'),
  ]);
  return sign(body, SECRETS[0].secret);
}

/** A request that somebody has changed or made up. */
function forged(random: Random, { body, signature = '' }: WebhookRequest): WebhookRequest {
  const bytes = Buffer.from(body);
  const at = Math.floor(random() * bytes.length);
  const flipped = Buffer.from(bytes.map((byte, index) => (index === at ? byte ^ 1 : byte)));
  return pick<WebhookRequest>(random, [
    { body: flipped, signature },
    { body: Buffer.concat([bytes, Buffer.from(' ')]), signature },
    { body: bytes.subarray(0, -1), signature },
    { body, signature: undefined },
    { body, signature: '' },
    { body, signature: signature.slice(0, 63) },
    { body, signature: `${signature}0` },
    { body, signature: `${signature},${signature}` },
    { body, signature: '🔑'.repeat(16) },
    { body, signature: (signature.startsWith('0') ? '1' : '0') + signature.slice(1) },
    sign(Buffer.from(body), 'guessed'),
    { body, signature: createHmac('sha1', SECRETS[0].secret).update(body).digest('hex') },
  ]);
}

/** A store whose every operation may be throttled at random. */
function throttling(store: TransactionStore, isThrottled: () => boolean): TransactionStore {
  const gate = (): Promise<void> =>
    isThrottled() ? Promise.reject(new RetryableError('throttled')) : Promise.resolve();
  return {
    read: (key) => gate().then(() => store.read(key)),
    find: (key, options) => gate().then(() => store.find(key, options)),
    putAlias: (alias, key) => gate().then(() => store.putAlias(alias, key)),
    readMany: (keys) => gate().then(() => store.readMany(keys)),
    write: (record, revision) => gate().then(() => store.write(record, revision)),
  };
}

/**
 * The receiver, the function for deferred webhooks and their stores. At least one store that accepts raw
 * events is up at any time.
 */
function createSystem(random: Random) {
  const transactions = createInMemoryTransactions();
  const kept = new Map<string, QuarantineEntry>();
  const queue: ReceivedWebhook[] = [];
  let isCalm = false;
  const fails = () => !isCalm && random() < 0.5;
  const quarantine = {
    put: (entry: QuarantineEntry) =>
      Promise.resolve({ isNew: kept.set(entry.id, kept.get(entry.id) ?? entry).size > 0 }),
  };
  const reading = { status: 'set', value: SECRETS } as const;
  const ports = {
    secrets: { read: () => Promise.resolve(reading), refresh: () => Promise.resolve(reading) },
    transactions: throttling(transactions, fails),
    checkouts: createInMemoryCheckouts(),
    metrics: { add: () => undefined },
    forgeries: createSampler(60_000, () => 0),
    cutOver: everythingIsLive,
    now: () => new Date('2026-06-01T12:00:00.000Z'),
  };
  return {
    transactions,
    kept,
    receive(request: WebhookRequest) {
      const isQueueUp = random() < 0.5;
      const down = () => Promise.reject(new Error('down'));
      return receiveEvent(request, {
        ...ports,
        quarantine: isQueueUp && fails() ? { put: down } : quarantine,
        defer: (event) => (isQueueUp || !fails() ? Promise.resolve(void queue.push(event)) : down()),
      });
    },
    /**
     * The table comes back: the queue is drained, and what went to quarantine because no store was up is
     * replayed.
     */
    async recover() {
      isCalm = true;
      for (const event of queue) {
        const message = { body: deferredMessage(event), receiptHandle: 'r', receives: 1 };
        const hide = () => Promise.reject(new Error('nothing has to wait any more'));
        await applyDeferred(message, { ...ports, quarantine, hide, maxReceives: 1000 });
      }
      for (const [id, entry] of kept) {
        const review = {
          read: () => Promise.resolve({ ...entry, refusals: 1, replays: 0, bytes: Buffer.from(entry.bytes) }),
          markReplayed: () => Promise.resolve(kept.delete(id)),
        };
        await replayWebhook(id, { ...ports, quarantine, review });
      }
    },
  };
}

/**
 * What must be stored in the end: the merge of every authentic webhook that is understood, in the order of
 * its creation.
 */
function truthOf(requests: readonly WebhookRequest[]): Map<string, TransactionRecord> {
  const records = new Map<string, TransactionRecord>();
  for (const { body } of requests) {
    const reading = readWebhook(body);
    if (!reading.ok) continue;
    const key = transactionKey(reading.transaction);
    const { eventId, transaction, payload } = reading;
    const source = { kind: 'webhook', eventId } as const;
    const seen = {
      transaction,
      payload,
      source,
      seenAt: '2026-06-01T12:00:00.000Z',
      delivery: 'live',
    } as const;
    records.set(key, mergeTransaction(records.get(key), seen).record);
  }
  return records;
}

/** What must not depend on the order of arrival. */
function currentState(records: Iterable<TransactionRecord>): string[] {
  return [...records]
    .map((record) => {
      const contents = record.candidates.map(
        ({ transaction: it }) => `${transactionContent(it)} ${it.modifiedDate}`,
      );
      return [record.key, recordStatus(record), record.buttonIds.join(), ...contents.sort()].join(' ');
    })
    .sort();
}

function balances(events: readonly ReturnType<typeof transactionChanged>[]): Map<string, number> {
  const ledger = new Map<string, RewardEntry>();
  for (const { detail } of events) {
    for (const [key, entry] of creditReward(ledger, detail).entries) ledger.set(key, entry);
  }
  return new Map([...ledger].sort().map(([key, { creditMinor }]) => [key, creditMinor]));
}

describe('a storm of webhooks while stores fail at random', () => {
  beforeEach(() => {
    for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(console, level).mockReturnValue();
  });

  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('accepts nothing forged, refuses nothing authentic, and ends in the state and the balances of a calm day (C1, C3, C6, D1 to D10, F1)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const random = randomFrom(seed);
        const system = createSystem(random);
        const orders = Array.from({ length: 25 }, (_, order) => lifecycle(random, order));
        const understood = orders.flat().flatMap((version) => deliveries(random, version));
        const garbled = Array.from({ length: 20 }, () => malformed(random));
        const forgeries = understood.map((request) => forged(random, request));
        const authentic = new Set([...understood, ...garbled]);
        const traffic = shuffled(random, [...authentic, ...forgeries]);

        const outcomes: [WebhookRequest, string][] = [];
        while (traffic.length > 0) {
          const atOnce = traffic.splice(0, 1 + upTo(random, 15));
          const answers = await Promise.all(atOnce.map((request) => system.receive(request)));
          atOnce.forEach((request, index) => outcomes.push([request, answers[index] ?? '']));
        }
        await system.recover();

        const accepted = (request: WebhookRequest) =>
          checkSignature(request.body, request.signature, SECRETS).ok;
        for (const [request, outcome] of outcomes) {
          expect(outcome === 'forged').toBe(!authentic.has(request));
          expect(outcome).not.toBe('unavailable');
          expect(accepted(request)).toBe(authentic.has(request));
        }
        expect(currentState(system.transactions.all())).toEqual(currentState(truthOf(understood).values()));
        // Only what nobody can understand is left in quarantine.
        expect([...system.kept.values()].every(({ bytes }) => !readWebhook(Buffer.from(bytes)).ok)).toBe(
          true,
        );

        const changes = system.transactions.changes();
        for (const { before, after } of changes) {
          const left =
            before && ['validated', 'declined'].includes(recordStatus(before))
              ? recordStatus(before)
              : undefined;
          if (left !== undefined) expect([left, 'conflict']).toContain(recordStatus(after));
        }
        const events = changes
          .filter(({ before, after }) => before?.version !== after.version)
          .map(({ before, after }) =>
            transactionChanged(before && publishedState(before), publishedState(after), {
              includePersonalFields: false,
            }),
          );
        const calm = [...truthOf(understood).values()].map((record) =>
          transactionChanged('unknown', publishedState(record), { includePersonalFields: false }),
        );
        expect(balances(shuffled(random, [...events, ...events]))).toEqual(balances(calm));
      }),
      { numRuns: volume({ short: 4, long: 25 }) },
    );
  });
});
