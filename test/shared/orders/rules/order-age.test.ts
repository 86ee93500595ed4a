import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import type { OrderEvent } from '../../../../shared/validation/orders/order-event.ts';
import { decide } from '../../../../shared/orders/rules/order-decision.ts';
import { evolveAll } from '../../../../shared/orders/rules/order-evolution.ts';
import {
  initialState,
  type CallResult,
  type LedgerEntry,
  type OrderState,
} from '../../../../shared/orders/rules/order-ledger.ts';
import { settle } from '../../../../shared/orders/rules/order-settlement.ts';
import { OrderSchema } from '../../../../shared/validation/orders/order.ts';

const order = OrderSchema.parse(
  JSON.parse(readFileSync(new URL('../../../fixtures/button/order-create.json', import.meta.url), 'utf8')),
);
const policy = { quietTimeMs: 60_000, retryBaseMs: 1000, retryMaxMs: 900_000, jitter: () => 1 };
const at = (minute: number): Date => new Date(Date.UTC(2026, 5, 1, 12, minute));

/** The ledger entry after a version arrived in this minute. Its event says that it happened years ago. */
function receive(entry: LedgerEntry | undefined, sequence: number, minute: number): LedgerEntry {
  const kind = sequence === 1 ? 'created' : 'updated';
  const event: OrderEvent = {
    id: `event-${sequence}`,
    source: 'shop',
    orderId: order.order_id,
    version: { by: 'sequence', sequence: String(sequence) },
    time: '2017-07-25T08:23:52.000Z',
    kind,
    order: { ...order, customer_order_id: `version ${sequence}` },
  };
  const incoming = { event, messageId: `m-${sequence}`, sentAt: at(minute), warnings: [], isReplay: false };
  const before = entry ?? initialState('acme', order.order_id);
  const { events } = decide(
    before,
    { command: 'receive', incoming },
    {
      claimant: { owner: 'run', now: at(minute), leaseMs: 30_000 },
      policy,
      isPaused: false,
      verifyBefore: undefined,
    },
  );
  return known(evolveAll(before, events));
}

function known(state: OrderState): LedgerEntry {
  if (!state.newest) throw new Error('nothing is stored');
  return state;
}

function end(entry: LedgerEntry, result: CallResult, minute: number): LedgerEntry {
  const context = { now: at(minute), policy, othersSucceed: 'unknown' } as const;
  return known(evolveAll(entry, settle({ claimed: entry, current: entry }, result, context).events));
}

const down: CallResult = { result: 'try-again', reason: 'http_503' };
const done: CallResult = { result: 'done', acceptedOnly: false, sent: true };

describe('orders, requirement 11: the age of an order', () => {
  it('starts when its message first arrived, whatever time its event states', () => {
    expect(receive(undefined, 1, 0).newest.receivedAt).toBe(at(0).toISOString());
  });

  it('continues when a newer version replaces the waiting one', () => {
    const waiting = end(receive(undefined, 1, 0), down, 0);

    expect(receive(waiting, 2, 30).newest.receivedAt).toBe(at(0).toISOString());
  });

  it('starts again with the next version once Button holds the order', () => {
    const settled = end(receive(undefined, 1, 0), done, 0);

    expect(receive(settled, 2, 30).newest.receivedAt).toBe(at(30).toISOString());
  });
});
