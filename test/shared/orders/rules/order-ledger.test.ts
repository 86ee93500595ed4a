import { withoutCustomer } from '../../../../shared/orders/rules/erase-customer.ts';
import { readFileSync } from 'node:fs';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseOrderEvent, type OrderEvent } from '../../../../shared/validation/orders/order-event.ts';
import {
  decide,
  type DecisionContext,
  type OrderCommand,
} from '../../../../shared/orders/rules/order-decision.ts';
import { evolveAll, openDoubt } from '../../../../shared/orders/rules/order-evolution.ts';
import { nextCall } from '../../../../shared/orders/rules/order-next-call.ts';
import {
  initialState,
  orderMessage,
  valueOf,
  type CallResult,
  type LedgerEntry,
  type OrderState,
} from '../../../../shared/orders/rules/order-ledger.ts';
import { settle } from '../../../../shared/orders/rules/order-settlement.ts';
import type { RetryPolicy } from '../../../../shared/orders/rules/order-waits.ts';
import { OrderSchema, type Order } from '../../../../shared/validation/orders/order.ts';

const order = OrderSchema.parse(
  JSON.parse(readFileSync(new URL('../../../fixtures/button/order-create.json', import.meta.url), 'utf8')),
);
/** The purchase in a version that may have been carried out. */
const sent = { purchase_date: order.purchase_date, currency: order.currency };
const t0 = new Date('2026-06-01T12:00:00.000Z');
const policy = { quietTimeMs: 60_000, retryBaseMs: 1000, retryMaxMs: 900_000, jitter: () => 1 };

function at(seconds: number): Date {
  return new Date(t0.getTime() + seconds * 1000);
}

function context(seconds = 0, owner = 'run-1') {
  return {
    claimant: { owner, now: at(seconds), leaseMs: 30_000 },
    policy,
    isPaused: false,
    verifyBefore: undefined,
  };
}

function event(kind: OrderEvent['kind'], sequence: number, changes: Partial<Order> = {}): OrderEvent {
  const base = {
    id: `event-${sequence}`,
    source: 'shop',
    orderId: order.order_id,
    version: { by: 'sequence', sequence: String(sequence) },
  } as const;
  if (kind === 'cancelled') return { ...base, kind };
  return { ...base, kind, order: { ...order, customer_order_id: `version ${sequence}`, ...changes } };
}

/** The result of a command: the entry as it is then stored, and what the run does next. */
type Decided =
  | { action: 'claim'; entry: LedgerEntry }
  | { action: 'keep'; entry: LedgerEntry; outcome: string }
  | { action: 'nothing'; outcome: string }
  | { action: 'busy' }
  | { action: 'refuse'; code: string };

function decided(before: OrderState, command: OrderCommand, when: DecisionContext): Decided {
  const { events, next, refusal } = decide(before, command, when);
  const entry = evolveAll(before, events);
  if (refusal) return { action: 'refuse', code: refusal };
  if (next.step === 'leave') return { action: 'busy' };
  if (next.step === 'call' && entry.newest) return { action: 'claim', entry };
  const outcome = next.step === 'nothing' ? next.outcome : 'none';
  return events.length > 0 && entry.newest
    ? { action: 'keep', entry, outcome }
    : { action: 'nothing', outcome };
}

function receive(
  entry: LedgerEntry | undefined,
  incoming: OrderEvent,
  when: DecisionContext = context(),
  { isReplay = false, messageId = `m-${incoming.id}` } = {},
): Decided {
  const version = { event: incoming, messageId, sentAt: t0, warnings: [], isReplay };
  const before = entry ?? initialState('acme', order.order_id);
  return decided(before, { command: 'receive', incoming: version }, when);
}

function resumeReport(entry: LedgerEntry, when: DecisionContext): Decided {
  return decided(entry, { command: 'resume' }, when);
}

function settleReport(
  entries: { claimed: LedgerEntry; current: LedgerEntry },
  result: CallResult,
  when: { now: Date; policy: RetryPolicy },
): LedgerEntry {
  const { events } = settle(entries, result, { ...when, othersSucceed: 'unknown' });
  const settled = evolveAll(entries.current, events);
  if (!settled.newest) throw new Error('expected a entry');
  return settled;
}

function claimed(decision: Decided): LedgerEntry {
  if (decision.action !== 'claim') throw new Error(`expected a claim, got ${JSON.stringify(decision)}`);
  return decision.entry;
}

/** The message without its customer. */
function withoutBuyer(message: OrderEvent): OrderEvent {
  if (message.kind === 'cancelled') return message;
  const { customer: _customer, ...order } = message.order;
  return { ...message, order };
}

const done = { result: 'done', acceptedOnly: false, sent: true } as const;

/** The entry after every call succeeded. */
function reported(incoming: OrderEvent, before?: LedgerEntry): LedgerEntry {
  const entry = claimed(receive(before, incoming));
  return settleReport({ claimed: entry, current: entry }, done, { now: t0, policy });
}

describe('a message', () => {
  it('claims an unknown order, and its create is settled by one call', () => {
    const entry = claimed(receive(undefined, event('created', 1)));

    expect(nextCall(entry)).toEqual({ call: 'create' });
    expect(reported(event('created', 1))).toMatchObject({
      progress: { state: 'settled' },
      reported: { kind: 'created' },
    });
  });

  it('updates what was reported, and makes no call for an unchanged version', () => {
    const before = reported(event('created', 1));

    const changed = claimed(receive(before, event('updated', 2)));
    const unchanged = receive(before, event('updated', 2, { customer_order_id: 'version 1' }));

    expect(nextCall(changed)).toEqual({ call: 'update' });
    expect(unchanged).toMatchObject({ action: 'keep', outcome: 'unchanged' });
  });

  it('transactions, requirement 11: leaves the customer out of every digest, and still sends a changed customer', () => {
    const [erin, bob] = [{ customer: { id: 'erin' } }, { customer: { id: 'bob' } }];
    const same = { customer_order_id: 'version 1' };
    const before = reported(event('created', 1, erin));

    const again = receive(before, event('updated', 2, { ...same, ...erin }));
    const leftOut = receive(before, withoutBuyer(event('updated', 2, same)));
    const another = claimed(receive(before, event('updated', 2, { ...same, ...bob })));
    const back = claimed(
      receive(
        reported(event('updated', 2, { ...same, ...bob }), before),
        event('updated', 3, { ...same, ...erin }),
      ),
    );

    expect([again, leftOut].map((it) => it.action === 'keep' && it.outcome)).toEqual([
      'unchanged',
      'unchanged',
    ]);
    expect(nextCall(another)).toEqual({ call: 'update' });
    expect(new Set([before, another, back].map(({ newest }) => newest.hash)).size).toBe(3);
    expect(before.newest.hash).toBe(reported(event('created', 1, bob)).newest.hash);
    expect(receive(before, event('updated', 1, { ...same, ...bob }))).toEqual({
      action: 'refuse',
      code: 'version_conflict',
    });
  });

  it('transactions, requirement 11: still knows a version once its customer is erased', () => {
    const [erin, same] = [{ customer: { id: 'erin' } }, { customer_order_id: 'version 1' }];
    const erased = withoutCustomer(reported(event('created', 1, erin)));

    expect(JSON.stringify(erased)).not.toContain('erin');
    const first = event('created', 1, erin);
    for (const again of [first, withoutBuyer(first)])
      expect(receive(erased, again)).toMatchObject({ outcome: 'duplicate' });
    const unnamed = receive(erased, withoutBuyer(event('updated', 2, same)));
    expect(unnamed).toMatchObject({ outcome: 'unchanged' });
    const after = unnamed.action === 'keep' ? unnamed.entry : erased;
    for (const state of [erased, after])
      expect(receive(state, event('updated', 3, { ...same, ...erin }))).toMatchObject({
        outcome: 'unchanged',
      });
  });

  it('passes over an older version (A3) and a repeated one (A1)', () => {
    const before = reported(event('updated', 3), reported(event('created', 1)));

    expect(receive(before, event('updated', 2))).toEqual({ action: 'nothing', outcome: 'superseded' });
    expect(receive(before, event('updated', 3))).toEqual({ action: 'nothing', outcome: 'duplicate' });
  });

  it('refuses the same version with other content, and another way of ordering', () => {
    const before = reported(event('created', 1));
    const byTime = {
      ...event('updated', 1),
      version: { by: 'time', time: '2026-06-01T00:00:00.000Z' },
    } as const;

    expect(receive(before, event('updated', 1, { customer_order_id: 'other' }))).toEqual({
      action: 'refuse',
      code: 'version_conflict',
    });
    expect(receive(before, byTime)).toEqual({ action: 'refuse', code: 'order_by_mixed' });
  });

  it('lets a cancellation beat every version, even a newer one, and nothing follow it (A4, A5)', () => {
    const before = reported(event('updated', 5), reported(event('created', 1)));

    const cancelled = claimed(receive(before, event('cancelled', 3)));
    const after = settleReport({ claimed: cancelled, current: cancelled }, done, { now: t0, policy });

    expect(nextCall(cancelled)).toEqual({ call: 'cancel' });
    expect(receive(after, event('updated', 9))).toEqual({
      action: 'nothing',
      outcome: 'ignored-after-cancel',
    });
  });

  it('reads an order from Button first if an update of an unknown order arrives', () => {
    expect(nextCall(claimed(receive(undefined, event('updated', 4))))).toEqual({
      call: 'read-first',
      trustsAmounts: 'no',
    });
  });

  it('leaves a version that another run is reporting on the queue (A2)', () => {
    const entry = claimed(receive(undefined, event('created', 1)));

    expect(receive(entry, event('created', 1), context(10, 'run-2'))).toEqual({ action: 'busy' });
  });

  it('stores a newer version while a claim is held; settling the claim leaves it due', () => {
    const first = claimed(receive(undefined, event('created', 1)));
    const kept = receive(first, event('updated', 2, { customer_order_id: 'other' }), context(5, 'run-2'));
    if (kept.action !== 'keep') throw new Error('expected it to be kept');

    const settled = settleReport({ claimed: first, current: kept.entry }, done, { now: at(6), policy });

    expect(settled).toMatchObject({
      progress: { state: 'waiting', dueAt: at(6).toISOString(), reason: 'newer_version' },
      reported: { version: { sequence: '1' } },
      newest: { version: { sequence: '2' } },
    });
  });

  it('lets the sweep find a newer version if the run with the claim died', () => {
    const first = claimed(receive(undefined, event('created', 1)));

    const kept = receive(first, event('updated', 2), context(5, 'run-2'));

    expect(kept).toMatchObject({ entry: { progress: { state: 'claimed', retryAt: at(30).toISOString() } } });
  });

  it('stores what arrives while nothing may be sent as due at once, and leaves what waits unchanged', () => {
    const held = { ...context(), isPaused: true };

    const fresh = receive(undefined, event('created', 1), held);
    if (fresh.action !== 'keep') throw new Error('expected it to be kept');
    const newer = receive(fresh.entry, event('updated', 2), { ...context(60), isPaused: true });

    const waiting = { state: 'waiting', dueAt: t0.toISOString(), reason: 'breaker_open' };
    expect(fresh).toMatchObject({ outcome: 'waiting', entry: { progress: waiting } });
    expect(newer).toMatchObject({
      action: 'keep',
      entry: { progress: waiting, newest: { kind: 'updated' } },
    });
    expect(resumeReport(fresh.entry, { ...context(60), isPaused: true })).toMatchObject({
      action: 'nothing',
    });
    expect(resumeReport(fresh.entry, context(60)).action).toBe('claim');
  });

  it('fixes a refused version by a replay only, and never undoes a cancellation', () => {
    const refuse = (incoming: OrderEvent) => {
      const entry = claimed(receive(undefined, incoming));
      const result = { result: 'refused', reason: 'too_late' } as const;
      return settleReport({ claimed: entry, current: entry }, result, { now: t0, policy });
    };
    const fixed = event('created', 1, { customer_order_id: 'fixed' });
    const replay = (entry: LedgerEntry, incoming: OrderEvent) =>
      receive(entry, incoming, context(), { isReplay: true });
    const refused = refuse(event('created', 1));

    expect(receive(refused, fixed).action).toBe('refuse');
    expect(claimed(replay(refused, fixed)).newest.order?.customer_order_id).toBe('fixed');
    expect(replay(reported(event('created', 1)), fixed).action).toBe('refuse');
    expect(replay(refuse(event('cancelled', 1)), event('updated', 1))).toMatchObject({
      outcome: 'superseded',
    });
    expect(nextCall(claimed(replay(refuse(event('cancelled', 1)), event('cancelled', 1))))).toEqual({
      call: 'cancel',
    });
  });

  it('treats an abandoned claim as in doubt for the quiet time, then reads before it sends (A20, A21)', () => {
    const entry = claimed(receive(undefined, event('created', 1)));

    const found = receive(entry, event('created', 1), context(40, 'run-2'));
    if (found.action !== 'keep') throw new Error('expected it to be kept');
    const early = resumeReport(found.entry, context(90));
    const due = claimed(resumeReport(found.entry, context(100)));

    expect(found.outcome).toBe('waiting');
    expect(found.entry.progress).toEqual({
      state: 'in-doubt',
      dueAt: at(100).toISOString(),
      reason: 'claim_expired',
      doubt: { kind: 'unclear', hash: entry.newest.hash, sentAt: at(40).toISOString() },
    });
    expect(early).toEqual({ action: 'nothing', outcome: 'waiting' });
    expect(nextCall(due)).toEqual({ call: 'read-first', trustsAmounts: 'yes' });
  });

  it.each<[string, (entry: LedgerEntry) => LedgerEntry]>([
    ['whose run died', (entry) => entry],
    [
      'that Button has only accepted (202)',
      (entry) =>
        settleReport(
          { claimed: entry, current: entry },
          { ...done, acceptedOnly: true },
          { now: t0, policy },
        ),
    ],
    [
      'whose outcome is unclear',
      (entry) =>
        settleReport(
          { claimed: entry, current: entry },
          { result: 'unclear', reason: 'timeout' },
          { now: t0, policy },
        ),
    ],
  ])(
    'knows of an order %s which purchase was sent first, whatever a later version corrects',
    (_what, after) => {
      const before = after(claimed(receive(undefined, event('created', 1))));
      const corrected = event('updated', 2, { purchase_date: '2025-03-14T16:00:00Z' });

      const found = receive(before, corrected, context(40, 'run-2'));
      if (found.action !== 'keep') throw new Error('expected it to be kept');
      const again = claimed(resumeReport(found.entry, context(100)));

      expect([again.sent, again.newest.order?.purchase_date]).toEqual([sent, '2025-03-14T16:00:00Z']);
    },
  );

  it('treats a claim as over at the very instant that it names, for its own version and for a newer one', () => {
    const entry = claimed(receive(undefined, event('created', 1)));

    expect(resumeReport(entry, context(29.999))).toEqual({ action: 'busy' });
    expect(resumeReport(entry, context(30))).toMatchObject({
      action: 'keep',
      entry: { progress: { state: 'in-doubt', dueAt: at(90).toISOString() } },
    });
    expect(receive(entry, event('updated', 2), context(30))).toMatchObject({
      action: 'keep',
      outcome: 'waiting',
      entry: {
        newest: { kind: 'updated' },
        progress: { state: 'in-doubt', reason: 'claim_expired' },
      },
    });
    expect(receive(entry, event('updated', 2), context(29.999))).toMatchObject({
      action: 'keep',
      outcome: 'waiting',
      entry: { newest: { kind: 'updated' }, progress: { state: 'claimed' } },
    });
  });

  it('tries a newer version at once if the previous one is due, and stores it if that still waits', () => {
    const entry = claimed(receive(undefined, event('created', 1)));
    const waiting = settleReport(
      { claimed: entry, current: entry },
      { result: 'try-again', reason: 'http_503' },
      { now: t0, policy },
    );

    const early = receive(waiting, event('updated', 2), context(0.5));
    const due = receive(waiting, event('updated', 2), context(1));

    expect(early).toMatchObject({
      action: 'keep',
      outcome: 'waiting',
      entry: { newest: { kind: 'updated' } },
    });
    expect(claimed(due).newest.kind).toBe('updated');
  });

  it('puts a claim into the sweep’s index only if the order was there before: a first try costs no index write', () => {
    const first = claimed(receive(undefined, event('created', 1)));
    const settle = (result: CallResult) =>
      settleReport({ claimed: first, current: first }, result, { now: t0, policy });
    const retry = claimed(resumeReport(settle({ result: 'try-again', reason: 'x' }), context(100)));
    const look = claimed(resumeReport(settle({ result: 'unclear', reason: 'x' }), context(100)));
    const update = claimed(receive(reported(event('created', 1)), event('updated', 2)));

    expect([first, update].map(({ progress }) => progress)).toEqual([
      { state: 'claimed', owner: 'run-1', until: at(30).toISOString(), hash: first.newest.hash },
      { state: 'claimed', owner: 'run-1', until: at(30).toISOString(), hash: update.newest.hash },
    ]);
    expect(retry.progress).toEqual({
      state: 'claimed',
      owner: 'run-1',
      until: at(130).toISOString(),
      hash: first.newest.hash,
      retryAt: at(130).toISOString(),
    });
    expect(look.progress).toMatchObject({ doubt: { kind: 'unclear' }, retryAt: at(130).toISOString() });
  });

  it('dates a version by its event, or else by its message, and stores no order for a cancellation', () => {
    const dated = { ...event('created', 1), time: '2026-05-01T00:00:00.000Z' };

    expect(claimed(receive(undefined, dated)).newest.time).toBe(dated.time);
    expect(claimed(receive(undefined, event('updated', 1))).newest.time).toBe(t0.toISOString());
    expect(claimed(receive(undefined, event('cancelled', 1))).newest).not.toHaveProperty('order');
  });
});

it('dates a creation whose event states no time by its purchase, if that is earlier', () => {
  const timeOf = (purchase_date: string) =>
    claimed(receive(undefined, event('created', 1, { purchase_date }))).newest.time;

  expect(timeOf('2026-06-01T10:00:00Z')).toBe('2026-06-01T10:00:00.000Z');
  expect(timeOf('2026-06-02T10:00:00Z')).toBe(t0.toISOString());
  expect(timeOf('some day')).toBe(t0.toISOString());
});

describe('after a restore of the ledger', () => {
  const before = reported(event('created', 1));
  const restoredAt = at(600).toISOString();
  const restored = (seconds: number) => ({ ...context(seconds), verifyBefore: restoredAt });

  it('reads from Button what was reported before it, and trusts equal amounts for the reported version', () => {
    const same = claimed(
      receive(before, event('updated', 2, { customer_order_id: 'version 1' }), restored(700)),
    );
    const other = claimed(receive(before, event('updated', 2), restored(700)));

    expect(nextCall(same, restoredAt)).toEqual({ call: 'read-first', trustsAmounts: 'yes' });
    expect(nextCall(other, restoredAt)).toEqual({ call: 'read-first', trustsAmounts: 'no' });
    expect(nextCall(other)).toEqual({ call: 'update' });
  });

  it('looks up a creation whose purchase, message or event is from before it, and treats newer ones as usual', () => {
    const next = (purchase_date: string, time: string, receivedAt: string) => {
      const entry = claimed(receive(undefined, event('created', 1, { purchase_date }), restored(700)));
      return nextCall({ ...entry, newest: { ...entry.newest, time, receivedAt } }, restoredAt);
    };
    const [before, after] = [at(599).toISOString(), at(601).toISOString()];

    for (const [purchase, time, received] of [
      [before, after, after],
      [after, before, after],
      [after, after, before],
    ] as const)
      expect(next(purchase, time, received)).toEqual({ call: 'read-first', trustsAmounts: 'if-finalized' });
    expect(next(after, after, after)).toEqual({ call: 'create' });
    expect(next('some day', after, after)).toEqual({ call: 'create' });
  });

  it('uses the time at which Button accepted a version, if it did', () => {
    const takenLater = { ...before, reported: { ...before.reported, at: restoredAt } } as LedgerEntry;
    const update = claimed(receive(takenLater, event('updated', 2), restored(700)));

    expect(nextCall(update, restoredAt)).toEqual({ call: 'update' });
    expect(
      receive(takenLater, event('updated', 2, { customer_order_id: 'version 1' }), restored(700)),
    ).toMatchObject({ action: 'keep', outcome: 'unchanged' });
  });

  it('cancels without a read', () => {
    const cancelled = claimed(receive(before, event('cancelled', 2), restored(700)));

    expect(nextCall(cancelled, restoredAt)).toEqual({ call: 'cancel' });
  });
});

describe('settleReport', () => {
  const entry = claimed(receive(undefined, event('created', 1)));
  const settle = (result: CallResult, current = entry) =>
    settleReport({ claimed: entry, current }, result, { now: t0, policy });

  it('waits longer with every try, and as long as Button asks for (B2)', () => {
    const once = settle({ result: 'try-again', reason: 'http_503' });
    const thrice = settle({ result: 'try-again', reason: 'http_503' }, { ...entry, attempts: 2 });
    const asked = settle({ result: 'try-again', reason: 'http_429', afterMs: 12_000 });

    expect(once.progress).toMatchObject({ state: 'waiting', dueAt: at(1).toISOString() });
    expect(thrice.progress).toMatchObject({ dueAt: at(4).toISOString() });
    const unclear = settle({ result: 'unclear', reason: 'http_429', afterMs: 90_000 });
    expect(asked.progress).toMatchObject({ dueAt: at(12).toISOString() });
    expect(unclear.progress).toMatchObject({ state: 'in-doubt', dueAt: at(90).toISOString() });
  });

  it('counts its tries until one succeeds or is final', () => {
    const tried = { ...entry, attempts: 3 };

    expect(settle({ result: 'try-again', reason: 'http_503' }, tried).attempts).toBe(4);
    expect(settle({ result: 'unclear', reason: 'timeout' }, tried).attempts).toBe(4);
    expect(settle(done, tried).attempts).toBe(0);
    expect(settle({ result: 'refused', reason: 'too_late' }, tried).attempts).toBe(0);
  });

  it('counts the unanswered look-ups by token until a success or a refusal', () => {
    const lookUp = { result: 'try-again', reason: 'http_503', isLookUp: true } as const;
    const tried = { ...entry, failedLookUps: 3 };

    expect(settle(lookUp, entry).failedLookUps).toBe(1);
    expect(settle(lookUp, tried).failedLookUps).toBe(4);
    expect(settle({ result: 'unclear', reason: 'http_503', isLookUp: true }, tried).failedLookUps).toBe(4);
    expect(settle({ result: 'unclear', reason: 'http_503', isLookUp: true }, tried)).not.toHaveProperty(
      'failures',
    );
    expect(settle({ result: 'try-again', reason: 'http_503' }, tried).failedLookUps).toBe(3);
    expect(settle({ result: 'unclear', reason: 'timeout' }, tried).failedLookUps).toBe(3);
    expect(settle(done, tried)).not.toHaveProperty('failedLookUps');
    expect(settle({ result: 'refused', reason: 'too_late' }, tried)).not.toHaveProperty('failedLookUps');
  });

  it('spreads its waits over the upper half, up to the longest', () => {
    const waitOf = (jitter: number, attempts: number) => {
      const { progress } = settleReport(
        { claimed: entry, current: { ...entry, attempts } },
        { result: 'try-again', reason: 'http_503' },
        { now: t0, policy: { ...policy, jitter: () => jitter } },
      );
      return 'dueAt' in progress ? Date.parse(progress.dueAt) - t0.getTime() : undefined;
    };

    expect([waitOf(0, 0), waitOf(0.5, 0), waitOf(1, 0)]).toEqual([500, 750, 1000]);
    expect([waitOf(1, 9), waitOf(1, 10), waitOf(1, 1000)]).toEqual([512_000, 900_000, 900_000]);
  });

  it('remembers the id that Button gave, even if a later answer has none, and the value of the version', () => {
    const named = settle({ ...done, buttonOrderId: 'btnorder-1' });
    const update = claimed(receive(named, event('updated', 2), context(60)));
    const nameless = settleReport({ claimed: update, current: update }, done, { now: at(60), policy });
    const renamed = settleReport(
      { claimed: update, current: update },
      { ...done, buttonOrderId: 'btnorder-2' },
      { now: at(60), policy },
    );
    const cancelled = claimed(receive(nameless, event('cancelled', 3), context(90)));
    const gone = settleReport({ claimed: cancelled, current: cancelled }, done, { now: at(90), policy });

    expect(settle(done).reported).not.toHaveProperty('buttonOrderId');
    expect([named, nameless, renamed, gone].map((one) => one.reported?.buttonOrderId)).toEqual([
      'btnorder-1',
      'btnorder-1',
      'btnorder-2',
      'btnorder-1',
    ]);
    expect(named.reported?.value).toEqual({ amountMinor: order.total, currency: order.currency });
    expect(gone.reported).not.toHaveProperty('value');
    expect(valueOf(gone.newest)).toBeUndefined();
  });

  it('refuses only the very version that Button refused: a newer one with the same content is tried', () => {
    const kept = receive(entry, event('updated', 2, { customer_order_id: 'version 1' }), context(5));
    if (kept.action !== 'keep') throw new Error('expected it to be kept');

    const settled = settle({ result: 'refused', reason: 'too_late' }, kept.entry);

    expect(settled.progress).toEqual({ state: 'waiting', dueAt: t0.toISOString(), reason: 'newer_version' });
    expect(settle({ result: 'refused', reason: 'too_late' }).progress).toEqual({
      state: 'refused',
      reason: 'too_late',
    });
  });

  it('does not accept equal amounts as proof of an update with an unclear outcome', () => {
    const update = claimed(receive(reported(event('created', 1)), event('updated', 2)));
    const inDoubt = settleReport(
      { claimed: update, current: update },
      { result: 'unclear', reason: 'timeout' },
      { now: t0, policy },
    );

    const due = claimed(resumeReport(inDoubt, context(61)));

    expect(nextCall(due)).toEqual({ call: 'read-first', trustsAmounts: 'no' });
  });

  it('stays in doubt through tries that certainly failed', () => {
    const inDoubt = settle({ result: 'unclear', reason: 'timeout' });
    const again = claimed(resumeReport(inDoubt, context(61)));

    const failed = settleReport(
      { claimed: again, current: again },
      { result: 'try-again', reason: 'http_503' },
      { now: at(61), policy },
    );

    expect(failed.progress).toEqual({
      state: 'in-doubt',
      dueAt: at(63).toISOString(),
      reason: 'http_503',
      doubt: { kind: 'unclear', hash: entry.newest.hash, sentAt: at(0).toISOString() },
    });
  });

  it('knows that a newer version with the same content is at Button too', () => {
    const same = receive(entry, {
      ...event('updated', 2),
      order: entry.newest.order ?? order,
    } as OrderEvent);
    if (same.action !== 'keep') throw new Error('expected it to be kept');

    expect(settle(done, same.entry).progress).toEqual({ state: 'settled' });
  });

  it('makes the version after a 202 wait for the quiet time', () => {
    const accepted = { ...done, acceptedOnly: true };
    const newer = {
      ...entry,
      newest: { ...entry.newest, ...claimed(receive(undefined, event('updated', 2))).newest },
    };

    const wait = settle(accepted, newer).progress;
    const afterwards = receive(settle(accepted), event('updated', 2), context(10));

    expect(wait).toMatchObject({ state: 'waiting', dueAt: at(60).toISOString() });
    expect(afterwards).toMatchObject({
      action: 'keep',
      entry: { progress: { state: 'waiting', dueAt: at(60).toISOString(), reason: 'accepted_only' } },
    });
  });

  it('remembers that several versions may have been carried out, with the last one’s hash: equal amounts prove nothing', () => {
    const first = settle({ result: 'unclear', reason: 'timeout' });
    const kept = receive(first, event('created', 2), context(10));
    if (kept.action !== 'keep') throw new Error('expected it to be kept');
    const second = claimed(resumeReport(kept.entry, context(61)));

    const unclear = settleReport(
      { claimed: second, current: second },
      { result: 'unclear', reason: 'timeout' },
      { now: at(62), policy },
    );

    const third = claimed(resumeReport(unclear, context(200)));
    expect(third.progress).toMatchObject({ doubt: { hash: second.newest.hash, amongOthers: true } });
    expect(nextCall(third)).toEqual({ call: 'read-first', trustsAmounts: 'no' });
  });

  it('keeps an unclear outcome in doubt for the quiet time (A22)', () => {
    expect(settle({ result: 'unclear', reason: 'timeout' }).progress).toEqual({
      state: 'in-doubt',
      dueAt: at(60).toISOString(),
      reason: 'timeout',
      doubt: { kind: 'unclear', hash: entry.newest.hash, sentAt: at(0).toISOString() },
    });
  });

  it('remembers when the last call ended that may have made the order, whatever became of its cancellation', () => {
    const unclear = { result: 'unclear', reason: 'http_504' } as const;
    const settled = settleReport({ claimed: entry, current: entry }, unclear, { now: at(7), policy });
    const cancelled = receive(settled, event('cancelled', 2), context(8));
    if (cancelled.action !== 'keep') throw new Error('expected it to be kept');
    const cancelling = claimed(resumeReport(cancelled.entry, context(100)));

    const both = settleReport({ claimed: cancelling, current: cancelling }, unclear, {
      now: at(101),
      policy,
    });

    expect(openDoubt(both.progress)).toEqual({
      ...{ kind: 'unclear', hash: cancelling.newest.hash, amongOthers: true },
      sentAt: at(7).toISOString(),
    });
  });

  it('checks once more after a success that follows an unclear outcome', () => {
    const inDoubt = settle({ result: 'unclear', reason: 'timeout' });
    const again = claimed(resumeReport(inDoubt, context(61)));

    const sent = settleReport({ claimed: again, current: again }, done, { now: at(62), policy });
    const found = settleReport(
      { claimed: again, current: again },
      { ...done, sent: false },
      { now: at(62), policy },
    );

    expect(sent.progress).toMatchObject({
      state: 'in-doubt',
      dueAt: at(122).toISOString(),
      reason: 'confirming',
    });
    expect(found.progress).toEqual({ state: 'settled' });
  });

  it('confirms once, whatever it finds: no order is sent for ever', () => {
    const inDoubt = settle({ result: 'unclear', reason: 'timeout' });
    const again = claimed(resumeReport(inDoubt, context(61)));
    const confirming = settleReport({ claimed: again, current: again }, done, { now: at(62), policy });
    const third = claimed(resumeReport(confirming, context(130)));

    const after = settleReport({ claimed: third, current: third }, done, { now: at(131), policy });

    expect(nextCall(third)).toEqual({ call: 'read-first', trustsAmounts: 'yes' });
    expect(after.progress).toEqual({ state: 'settled' });
  });

  it('delays a newer version by the quiet time while an earlier outcome is unclear', () => {
    const inDoubtReport = settle({ result: 'unclear', reason: 'timeout' });
    const again = claimed(resumeReport(inDoubtReport, context(61)));
    const kept = receive(again, event('updated', 2), context(62, 'run-2'));
    if (kept.action !== 'keep') throw new Error('expected it to be kept');

    const settled = settleReport({ claimed: again, current: kept.entry }, done, { now: at(63), policy });

    expect(settled.progress).toMatchObject({
      state: 'in-doubt',
      dueAt: at(123).toISOString(),
      reason: 'newer_version',
      doubt: { kind: 'unclear' },
    });
  });

  it('does not accept equal amounts as proof when a newer version has arrived in the meantime', () => {
    const inDoubt = settle({ result: 'unclear', reason: 'timeout' });
    const kept = receive(inDoubt, event('created', 2), context(10));
    if (kept.action !== 'keep') throw new Error('expected it to be kept');

    const due = claimed(resumeReport(kept.entry, context(61)));

    expect(nextCall(due)).toEqual({ call: 'read-first', trustsAmounts: 'no' });
  });

  it('starts over with a newer version after a refusal', () => {
    const refused = settle({ result: 'refused', reason: 'refused_by_button_400' });

    expect(refused.progress.state).toBe('refused');
    expect(receive(refused, event('created', 1))).toEqual({ action: 'nothing', outcome: 'duplicate' });
    expect(
      nextCall(claimed(receive(refused, event('updated', 2, { customer_order_id: 'fixed' })))),
    ).toMatchObject({ call: 'read-first' });
  });

  it('keeps its doubt after a refusal too: the previous version may be at Button (A22, B1)', () => {
    const create = claimed(receive(undefined, event('created', 1)));
    const unclear = settleReport(
      { claimed: create, current: create },
      { result: 'unclear', reason: 'timeout' },
      { now: t0, policy },
    );
    const update = claimed(receive(unclear, event('updated', 2), context(61)));
    const refused = settleReport(
      { claimed: update, current: update },
      { result: 'refused', reason: 'refused_by_button' },
      { now: at(61), policy },
    );

    const next = receive(refused, event('created', 3), context(120));
    const held = receive(refused, event('created', 3), { ...context(120), isPaused: true });

    for (const waiting of [next, held])
      expect(waiting).toMatchObject({ action: 'keep', entry: { progress: { state: 'in-doubt' } } });
    const readFirst = { call: 'read-first', trustsAmounts: 'no' };
    if (next.action !== 'keep') throw new Error('it does not wait');
    expect(nextCall(claimed(resumeReport(next.entry, context(181))))).toEqual(readFirst);
  });
});

describe('any order of arrival', () => {
  it('ends with the newest version, or with the cancellation if there is one', () => {
    const versions = fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(
        versions,
        fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
        (sequences, cancelAt) => {
          const events = sequences
            .filter((sequence) => sequence !== cancelAt)
            .map((sequence) =>
              event(sequence === 1 ? 'created' : 'updated', sequence, { customer_order_id: `v${sequence}` }),
            );
          if (cancelAt !== undefined) events.push(event('cancelled', cancelAt));
          let entry: LedgerEntry | undefined;
          const calls: string[] = [];

          for (const one of [...events, ...events]) {
            const decision = receive(entry, one);
            if (decision.action !== 'claim') continue;
            calls.push(nextCall(decision.entry).call);
            entry = settleReport({ claimed: decision.entry, current: decision.entry }, done, {
              now: t0,
              policy,
            });
          }

          const newest = Math.max(...sequences);
          expect(entry?.progress.state).toBe('settled');
          if (cancelAt === undefined)
            expect(entry?.newest.version).toMatchObject({ sequence: String(newest) });
          else expect(calls.indexOf('cancel')).toBe(calls.length - 1);
        },
      ),
    );
  });
});

describe('orderMessage', () => {
  it('writes a message that brings the same version again', () => {
    const before = reported(event('created', 1));

    const parsed = parseOrderEvent(orderMessage(before), {
      orderBy: 'sequence',
      testTokens: 'allow',
      allowFinalizationDate: false,
    });

    if (!parsed.ok) throw new Error(JSON.stringify(parsed.violations));
    expect(receive(before, parsed.event)).toEqual({ action: 'nothing', outcome: 'duplicate' });
  });

  it('states how versions are ordered, and no order for a cancellation', () => {
    const byTime = {
      ...event('cancelled', 1),
      version: { by: 'time', time: '2026-06-01T00:00:00.000Z' },
      time: '2026-06-01T00:00:00.000Z',
    } as const;
    const cancelled = claimed(receive(undefined, byTime));

    expect(JSON.parse(orderMessage(cancelled))).toEqual({
      specversion: '1.0',
      id: 'event-1',
      source: 'shop',
      type: 'order.cancelled.v1',
      subject: order.order_id,
      time: '2026-06-01T00:00:00.000Z',
    });
  });
});

describe('an order that Button does not hold', () => {
  const nameless = (incoming: OrderEvent): OrderEvent => {
    if (incoming.kind === 'cancelled') return incoming;
    const { btn_ref: _token, ...rest } = incoming.order;
    return { ...incoming, order: rest };
  };
  const refused = (token: string) => {
    const entry = claimed(receive(undefined, event('created', 1, { btn_ref: token })));
    const end = { result: 'refused', reason: 'refused_by_button' } as const;
    return settleReport({ claimed: entry, current: entry }, end, { now: t0, policy });
  };

  it('takes the token of a newer or an edited version once Button has refused its create (requirement 1)', () => {
    const before = refused('srctok-refused');
    const better = { btn_ref: 'srctok-better' };

    const newer = claimed(receive(before, event('created', 2, better)));
    const edited = claimed(receive(before, event('created', 1, better), context(), { isReplay: true }));
    const without = claimed(receive(before, nameless(event('updated', 2))));

    expect([newer.btnRef, edited.btnRef, without.btnRef]).toEqual([
      'srctok-better',
      'srctok-better',
      'srctok-refused',
    ]);
    expect(newer).not.toHaveProperty('tokenDue');
  });

  it('keeps its token, whatever another message brings, if the version is older or Button may hold it', () => {
    const older = receive(refused('srctok-first'), event('created', 0, { btn_ref: 'srctok-other' }));
    const held = claimed(
      receive(
        reported(event('created', 1, { btn_ref: 'srctok-first' })),
        event('updated', 2, { btn_ref: 'srctok-other' }),
      ),
    );

    expect(older).toMatchObject({ entry: { btnRef: 'srctok-first' } });
    expect(held.btnRef).toBe('srctok-first');
  });

  it('loses the fields that a newer creation leaves out: Button may fail on one of them (requirement 5)', () => {
    const channel = { partner_order_channel: 'webview' } as const;
    const without = (incoming: OrderEvent): OrderEvent => {
      if (incoming.kind === 'cancelled') return incoming;
      const { partner_order_channel: _left, ...rest } = incoming.order;
      return { ...incoming, order: rest };
    };
    const failing = claimed(receive(undefined, event('created', 1, channel)));
    const unclear = settleReport(
      { claimed: failing, current: failing },
      { result: 'unclear', reason: 'http_500' },
      { now: t0, policy },
    );
    const later = context(3600);
    const known = reported(event('created', 1, channel));

    const cured = claimed(receive(unclear, without(event('created', 2)), later));
    const update = claimed(receive(unclear, without(event('updated', 2)), later));
    const held = claimed(receive(known, without(event('created', 2)), later));

    expect(cured.newest.order).not.toHaveProperty('partner_order_channel');
    expect([update.newest.order, held.newest.order]).toMatchObject([channel, channel]);
  });
});

it('knows the lines at Button after a refused cancellation and an update without lines (requirement 7)', () => {
  const lines = [{ identifier: 'coat', total: order.total, quantity: 1 }];
  const { line_items: _lines, ...bare } = order;
  const held = reported(event('created', 1, { line_items: lines }));
  const cancelling = claimed(receive(held, event('cancelled', 2)));
  const refusedAt = { result: 'refused', reason: 'refused_by_button' } as const;
  const open = settleReport({ claimed: cancelling, current: cancelling }, refusedAt, { now: t0, policy });
  const update = (sequence: number, total: number): OrderEvent =>
    ({ ...event('updated', sequence), order: { ...bare, total } }) as OrderEvent;

  const same = reported(update(3, order.total), open);

  expect(same.reported?.hasLines).toBe(true);
  expect(receive(same, update(4, order.total + 50))).toEqual({
    action: 'refuse',
    code: 'line_items_missing',
  });
});

describe('Button’s refusal of a claimed version', () => {
  const refusal = { result: 'refused', reason: 'refused_by_button' } as const;
  const when = { now: t0, policy };

  it('of a cancellation makes the held version due, in doubt if a call may have been carried out', () => {
    const held = reported(event('created', 1));
    const cancelling = claimed(receive(held, event('cancelled', 2)));
    const decision = receive(cancelling, event('updated', 3));
    if (decision.action !== 'keep') throw new Error('expected the version to be held');
    const doubt = { kind: 'unclear', hash: 'h', sent } as const;
    const uncertain = (entry: LedgerEntry): LedgerEntry =>
      entry.progress.state === 'claimed' ? { ...entry, progress: { ...entry.progress, doubt } } : entry;

    const certain = settleReport({ claimed: cancelling, current: decision.entry }, refusal, when);
    const unclear = settleReport(
      { claimed: uncertain(cancelling), current: uncertain(decision.entry) },
      refusal,
      when,
    );

    expect(certain.newest.version).toMatchObject({ sequence: '3' });
    expect(certain.progress).toStrictEqual({
      state: 'waiting',
      dueAt: t0.toISOString(),
      reason: 'newer_version',
    });
    expect(unclear.progress).toMatchObject({ state: 'in-doubt', doubt });
  });

  it('of an order that the create may have made keeps the id that Button showed, for what follows', () => {
    const create = claimed(receive(undefined, event('created', 1)));
    const taken = { result: 'refused', reason: 'order_id_taken', shownId: 'btnorder-1' } as const;
    const doubt = {
      kind: 'unclear',
      hash: create.newest.hash,
      sentAt: t0.toISOString(),
      shownId: 'btnorder-1',
    };

    const alone = settleReport({ claimed: create, current: create }, taken, when);
    const decision = receive(create, event('cancelled', 2));
    if (decision.action !== 'keep') throw new Error('expected the cancellation to wait');
    const cancelled = settleReport({ claimed: create, current: decision.entry }, taken, when);

    expect(alone.progress).toEqual({ state: 'refused', reason: 'order_id_taken', doubt });
    expect(cancelled.progress).toMatchObject({ state: 'in-doubt', doubt });
  });

  it('of a token alone leaves a version due that arrived meanwhile', () => {
    const held = reported(event('created', 1));
    const due: LedgerEntry = {
      ...held,
      tokenDue: true,
      progress: { state: 'claimed', owner: 'run-1', until: at(30).toISOString(), hash: held.newest.hash },
    };
    const decision = receive(due, event('updated', 2));
    if (decision.action !== 'keep') throw new Error('expected the version to wait');

    const settled = settleReport({ claimed: due, current: due }, refusal, when);
    const left = settleReport({ claimed: due, current: decision.entry }, refusal, when);

    expect([settled.progress.state, left.progress]).toEqual([
      'settled',
      { state: 'waiting', dueAt: t0.toISOString(), reason: 'newer_version' },
    ]);
    expect([settled, left].some(({ tokenDue }) => tokenDue)).toBe(false);
  });

  it('says nothing about an id of Button’s that is not known', () => {
    const entry = claimed(receive(undefined, event('created', 1)));

    const { reported: acknowledged } = settleReport({ claimed: entry, current: entry }, done, when);

    expect(acknowledged).not.toHaveProperty('buttonOrderId');
  });
});
