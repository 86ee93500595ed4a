import { readFileSync } from 'node:fs';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  decide,
  type DecisionContext,
  type OrderCommand,
} from '../../../../shared/orders/rules/order-decision.ts';
import type { OrderEvent } from '../../../../shared/validation/orders/order-event.ts';
import {
  evolve,
  evolveAll,
  hasFailed,
  type LedgerEvent,
  openDoubt,
} from '../../../../shared/orders/rules/order-evolution.ts';
import {
  initialState,
  type CallResult,
  type Doubt,
  type LedgerEntry,
  type OrderState,
} from '../../../../shared/orders/rules/order-ledger.ts';
import { nextCall } from '../../../../shared/orders/rules/order-next-call.ts';
import { OrderSchema, type Order } from '../../../../shared/validation/orders/order.ts';
import {
  FAILING_AFTER,
  settle,
  type SettlementContext,
} from '../../../../shared/orders/rules/order-settlement.ts';
import { withoutCustomer } from '../../../../shared/orders/rules/erase-customer.ts';

const sample = OrderSchema.parse(
  JSON.parse(readFileSync(new URL('../../../fixtures/button/order-create.json', import.meta.url), 'utf8')),
);
const { btn_ref: _token, ...bare } = sample;
const { line_items: lines = [], ...lineless } = bare;
const t0 = new Date('2026-06-01T12:00:00.000Z');
const policy = { quietTimeMs: 60_000, retryBaseMs: 30_000, retryMaxMs: 1_800_000, jitter: () => 1 };
const HOUR_MS = 3_600_000;

const done: CallResult = { result: 'done', acceptedOnly: false, sent: true };
const unclear: CallResult = {
  result: 'unclear',
  reason: 'http_500',
  answer: { status: 500, message: 'oops' },
};
const forbidden: CallResult = {
  result: 'try-again',
  reason: 'forbidden',
  blamesOrder: true,
  answer: { status: 403 },
};
const refused: CallResult = { result: 'refused', reason: 'refused_by_button' };

function at(ms: number): Date {
  return new Date(t0.getTime() + ms);
}

function context(ms = 0, changes: Partial<DecisionContext> = {}): DecisionContext {
  return {
    claimant: { owner: 'run-1', now: at(ms), leaseMs: 30_000 },
    policy,
    isPaused: false,
    verifyBefore: undefined,
    ...changes,
  };
}

type Content = Partial<Order> | 'cancelled';

/** An order event. It is ordered by time if the sequence is an instant. */
function event(sequence: number | string, content: Content = {}): OrderEvent {
  const version =
    typeof sequence === 'number'
      ? ({ by: 'sequence', sequence: String(sequence) } as const)
      : ({ by: 'time', time: sequence } as const);
  const attributes = { id: `event-${sequence}`, source: 'shop', orderId: bare.order_id, version };
  if (content === 'cancelled') return { ...attributes, kind: 'cancelled' };
  const kind = sequence === 1 ? 'created' : 'updated';
  return { ...attributes, kind, order: { ...bare, ...content } };
}

function receive(incoming: OrderEvent, more: { isReplay?: boolean; messageId?: string } = {}): OrderCommand {
  const { isReplay = false, messageId = `message-${incoming.id}` } = more;
  return { command: 'receive', incoming: { event: incoming, messageId, sentAt: t0, warnings: [], isReplay } };
}

/** A test about one order: given what happened before, when a command comes, then this is decided. */
function given(...before: readonly (OrderCommand | CallResult)[]) {
  let state: OrderState = initialState('acme', bare.order_id);
  for (const step of before) state = 'command' in step ? after(state, step) : ended(state, step);
  return {
    state,
    when: (command: OrderCommand, when = context()) => {
      const { events, next, refusal } = decide(state, command, when);
      return {
        events: events.map(({ event: name }) => name),
        next: next.step === 'nothing' ? next.outcome : next.step,
        refusal,
        after: evolveAll(state, events),
      };
    },
  };
}

function after(state: OrderState, command: OrderCommand, when = context()): OrderState {
  return evolveAll(state, decide(state, command, when).events);
}

function ended(state: OrderState, result: CallResult, when: Partial<SettlementContext> = {}): OrderState {
  return evolveAll(state, settled(state, result, when).events);
}

function settled(state: OrderState, result: CallResult, when: Partial<SettlementContext> = {}) {
  const claimed = known(state);
  return settle({ claimed, current: claimed }, result, {
    now: t0,
    policy,
    othersSucceed: 'unknown',
    ...when,
  });
}

function known(state: OrderState): LedgerEntry {
  if (!state.newest) throw new Error('expected a known order');
  return state;
}

const created = receive(event(1));
const withToken = { btn_ref: 'srctok-1' };

describe('the decider', () => {
  it('starts with an unknown order, and accepts a new one in three events', () => {
    const { when } = given();

    expect(when(receive(event(1, withToken)))).toMatchObject({
      events: ['token-noted', 'version-accepted', 'claimed'],
      next: 'call',
      after: { btnRef: 'srctok-1', progress: { state: 'claimed' } },
    });
  });

  it('ignores an event about a version if none is known', () => {
    const events: LedgerEvent[] = [
      { event: 'settled' },
      { event: 'started-over' },
      { event: 'claim-watched' },
      { event: 'token-refused' },
      { event: 'other-token-seen' },
      { event: 'refused', reason: 'x' },
      { event: 'claimed', owner: 'run', until: 'x' },
      { event: 'try-failed', isLookUp: false },
    ];

    for (const one of events)
      expect(evolve(initialState('acme', 'o'), one)).toEqual(initialState('acme', 'o'));
  });

  it('stores a version as it was accepted, without its token, which belongs to the order', () => {
    const { state } = given(receive(event(1, withToken)));

    expect(known(state).newest.order).toEqual(bare);
  });
});

describe('a version that is being confirmed', () => {
  const entry = known(given(created).state);
  const confirming = { kind: 'confirming', hash: entry.newest.hash } as const;
  const claimed = { ...entry, progress: { ...entry.progress, doubt: confirming } } as LedgerEntry;

  it.each<[string, CallResult, string]>([
    ['stays so if only the look-up by its token fails', { ...unclear, isLookUp: true }, 'confirming'],
    ['is in doubt again if a call may have been carried out', unclear, 'unclear'],
  ])('%s', (_what, result, kind) => {
    expect(settled(claimed, result).events).toContainEqual(
      expect.objectContaining({
        event: 'postponed',
        doubt: expect.objectContaining({ kind, hash: entry.newest.hash }) as Doubt,
      }),
    );
  });
});

it('a call that may have been carried out is in doubt beside an older one, whichever read failed after it', () => {
  const entry = known(given(created).state);
  const older = { kind: 'unclear', hash: 'h-older' } as const;
  const claimed = { ...entry, progress: { ...entry.progress, doubt: older } } as LedgerEntry;

  for (const isLookUp of [{}, { isLookUp: true } as const]) {
    const after = known(ended(claimed, { ...unclear, ...isLookUp }));
    expect(after.progress).toMatchObject({ doubt: { hash: entry.newest.hash, amongOthers: true } });
  }
});

describe('the token belongs to the order, not to one version (requirement 1)', () => {
  const update = receive(event(2, { customer_order_id: 'second' }));

  it('stays when an update without one overtakes the create that has not been reported', () => {
    const { when } = given(receive(event(1, withToken)), { result: 'try-again', reason: 'http_429' });

    expect(when(update).after).toMatchObject({ btnRef: 'srctok-1', newest: { version: { sequence: '2' } } });
  });

  it.each<[string, OrderCommand]>([
    ['an older version', receive(event(1, withToken))],
    ['the same version', receive(event(2, { customer_order_id: 'second', ...withToken }))],
    ['a version that contradicts the ledger', receive(event(2, { customer_order_id: 'x', ...withToken }))],
    ['a version that is ordered another way', receive(event('2026-06-01T00:00:00.000Z', withToken))],
    ['a message that is refused', { command: 'note-token', btnRef: 'srctok-1' }],
    ['a replay', receive(event(1, withToken), { isReplay: true })],
  ])('is accepted from %s, and goes at once with an update of the newest version', (_what, command) => {
    const { when } = given(update, done);

    const { events, next, after: state } = when(command);

    expect(events).toEqual(['token-noted', 'claimed', 'claim-watched']);
    expect(next).toBe('call');
    expect(state).toMatchObject({
      btnRef: 'srctok-1',
      tokenDue: true,
      newest: { version: { sequence: '2' } },
    });
    expect(nextCall(known(state))).toEqual({ call: 'update' });
  });

  it('waits for the breaker, and for work that Button has only accepted', () => {
    const accepted = given(created, { ...done, acceptedOnly: true });
    const note = { command: 'note-token', btnRef: 'srctok-1' } as const;

    expect(given(created, done).when(note, context(0, { isPaused: true })).after).toMatchObject({
      progress: { state: 'waiting', reason: 'breaker_open' },
      tokenDue: true,
    });
    expect(accepted.when(note, context(1000)).after).toMatchObject({ progress: { reason: 'accepted_only' } });
  });

  it('is kept for an order without a known version, and goes with its first create', () => {
    const { state, when } = given({ command: 'note-token', btnRef: 'srctok-1' });

    expect(state).toEqual({ brand: 'acme', orderId: bare.order_id, btnRef: 'srctok-1' });
    expect(when(update).after).toMatchObject({ btnRef: 'srctok-1' });
    expect(when(update).after).not.toHaveProperty('tokenDue');
  });

  it('tells the cancellation of an unknown order from that of another shop’s order', () => {
    const known = { command: 'note-token', btnRef: 'srctok-1' } as const;
    const cancelled = receive(event(2, 'cancelled'));

    expect(given(cancelled, unclear).when(known).after).toMatchObject({ newest: { cancels: {} } });
    expect(given(known).when(cancelled).after).toMatchObject({ newest: { cancels: {} } });
    expect(given(created, done, cancelled, unclear).when(known).after.newest).not.toHaveProperty('cancels');
  });

  it('is due if a call without it may have been carried out, and otherwise goes with the create', () => {
    const waiting = given(created, { result: 'try-again', reason: 'http_429' }).when(update).after;
    const inDoubt = given(created, unclear).when(receive(event(2, withToken))).after;
    const claimed = given(created).when(receive(event(2, withToken))).after;

    expect(waiting).not.toHaveProperty('tokenDue');
    expect(inDoubt).toMatchObject({ tokenDue: true });
    expect(claimed).toMatchObject({ tokenDue: true });
  });

  it('that comes while a run is creating the order without it is sent when that run is over', () => {
    const claimed = known(given(created).state);
    const current = known(after(claimed, { command: 'note-token', btnRef: 'srctok-1' }));

    const { events } = settle(
      { claimed, current },
      { ...done, created: true },
      { now: t0, policy, othersSucceed: 'unknown' },
    );

    expect(evolveAll(current, events)).toMatchObject({
      tokenDue: true,
      reported: { kind: 'created' },
      progress: { state: 'waiting', dueAt: t0.toISOString(), reason: 'newer_version' },
    });
  });

  it('is settled once an update has brought it', () => {
    const { state } = given(update, done, receive(event(1, withToken)), { ...done, token: 'taken' });

    expect(state).toMatchObject({ btnRef: 'srctok-1', progress: { state: 'settled' } });
    expect(state).not.toHaveProperty('tokenDue');
  });

  it.each<[string, CallResult]>([
    ['refuses the token', { ...done, token: 'refused' }],
    ['refuses the whole update', refused],
  ])('leaves the order settled if Button %s, and reports it', (_what, result) => {
    const late = given(update, done, receive(event(1, withToken)));

    expect(settled(late.state, result).events.map(({ event: name }) => name)).toContain('token-refused');
    expect(ended(late.state, result)).toMatchObject({
      progress: { state: 'settled' },
      warnings: ['btn_ref_not_taken'],
      reported: { version: { sequence: '2' } },
    });
  });

  it('is retried by the sweep if a message about an older version brought it and its run died', () => {
    const { state } = given(update, done, receive(event(1, withToken)));

    expect(known(state).progress).toMatchObject({ state: 'claimed', retryAt: at(30_000).toISOString() });
  });

  it('is sent again only by a replay, if Button did not accept it', () => {
    const { when } = given(update, done, receive(event(1, withToken)), { ...done, token: 'refused' });

    expect(when(receive(event(1, withToken)))).toMatchObject({ events: [], next: 'superseded' });
    expect(when(receive(event(1, withToken), { isReplay: true }))).toMatchObject({
      events: ['token-noted', 'claimed', 'claim-watched'],
      after: { tokenDue: true, warnings: [] },
    });
  });

  it('that cannot be sent because the newest version is refused is kept in quarantine', () => {
    const late = receive(event(1, withToken));
    const update = given(receive(event(2)), done, receive(event(3)), refused);
    const cancellation = given(receive(event(2)), done, receive(event(3, 'cancelled')), refused);

    for (const { when, state } of [update, cancellation]) {
      const decision = when(late);
      expect(decision).toMatchObject({ refusal: 'btn_ref_waits', next: 'quarantined' });
      expect(known(decision.after)).toMatchObject({ btnRef: 'srctok-1', tokenDue: true });
      const again = decide(decision.after, late, context());
      expect(again.refusal).toBeUndefined();
      expect(known(state).btnRef).toBeUndefined();
      const newer = decide(decision.after, receive(event(4)), context());
      expect(newer.next.step).toBe('call');
      expect(known(evolveAll(decision.after, newer.events)).tokenDue).toBe(true);
    }
  });

  it('stays the first one: another causes a warning, and is not used', () => {
    const { when } = given(receive(event(1, withToken)), done);

    const other = when(receive(event(2, { btn_ref: 'srctok-2', customer_order_id: 'x' })));

    expect(other).toMatchObject({
      events: ['other-token-seen', 'version-accepted', 'started-over', 'claimed'],
      after: { btnRef: 'srctok-1', warnings: ['btn_ref_differs'] },
    });
    expect(other.after).not.toHaveProperty('tokenDue');
  });

  it('replaces an organisation’s id, which is not a token, unless Button may hold that', () => {
    const organisation = receive(event(1, { btn_ref: 'org-1' }));
    const noted = given({ command: 'note-token', btnRef: 'org-1' }).when(receive(event(1, withToken)));
    const held = given(organisation, done).when(receive(event(2, withToken)));
    const claimed = given(organisation).when(receive(event(2, withToken)));
    const kept = given(created).when({ command: 'note-token', btnRef: 'org-1' });

    expect(noted.after.btnRef).toBe('srctok-1');
    expect([held, claimed].map(({ after }) => after.btnRef)).toEqual(['org-1', 'org-1']);
    expect(held.events).toContain('other-token-seen');
    expect(kept.after.btnRef).toBe('org-1');
  });

  it('is kept for a cancelled order, about which nothing more is sent', () => {
    const { when } = given(created, done, receive(event(2, 'cancelled')), done);

    expect(when(receive(event(3, withToken)))).toMatchObject({
      events: ['token-noted'],
      next: 'ignored-after-cancel',
      after: { btnRef: 'srctok-1', progress: { state: 'settled' } },
    });
  });

  it('finds a cancelled order again if the ledger was restored, which may have forgotten its create', () => {
    const { when } = given(receive(event(2, 'cancelled')), done);
    const restored = context(0, { verifyBefore: at(60_000).toISOString() });

    const { events, next, after: state } = when(receive(event(1, withToken)), restored);

    expect([events, next]).toEqual([['token-noted', 'claimed', 'claim-watched'], 'call']);
    expect(nextCall(known(state))).toEqual({ call: 'cancel' });
    expect(ended(state, done)).toMatchObject({ progress: { state: 'settled' } });
    expect(ended(state, done)).not.toHaveProperty('tokenDue');
  });

  it('ends as the first valid one in whatever order the versions arrive', () => {
    const tokens = fc.array(fc.option(fc.constantFrom('srctok-1', 'srctok-2'), { nil: undefined }), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(tokens, fc.infiniteStream(fc.integer({ min: 1, max: 4 })), (brought, sequences) => {
        let state: OrderState = initialState('acme', bare.order_id);
        for (const btn_ref of brought) {
          const [sequence = 1] = sequences.take(1);
          const content = { customer_order_id: `v${sequence}`, ...(btn_ref && { btn_ref }) };
          const { events, next } = decide(state, receive(event(sequence, content)), context());
          state = evolveAll(state, events);
          const claimed = state.newest;
          if (next.step === 'call' && claimed)
            state = ended(state, { ...done, ...(known(state).tokenDue && { token: 'taken' }) });
        }

        expect(state.btnRef).toBe(brought.find((one) => one !== undefined));
        expect(state).not.toHaveProperty('tokenDue');
      }),
    );
  });
});

describe('a cancellation counts whatever its version (requirement 6)', () => {
  it.each<[CallResult, boolean]>([
    [{ result: 'try-again', reason: 'http_429', isIdTaken: true }, true],
    [{ result: 'refused', reason: 'order_id_taken' }, true],
    [{ result: 'try-again', reason: 'not_found' }, false],
    [{ result: 'try-again', reason: 'http_503' }, false],
    [{ result: 'unclear', reason: 'timeout' }, false],
  ])('after a create that ended with %o, it knows that the id is taken: %s', (end, isIdTaken) => {
    const { when } = given(created, end);

    const { after: state } = when(receive(event(2, 'cancelled')));

    expect(known(state).newest.cancels?.isIdTaken).toBe(isIdTaken ? true : undefined);
  });

  it('remembers a taken id through later tries, until Button acknowledges the order', () => {
    const taken: CallResult = { result: 'try-again', reason: 'http_429', isIdTaken: true };
    const failed: CallResult = { result: 'try-again', reason: 'http_503' };

    const { after: state } = given(created, taken, failed).when(receive(event(2, 'cancelled')));

    expect(known(state).newest.cancels).toMatchObject({ isIdTaken: true });
    expect(known(given(created, taken, done).when(receive(event(2))).after)).not.toHaveProperty('isIdTaken');
  });

  it('after a 202 whose order Button does not show yet, it does not take the id for another shop’s', () => {
    const waits = { result: 'refused', reason: 'order_id_taken' } as const;
    const update = receive(event(2, { customer_order_id: 'x' }));
    const { when } = given(created, { ...done, acceptedOnly: true }, update, waits);

    const { after: state } = when(receive(event(3, 'cancelled')));

    expect(known(state).newest.cancels).toBeDefined();
    expect(known(state).newest.cancels).not.toHaveProperty('isIdTaken');
  });

  it('treats an order of which only the token is known as possibly another shop’s', () => {
    const noted: OrderCommand = { command: 'note-token', btnRef: 'srctok-0000000000000001' };

    expect(known(given(noted).when(receive(event(2, 'cancelled'))).after).newest.cancels).toEqual({});
    expect(known(given().when(receive(event(2, 'cancelled'))).after).newest.cancels).toBeUndefined();
  });

  const reported = given(receive(event(5)), done);

  it.each<[string, number | string]>([
    ['newer', 9],
    ['the same', 5],
    ['older', 2],
    ['not comparable', '2026-06-01T00:00:00.000Z'],
  ])('%s', (_what, version) => {
    const { next, after: state } = reported.when(receive(event(version, 'cancelled')));

    expect(next).toBe('call');
    expect(nextCall(known(state))).toEqual({ call: 'cancel' });
  });

  it('is done once: another one, under any version, is a duplicate', () => {
    const { when } = given(receive(event(5)), done, receive(event(2, 'cancelled')), done);

    expect(when(receive(event(2, 'cancelled'), { messageId: 'again' })).next).toBe('duplicate');
    expect(when(receive(event(7, 'cancelled'))).next).toBe('duplicate');
    expect(when(receive(event(9, { customer_order_id: 'x' }))).next).toBe('ignored-after-cancel');
  });

  it('can be sent again after Button refused it, under the same version and under a new one', () => {
    const { when } = given(receive(event(5)), done, receive(event(6, 'cancelled')), refused);

    expect(when(receive(event(6, 'cancelled'), { messageId: 'again' })).next).toBe('call');
    expect(when(receive(event(7, 'cancelled'))).next).toBe('call');
    // SQS delivers a message more than once.
    expect(when(receive(event(6, 'cancelled'))).next).toBe('duplicate');
  });

  it('that Button refused lets later versions through, and no earlier ones', () => {
    const { when } = given(receive(event(5)), done, receive(event(3, 'cancelled')), refused);

    const later = when(receive(event(6, { customer_order_id: 'x' })));

    expect(later.next).toBe('call');
    expect(nextCall(known(later.after))).toEqual({ call: 'update' });
    expect(when(receive(event(4, { customer_order_id: 'x' }))).next).toBe('superseded');
    expect(when(receive(event(5))).next).toBe('superseded');
  });
});

describe('an order whose message arrives after its cancellation (requirement 7)', () => {
  const purchase = { purchase_date: bare.purchase_date, currency: bare.currency };
  const cancelled = receive(event(2, 'cancelled'));
  const another = { ...purchase, purchase_date: '2020-01-01T00:00:00Z' };
  const tries: CallResult = { result: 'try-again', reason: 'http_503' };
  const failing = (state: OrderState) =>
    evolve(state, { event: 'found-failing', since: 'x', wait: { dueAt: 'x', reason: 'x' } });
  const noted = (state: OrderState) => state.newest?.cancels;

  it.each<[string, OrderEvent]>([
    ['an older version', event(1)],
    ['the same version', event(2)],
    ['a newer version, which is held', event(3)],
    ['a version that is ordered another way', event('2026-06-01T00:00:00.000Z')],
  ])('is known by its purchase from %s, and by its token if it has one', (_what, late) => {
    if (late.kind === 'cancelled') throw new Error('expected an order');
    const lateWithToken = { ...late, order: { ...late.order, ...withToken } };

    for (const isReplay of [false, true]) {
      const bareState = given(cancelled, unclear).when(receive(late, { isReplay })).after;
      const withBoth = given(cancelled, unclear).when(receive(lateWithToken, { isReplay })).after;

      expect([bareState.btnRef, noted(bareState)]).toEqual([undefined, purchase]);
      expect([withBoth.btnRef, noted(withBoth)]).toEqual(['srctok-1', purchase]);
      expect(nextCall(known(withBoth))).toEqual({ call: 'cancel' });
    }
  });

  it.each<[string, OrderState]>([
    ['in progress', given(cancelled).state],
    ['waiting', given(cancelled, tries).state],
    ['in doubt', given(cancelled, unclear).state],
    ['being confirmed', after(ended(given(cancelled, unclear).state, done), { command: 'resume' })],
    ['failing', failing(given(cancelled, unclear).state)],
    ['refused', given(cancelled, refused).state],
  ])('is known by its purchase while the cancellation is %s', (_what, state) => {
    expect(noted(after(state, created))).toEqual(purchase);
  });

  it('stays known when Button refuses the cancellation, and it is sent again', () => {
    const { when } = given(cancelled, refused, created);

    const again = when(receive(event(2, 'cancelled'), { messageId: 'again' }));

    expect([again.next, noted(again.after)]).toEqual(['call', purchase]);
  });

  it('is known after a refused message that named its token only, once a valid one arrives', () => {
    const note: OrderCommand = { command: 'note-token', btnRef: 'srctok-1' };

    for (const before of [[note, cancelled], [cancelled, note], [cancelled]])
      expect(noted(given(...before).when(receive(event(1, withToken))).after)).toEqual(purchase);
  });

  it('keeps the purchase that was known first, or sent', () => {
    const corrected = receive(event(1, another));
    const twice = given(cancelled, unclear, created);
    const sent = given(created, unclear, receive(event(3, 'cancelled')), unclear);
    const waiting = after(given().state, created, context(0, { isPaused: true }));
    const unsent = after(waiting, receive(event(3, 'cancelled')));

    for (const { state } of [twice, sent, { state: unsent }])
      for (const late of [corrected, receive(event(2, another))]) {
        expect(decide(state, late, context()).events).not.toContainEqual(
          expect.objectContaining({ event: 'purchase-noted' }),
        );
        expect(noted(after(state, late))).toEqual(purchase);
      }
  });

  it('needs no purchase if Button has acknowledged it, or if its cancellation is over', () => {
    const acknowledged = given(receive(event(1)), done, receive(event(3, 'cancelled')), unclear);
    const confirmed = given(receive(event(1)), done, receive(event(3, 'cancelled')), unclear, done);
    const over = given(cancelled, done);

    for (const { when } of [acknowledged, confirmed, over])
      expect(when(receive(event(1)))).toMatchObject({ events: [], next: 'ignored-after-cancel' });
  });

  it('changes nothing if it was not cancelled, whether or not it was sent', () => {
    const paused = context(0, { isPaused: true });
    const sent = given(receive(event(2)), unclear).state;
    const unsent = after(given().state, receive(event(2)), paused);

    for (const state of [sent, unsent])
      expect(decide(state, receive(event(1, another)), paused)).toMatchObject({
        events: [],
        next: { outcome: 'superseded' },
      });
  });

  it('is known by the same purchase in whatever order its messages arrive', () => {
    const messages = [created, cancelled, receive(event(3, withToken)), receive(event(2, { total: 7 }))];
    const shuffled = fc.shuffledSubarray(messages, { minLength: messages.length });
    fc.assert(
      fc.property(shuffled, (arriving) => {
        const paused = context(0, { isPaused: true });
        const state = arriving.reduce<OrderState>(
          (before, message) => after(before, message, paused),
          initialState('acme', bare.order_id),
        );

        expect([state.newest?.kind, noted(state)]).toEqual(['cancelled', purchase]);
      }),
    );
  });

  it.each([{}, withToken])('stays held if it is newer (%o), when the cancellation is replayed', (content) => {
    const { when } = given(cancelled, unclear, receive(event(3, content)));

    const replayed = when(receive(event(2, 'cancelled'), { isReplay: true })).after;

    expect(known(replayed).heldVersion?.newest.version).toEqual({ by: 'sequence', sequence: '3' });
  });
});

describe('a version that arrives while a cancellation is in progress (requirement 6)', () => {
  const pending = given(receive(event(1)), done, receive(event(2, 'cancelled')), {
    result: 'try-again',
    reason: 'http_429',
  });
  const later = receive(event(3, { customer_order_id: 'third' }));
  const cancelling = (state: OrderState) => evolve(state, { event: 'claimed', owner: 'run', until: 'x' });

  it('is held, and is due once Button refuses the cancellation', () => {
    const held = pending.when(later);
    const refusal = ended(cancelling(held.after), refused);
    const abandoned = after(held.after, { command: 'abandon' });

    expect(held).toMatchObject({ events: ['version-held'], next: 'ignored-after-cancel' });
    for (const state of [refusal, abandoned])
      expect(state).toMatchObject({
        newest: { version: { sequence: '3' }, order: { customer_order_id: 'third' } },
        progress: { state: 'waiting', dueAt: t0.toISOString(), reason: 'newer_version' },
      });
  });

  it('stays held while no read can confirm the cancellation, and is due once somebody abandons that', () => {
    const unconfirmed = { result: 'refused', reason: 'cancellation_unconfirmed' } as const;
    const state = ended(cancelling(pending.when(later).after), unconfirmed);

    expect(state).toMatchObject({
      newest: { kind: 'cancelled' },
      progress: { state: 'refused', reason: 'cancellation_unconfirmed' },
      heldVersion: { newest: { version: { sequence: '3' } } },
    });
    expect(after(state, { command: 'abandon' })).toMatchObject({
      newest: { version: { sequence: '3' } },
      progress: { state: 'waiting', reason: 'newer_version' },
    });
  });

  it.each([0, 1])(
    'is held after a cancellation that no read could confirm, with %i held before, until an operator abandons it',
    (held) => {
      const unconfirmed = { result: 'refused', reason: 'cancellation_unconfirmed' } as const;
      const fifth = receive(event(5, { customer_order_id: 'fifth' }));
      const before = held > 0 ? pending.when(receive(event(4))).after : pending.state;

      const state = after(ended(cancelling(before), unconfirmed), fifth);

      expect(state).toMatchObject({ newest: { kind: 'cancelled' }, progress: { state: 'refused' } });
      for (const message of [receive(event(1)), receive(event(4)), fifth])
        expect(after(state, message)).toEqual(state);
      expect(known(after(state, { command: 'abandon' })).newest.version).toEqual({
        by: 'sequence',
        sequence: '5',
      });
    },
  );

  it('is refused if it is another version than the held one of its place, or ordered in another way', () => {
    const waits = { result: 'try-again', reason: 'http_429' } as const;
    const { state, when } = given(
      ...[receive(event(1)), done, receive(event(2, 'cancelled')), waits, receive(event(4))],
    );
    const other = event(4, { customer_order_id: 'other' });
    const byTime = { by: 'time', time: '2026-06-01T12:00:00.000Z' } as const;

    expect(when(receive(event(4)))).toMatchObject({ refusal: undefined, after: state });
    expect(when(receive(other))).toMatchObject({ refusal: 'version_conflict', after: state });
    expect(when(receive({ ...event(5), version: byTime }))).toMatchObject({ refusal: 'order_by_mixed' });
    const edited = when(receive(other, { isReplay: true })).after;
    expect(known(edited).heldVersion?.newest.order).toMatchObject({ customer_order_id: 'other' });
  });

  it('changes nothing if it arrives again, with fields left out or after its customer was erased', () => {
    const customer = { id: 'customer-1', email_sha256: 'a'.repeat(64) };
    const note = receive(
      event(3, { ...lineless, line_items: undefined, customer, customer_order_id: 'note' }),
    );
    const held = pending.when(note).after;
    const erased = withoutCustomer(known(held));

    expect(known(held).heldVersion?.newest.order?.customer).toEqual(customer);
    for (const state of [held, erased]) expect(after(state, note)).toEqual(state);
  });

  it('is the latest one that arrived', () => {
    const state = after(pending.when(receive(event(4, { customer_order_id: 'fourth' }))).after, later);

    expect(known(state).heldVersion?.newest.version).toEqual({ by: 'sequence', sequence: '4' });
    expect(pending.when(receive(event(1)))).toMatchObject({ events: [], next: 'ignored-after-cancel' });
  });

  it('is forgotten once the order is cancelled', () => {
    const state = ended(cancelling(pending.when(later).after), done);

    expect(state).toMatchObject({ newest: { kind: 'cancelled' }, progress: { state: 'settled' } });
    expect(state).not.toHaveProperty('heldVersion');
  });
});

describe('orders, requirement 6: no version is lost to a cancellation that Button refuses', () => {
  const second = receive(event(2, { customer_order_id: 'second' }));
  const cancelling = (state: OrderState) => evolve(state, { event: 'claimed', owner: 'run', until: 'x' });
  const secondIsDue = {
    newest: { version: { sequence: '2' }, order: { customer_order_id: 'second', line_items: lines } },
    progress: { state: 'waiting', reason: 'newer_version' },
  };

  it.each([2, 3])('one that precedes it and arrives later, before %i is answered, is held', (version) => {
    const pending = given(created, done, receive(event(version, 'cancelled')), {
      result: 'try-again',
      reason: 'http_429',
    });

    const held = pending.when(second);

    expect(held).toMatchObject({ events: ['version-held'], next: 'ignored-after-cancel' });
    expect(ended(cancelling(held.after), refused)).toMatchObject(secondIsDue);
    expect(ended(cancelling(held.after), done)).not.toHaveProperty('heldVersion');
  });

  it.each([2, 3])('one that precedes it and arrives after %i was refused is sent', (version) => {
    const { when } = given(created, done, receive(event(version, 'cancelled')), refused);

    expect(when(second)).toMatchObject({ next: 'call', after: { newest: secondIsDue.newest } });
    expect(when(created).next).toBe('superseded');
  });

  it('one that was not reported when it arrived is due once it is refused, unless a run reports it in the meantime', () => {
    const waiting = given(created, done, second, { result: 'try-again', reason: 'http_429' });
    const running = given(created, done, second);
    const cancelled = receive(event(3, 'cancelled'));

    expect(ended(cancelling(after(waiting.state, cancelled)), refused)).toMatchObject(secondIsDue);

    const overtaken = after(running.state, cancelled);
    const { events } = settle({ claimed: known(running.state), current: known(overtaken) }, done, {
      now: t0,
      policy,
      othersSucceed: 'unknown',
    });
    expect(overtaken).toHaveProperty('heldVersion');
    expect(evolveAll(overtaken, events)).not.toHaveProperty('heldVersion');
  });

  it('one of an order that Button may not have is not held: it would be created although it was cancelled', () => {
    const { state } = given(created, unclear, receive(event(3, 'cancelled')));
    const refusal = ended(cancelling(state), { result: 'refused', reason: 'order_id_taken' });

    expect(refusal).toMatchObject({ newest: { kind: 'cancelled' }, progress: { state: 'refused' } });
    expect(decide(refusal, second, context()).next).toEqual({ step: 'nothing', outcome: 'superseded' });
  });

  it('a partial one that is held gets its missing fields from the one held before', () => {
    const { state } = given(created, done, receive(event(2, 'cancelled')), unclear);
    const third = after(state, receive(event(3, { customer_order_id: 'third' })));
    const { customer_order_id: _left, ...partial } = bare;
    const incoming = { ...event(4), kind: 'updated', order: partial } as const;

    expect(known(after(third, receive(incoming))).heldVersion?.newest).toMatchObject({
      version: { sequence: '4' },
      order: { customer_order_id: 'third' },
    });
  });
});

describe('orders, requirement 5: a run that dies counts as a try', () => {
  const dying = (state: OrderState, ms: number) => {
    const claimed = evolve(state, { event: 'claimed', owner: 'run', until: at(ms - 1).toISOString() });
    return { claimed, decision: decide(claimed, { command: 'resume' }, context(ms)) };
  };

  it('the order has failed, is in doubt, and waits longer from one death to the next', () => {
    const first = dying(given(created).state, HOUR_MS);
    const once = evolveAll(first.claimed, first.decision.events);
    const second = dying(once, 2 * HOUR_MS);

    expect(first.decision.next).toEqual({ step: 'nothing', outcome: 'waiting' });
    expect(once).toMatchObject({
      attempts: 1,
      failures: { count: 1, last: [{ reason: 'claim_expired' }] },
      progress: { state: 'in-doubt', dueAt: at(HOUR_MS + 60_000).toISOString(), doubt: { kind: 'unclear' } },
    });
    expect(hasFailed(known(once))).toBe(true);
    const third = dying(evolveAll(second.claimed, second.decision.events), 3 * HOUR_MS);
    expect(evolveAll(third.claimed, third.decision.events)).toMatchObject({
      progress: { dueAt: at(3 * HOUR_MS + 120_000).toISOString() },
    });
  });

  it('an order that kills every run is in quarantine after three days', () => {
    let { state } = given(created);
    const kept: (string | undefined)[] = [];
    for (let hour = 1; hour <= 80; hour += 4) {
      const { claimed, decision } = dying(state, hour * HOUR_MS);
      kept.push(decision.keep?.code);
      state = evolveAll(claimed, decision.events);
    }

    expect(kept.filter((code) => code !== undefined)).toEqual(['keeps_failing']);
    expect(kept.indexOf('keeps_failing')).toBe(18);
    expect(state).toMatchObject({ progress: { state: 'failing' } });
  });
});

describe('orders, requirement 15: a replayed cancellation respects versions', () => {
  const cancelled = event(2, 'cancelled');
  const replayed = receive(cancelled, { isReplay: true, messageId: 'replay' });
  const refusal = given(created, done, receive(cancelled), refused);

  it('is refused after the order went on, and sent if the order did not or if the shop sends it', () => {
    const wentOn = receive(event(3, { customer_order_id: 'third' }));

    expect(refusal.when(replayed).next).toBe('call');
    const state = after(refusal.state, wentOn);
    for (const each of [state, ended(state, done), ended(state, refused)]) {
      expect(decide(each, replayed, context())).toMatchObject({
        events: [],
        refusal: 'cancellation_outdated',
      });
      const sent = decide(each, receive(cancelled, { messageId: 'again' }), context());
      expect(sent.refusal).toBeUndefined();
      expect(known(evolveAll(each, sent.events)).newest.kind).toBe('cancelled');
    }
  });

  it('counts if it is as late as the order, or not comparable', () => {
    const same = given(receive(event(2)), done);
    const byTime = receive(event('2026-06-01T00:00:00.000Z', 'cancelled'), { isReplay: true });

    expect(same.when(replayed).next).toBe('call');
    expect(same.when(byTime).next).toBe('call');
  });
});

describe('versions by time', () => {
  it('are the same version at the same instant: a repeat is a duplicate, and other content a conflict', () => {
    const instant = fc
      .date({ min: new Date('2020-01-01'), max: new Date('2030-01-01'), noInvalidDate: true })
      .map((date) => date.toISOString());
    fc.assert(
      fc.property(instant, (time) => {
        const { when } = given(receive(event(time)), done);

        expect(when(receive(event(time))).next).toBe('duplicate');
        expect(when(receive(event(time, { customer_order_id: 'x' }))).refusal).toBe('version_conflict');
      }),
    );
  });
});

describe('an order that has failed (requirement 5)', () => {
  const failed = given(created, unclear);

  it('counts as failed whatever version comes next, until one succeeds', () => {
    const aside = evolve(failed.state, {
      event: 'found-failing',
      since: t0.toISOString(),
      wait: { dueAt: at(HOUR_MS).toISOString(), reason: 'http_500' },
    });
    const newer = after(aside, receive(event(2, { customer_order_id: 'second' })));
    const retried = after(aside, { command: 'retry' });

    for (const state of [newer, retried]) {
      expect(known(state).attempts).toBe(0);
      expect(hasFailed(known(state))).toBe(true);
    }
    expect(hasFailed(known(ended(newer, done)))).toBe(false);
    expect(hasFailed(known(given(created).state))).toBe(false);
  });
});

describe('a doubt about several versions', () => {
  it('proves nothing about the newest one, even if that equals the first', () => {
    const claimedAgain = (...contents: readonly string[]): LedgerEntry => {
      const state = contents.reduce<OrderState>(
        (before, text, index) => {
          const incoming = receive({
            ...event(index + 1, { customer_order_id: text }),
            kind: 'created',
          } as OrderEvent);
          const received = after(before, incoming, context(index * HOUR_MS));
          return index === contents.length - 1
            ? received
            : ended(received, unclear, { now: at(index * HOUR_MS) });
        },
        initialState('acme', bare.order_id),
      );
      return known(state);
    };

    expect(nextCall(claimedAgain('A', 'B', 'A'))).toEqual({ call: 'read-first', trustsAmounts: 'no' });
    expect(nextCall(claimedAgain('A', 'A'))).toEqual({ call: 'read-first', trustsAmounts: 'yes' });
  });
});

describe('a copy of the newest version', () => {
  const optional = ['customer', 'customer_order_id', 'line_items'] as const;
  const outcome = fc.constantFrom<CallResult>(done, unclear, forbidden, refused);

  it('is not a conflict, whatever the versions leave out and whatever Button has answered', () => {
    const content = fc.record({ leavesOut: fc.subarray([...optional]) });
    fc.assert(
      fc.property(content, content, outcome, outcome, (one, two, first, second) => {
        const version = (sequence: number, { leavesOut }: { leavesOut: readonly string[] }): OrderEvent => {
          const kept = Object.entries(bare).filter(([name]) => !leavesOut.includes(name));
          return { ...event(sequence), kind: 'updated', order: Object.fromEntries(kept) as Order };
        };
        const { when } = given(receive(version(2, one)), first, receive(version(3, two)), second);

        expect(when(receive(version(3, two), { messageId: 'copy' })).refusal).toBeUndefined();
      }),
    );
  });
});

describe('total and line items agree (requirement 7)', () => {
  const bareUpdate = (total: number): OrderEvent => {
    const update = event(2);
    return { ...update, kind: 'updated', order: { ...lineless, total } };
  };

  it('refuses a version without line items if the order has some and the totals differ', () => {
    const unreported = given(created, { result: 'try-again', reason: 'http_429' });
    const cancellation = given(created, done, receive(event(2, 'cancelled')), refused);

    for (const { when } of [given(created, done), unreported])
      expect(when(receive(bareUpdate(bare.total + 1)))).toMatchObject({
        refusal: 'line_items_missing',
        next: 'quarantined',
        events: [],
      });
    const late = { ...bareUpdate(bare.total + 1), version: { by: 'sequence', sequence: '3' } } as OrderEvent;
    expect(cancellation.when(receive(late)).refusal).toBe('line_items_missing');
  });

  it('stores no empty list of line items for a version that has none and another total', () => {
    const empty = {
      ...event(1),
      kind: 'created',
      order: { ...bare, line_items: [], total: 0 },
    } as OrderEvent;

    const { after: state } = given(receive(empty), done).when(receive(bareUpdate(bare.total)));

    expect(known(state).newest.order).not.toHaveProperty('line_items');
  });

  it('refuses an update without line items as long as Button holds lines that an emptied version has not replaced', () => {
    const emptied = receive({ ...event(2), kind: 'updated', order: { ...bare, line_items: [], total: 0 } });
    const later = { ...bareUpdate(500), version: { by: 'sequence', sequence: '3' } } as OrderEvent;
    const waiting = given(created, done, emptied, { result: 'try-again', reason: 'http_429' });
    const refused = given(created, done, emptied, { result: 'refused', reason: 'refused_by_button' });
    const delivered = given(created, done, emptied, done);

    for (const { when } of [waiting, refused])
      expect(when(receive(later)).refusal).toBe('line_items_missing');
    expect(delivered.when(receive(later)).next).toBe('call');
  });

  it('keeps an emptied list of line items for a version whose total is also zero', () => {
    const emptied = receive({ ...event(2), kind: 'updated', order: { ...bare, line_items: [], total: 0 } });
    const later = { ...bareUpdate(0), version: { by: 'sequence', sequence: '3' } } as OrderEvent;

    const { after: state } = given(created, done, emptied, {
      result: 'try-again',
      reason: 'http_429',
    }).when(receive(later));

    expect(known(state).newest.order).toMatchObject({ total: 0, line_items: [] });
  });

  it('keeps the line items, and all else that the message leaves out, if the totals agree', () => {
    const { when } = given(created, { result: 'try-again', reason: 'http_429' });
    const { total, currency, order_id, purchase_date } = bare;
    const least = { total, currency, order_id, purchase_date };

    const { after: state } = when(receive({ ...event(2), kind: 'updated', order: least }));

    expect(known(state).newest.order).toEqual(bare);
  });

  it('makes no call for a version that only leaves out what is known', () => {
    const { when } = given(created, done);

    expect(when(receive(bareUpdate(bare.total))).next).toBe('unchanged');
  });

  it('recognizes its own version when the message arrives a second time', () => {
    const { when } = given(created, done, receive(bareUpdate(bare.total)));

    expect(when(receive(bareUpdate(bare.total))).next).toBe('duplicate');
  });

  it('accepts an order that never had line items, and a version that empties the list', () => {
    const empty = given(receive({ ...event(1), kind: 'created', order: lineless }), done);
    const emptied = receive(event(2, { total: 0, line_items: [] }));

    expect(empty.when(receive(bareUpdate(bare.total + 1))).next).toBe('call');
    expect(known(given(created, done).when(emptied).after).newest.order?.line_items).toEqual([]);
  });

  it('uses only the line items of a version that Button refused: the rest may be what was wrong', () => {
    const { when } = given(created, refused);

    const { after: state } = when(receive(bareUpdate(bare.total)));
    const { customer: _customer, ...withoutCustomer } = lineless;
    const { after: other } = when(receive({ ...event(2), kind: 'updated', order: withoutCustomer }));

    expect(known(state).newest.order?.line_items).toEqual(lines);
    expect(known(other).newest.order).not.toHaveProperty('customer');
  });
});

describe('an order that keeps failing on its own (requirement 5)', () => {
  /** The order after this many failures, spread over this many hours. */
  function failing(count: number, hours: number, result: CallResult = unclear): OrderState {
    let { state } = given(created);
    for (let time = 0; time < count; time += 1) {
      const now = at((time * hours * HOUR_MS) / Math.max(1, count - 1));
      state = ended(state, result, { now, othersSucceed: 'no' });
      if (time < count - 1) state = evolve(state, { event: 'claimed', owner: 'run', until: 'x' });
    }
    return state;
  }
  const next = (state: OrderState): OrderState =>
    evolve(state, { event: 'claimed', owner: 'run', until: '9999' });
  const { tries, ms, msWithoutComparison } = FAILING_AFTER;

  it.each<[string, CallResult]>([
    ['a 500', unclear],
    ['a 403 although the key can read', forbidden],
  ])('goes to quarantine after twelve tries and three hours, while others succeed: %s', (_what, result) => {
    const state = next(failing(tries - 1, 2, result));

    const early = settled(state, result, { now: at(ms - 1), othersSucceed: 'yes' });
    const now = at(ms);
    const aside = settled(state, result, { now, othersSucceed: 'yes' });

    expect(early.keep).toBeUndefined();
    expect(aside.keep).toMatchObject({ code: 'keeps_failing', failures: { count: tries } });
    expect(aside.keep?.failures.last).toHaveLength(3);
    expect(evolveAll(state, aside.events)).toMatchObject({
      failingSince: now.toISOString(),
      progress: { state: 'failing', dueAt: at(ms + 24 * HOUR_MS).toISOString() },
    });
  });

  it('does not go there in an outage, however long: nothing is decided while the breaker is open', () => {
    const state = next(failing(100, 1000));

    expect(settled(state, unclear, { now: at(1001 * HOUR_MS), othersSucceed: 'no' }).keep).toBeUndefined();
  });

  it('does not go there for three days if there was no other order to compare with', () => {
    const state = next(failing(50, 70));

    const compare = (now: Date) => settled(state, unclear, { now, othersSucceed: 'unknown' }).keep?.code;

    expect(compare(at(msWithoutComparison - 1))).toBeUndefined();
    expect(compare(at(msWithoutComparison))).toBe('keeps_failing');
  });

  it('is not blamed for failures that are not its own: a refused key, a 429, no connection, a look-up', () => {
    for (const reason of ['unauthorized', 'http_429', 'econnrefused', 'not_found', 'api_key_not_set']) {
      const state = failing(50, 100, { result: 'try-again', reason });
      expect(state).not.toHaveProperty('failures');
      expect(state).toMatchObject({ attempts: 50 });
    }
  });

  it('is tried once a day for thirty days, then given up and quarantined again', () => {
    const since = at(100 * HOUR_MS);
    let state = ended(next(failing(50, 90)), unclear, { now: since, othersSucceed: 'yes' });
    for (let day = 1; day < 30; day += 1) {
      const now = new Date(since.getTime() + day * 24 * HOUR_MS);
      const due = decide(state, { command: 'resume' }, context(now.getTime() - t0.getTime()));
      expect(due.next).toEqual({ step: 'call' });
      const { events, keep } = settled(evolveAll(state, due.events), unclear, { now });
      expect(keep).toBeUndefined();
      state = evolveAll(evolveAll(state, due.events), events);
      expect(state).toMatchObject({ progress: { state: 'failing' }, failingSince: since.toISOString() });
    }

    const last = settled(next(state), unclear, { now: new Date(since.getTime() + 720 * HOUR_MS) });

    expect(last.keep?.code).toBe('given_up');
    expect(evolveAll(next(state), last.events)).toMatchObject({
      progress: { state: 'refused', reason: 'given_up', doubt: { kind: 'unclear' } },
    });
  });

  it('is like any other again once it succeeds, or a newer version comes', () => {
    const aside = ended(next(failing(50, 90)), unclear, { now: at(100 * HOUR_MS), othersSucceed: 'yes' });

    const healed = ended(next(aside), done, { now: at(124 * HOUR_MS) });
    const newer = after(aside, receive(event(2, { customer_order_id: 'x' })), context(101 * HOUR_MS));

    for (const state of [healed, newer]) {
      expect(state).not.toHaveProperty('failures');
      expect(state).not.toHaveProperty('failingSince');
      expect(state).toMatchObject({ attempts: 0 });
    }
    // The last try may be carried out late, and undo the newer version.
    const quietUntil = at(101 * HOUR_MS + 60_000).toISOString();
    expect(newer).toMatchObject({
      progress: { state: 'in-doubt', dueAt: quietUntil, doubt: { kind: 'unclear' } },
    });
  });

  it('that only lacks its token stays settled when that is given up', () => {
    const late = given(created, done, receive(event(1, withToken)));
    const aside = evolve(known(late.state), {
      event: 'found-failing',
      since: t0.toISOString(),
      wait: { dueAt: t0.toISOString(), reason: 'x' },
    });

    const { events, keep } = settled(next(aside), unclear, { now: at(721 * HOUR_MS) });

    expect(keep?.code).toBe('given_up');
    expect(evolveAll(next(aside), events)).toMatchObject({
      progress: { state: 'settled' },
      warnings: ['btn_ref_not_taken'],
    });
  });
});

describe('a token that a read shows Button to lack (requirement 1)', () => {
  const found = given(receive(event(1, withToken)), unclear).state;
  const next = (state: OrderState): OrderState =>
    evolve(state, { event: 'claimed', owner: 'run', until: '9999' });
  const lacking = { lacksToken: true } as const;

  it('is due, whatever the last call ended with, until Button takes or refuses it', () => {
    const failed = ended(next(found), { ...unclear, ...lacking });
    const without = ended(next(found), { ...done, ...lacking });

    for (const state of [failed, without]) expect(state).toMatchObject({ tokenDue: true });
    expect(known(without).progress.state).not.toBe('settled');
    const taken = ended(next(without), { ...done, ...lacking, token: 'taken' });
    const refused = ended(next(without), { ...done, ...lacking, token: 'refused' });
    for (const state of [taken, refused]) expect(state).not.toHaveProperty('tokenDue');
    expect(refused).toMatchObject({ warnings: ['btn_ref_not_taken'] });
  });

  it('is given up alone if Button fails on it: the order that Button holds stays reported', () => {
    const now = at(721 * HOUR_MS);
    const stale = given(receive(event(1, withToken)), done).state;
    const aside = evolve(stale, {
      event: 'found-failing',
      since: t0.toISOString(),
      wait: { dueAt: t0.toISOString(), reason: 'x' },
    });

    const end = settled(next(aside), { ...unclear, ...lacking }, { now });

    expect(end.keep?.code).toBe('given_up');
    expect(evolveAll(next(aside), end.events)).toMatchObject({
      progress: { state: 'settled' },
      warnings: ['btn_ref_not_taken'],
    });
  });

  it('keeps the id that an answer to the create showed, from one doubt to the next', () => {
    const first = ended(given(receive(event(1, withToken))).state, { ...unclear, shownId: 'btnorder-1' });
    const second = ended(next(first), unclear);
    const died = ended(given(receive(event(1, withToken))).state, unclear);
    const lookedUp = ended(next(died), { ...unclear, isLookUp: true, shownId: 'btnorder-1' });

    for (const state of [first, second, lookedUp])
      expect(openDoubt(known(state).progress)).toMatchObject({ shownId: 'btnorder-1' });
  });
});

describe('a version that Button has acknowledged, while another that was sent since is in doubt', () => {
  const again = receive(event(3, withToken));
  const next = (state: OrderState): OrderState =>
    evolve(state, { event: 'claimed', owner: 'run', until: '9999' });
  const stale = given(created, done, receive(event(2, { customer_order_id: 'x' })), unclear, again);

  it('is held by Button once it has been sent again: only its token is left, and an order that fails on that ends', () => {
    const sent = ended(next(stale.state), done);

    expect(sent).toMatchObject({ tokenDue: true, progress: { doubt: { kind: 'unclear' } } });
    expect(openDoubt(known(sent).progress)).toEqual({ kind: 'unclear', hash: known(sent).newest.hash });
  });

  it('is not settled by a refusal or by giving up, even if it also brings the token', () => {
    const now = at(721 * HOUR_MS);
    const aside = evolve(known(stale.state), {
      event: 'found-failing',
      since: t0.toISOString(),
      wait: { dueAt: t0.toISOString(), reason: 'x' },
      doubt: { kind: 'unclear', hash: 'another' },
    });

    expect(ended(next(stale.state), { result: 'refused', reason: 'too_late' })).toMatchObject({
      progress: { state: 'refused', reason: 'too_late', doubt: { kind: 'unclear' } },
    });
    expect(ended(next(aside), unclear, { now })).toMatchObject({ progress: { reason: 'given_up' } });
  });
});

describe('an operator (requirement 5)', () => {
  const waiting = given(created, { result: 'try-again', reason: 'http_429', afterMs: 900_000 });
  const inDoubt = given(created, unclear);

  it('can have an order tried as soon as allowed: an order in doubt keeps its quiet time', () => {
    expect(waiting.when({ command: 'retry' }).after).toMatchObject({
      progress: { state: 'waiting', dueAt: t0.toISOString(), reason: 'asked_by_operator' },
      attempts: 0,
    });
    expect(inDoubt.when({ command: 'retry' }).after).toMatchObject({
      progress: { state: 'in-doubt', dueAt: at(60_000).toISOString() },
    });
    expect(given(created, refused).when({ command: 'retry' }).after).toMatchObject({
      progress: { state: 'waiting', dueAt: t0.toISOString() },
    });
  });

  it('can give a version up, until a newer one comes', () => {
    const { state } = given(created, unclear, { command: 'abandon' });

    expect(state).toMatchObject({
      progress: { state: 'refused', reason: 'abandoned', doubt: { kind: 'unclear' } },
    });
    const newer = after(state, receive(event(2, { customer_order_id: 'x' })));
    expect(newer).toMatchObject({ progress: { state: 'in-doubt', dueAt: at(60_000).toISOString() } });
  });

  it('can retry or give up an order whose run died: the try counts as unclear', () => {
    const { state } = given(created);
    const late = context(24 * HOUR_MS);

    const retried = after(state, { command: 'retry' }, late);
    const abandoned = after(state, { command: 'abandon' }, late);

    const doubt = { kind: 'unclear' };
    expect(retried).toMatchObject({ progress: { state: 'in-doubt', doubt } });
    expect(abandoned).toMatchObject({ progress: { state: 'refused', reason: 'abandoned', doubt } });
    expect(decide(state, { command: 'retry' }, context()).next).toEqual({ step: 'leave' });
  });

  it('changes nothing that is settled, and leaves alone what a run is working on', () => {
    for (const command of ['retry', 'abandon'] as const) {
      expect(given(created, done).when({ command })).toMatchObject({ events: [], next: 'duplicate' });
      expect(given(created).when({ command })).toMatchObject({ events: [], next: 'leave' });
      expect(given().when({ command })).toMatchObject({ events: [], next: 'superseded' });
    }
  });

  it('can edit what Button does not hold, by a replay of the same version with other content', () => {
    const edited = receive(event(1, { customer_order_id: 'edited' }), { isReplay: true });
    const changed = { newest: { order: { customer_order_id: 'edited' } } };

    expect(waiting.when(edited).after).toMatchObject(changed);
    expect(inDoubt.when(edited).after).toMatchObject(changed);
    expect(given(created, refused).when(edited).after).toMatchObject(changed);
    expect(given(created, done).when(edited).refusal).toBe('version_conflict');
  });

  it('can edit an order whose run died: what that run sent stays in doubt', () => {
    const edited = receive(event(1, { customer_order_id: 'edited' }), { isReplay: true });
    const { state } = given(created);

    expect(decide(state, edited, context()).refusal).toBe('version_conflict');
    expect(after(state, edited, context(24 * HOUR_MS))).toMatchObject({
      newest: { order: { customer_order_id: 'edited' } },
      progress: { state: 'in-doubt', doubt: { kind: 'unclear', hash: known(state).newest.hash } },
    });
  });

  it('can have a refused version tried again by a replay, even one that equals what Button held before', () => {
    const same = receive(event(3), { isReplay: true });
    const other = receive(event(2, { customer_order_id: 'x' }));

    expect(given(created, done, other, refused, receive(event(3)), refused).when(same).next).toBe('call');
  });
});
