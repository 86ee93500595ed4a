import type { OrderApi, OrderApiAnswer } from '../button/order-api.ts';
import { identify, idsOf } from '../button/order-identity.ts';
import { findDrift, isAuditable, type OrderDrift } from './rules/order-audit.ts';
import type { LedgerEntry, OrderState } from './rules/order-ledger.ts';
import type { OrderLedger } from './store/order-ledger-store.ts';
import { UnreadableItemError, type OnUnreadable } from '../dynamodb/unreadable-item.ts';
import type { Versioned } from '../dynamodb/versioned-item.ts';

/** An order to audit, with its recent state if that is known. */
export type OrderToAudit = { orderId: string; state?: OrderState };

/** What an audit needs. */
export type AuditOrdersPorts = {
  ledger: Pick<OrderLedger, 'read'>;
  api: Pick<OrderApi, 'get' | 'getByToken'>;
  /** Which orders count, by when they were last reported: `from` inclusive, `to` exclusive. */
  range: { from: Date; to: Date };
  /** The most orders to read from Button. */
  most: number;
  /** Resolves when the next order may be read: the order reporter calls Button, too. */
  pace: () => Promise<void>;
  /** Whether there is time for another order. */
  timeLeft: () => boolean;
  /** An order whose entry is unreadable is skipped. */
  onUnreadable?: OnUnreadable;
  now: () => Date;
};

/** The findings of an audit. */
export type OrderAudit = {
  /** Orders that were compared. */
  audited: number;
  drift: readonly OrderDrift[];
  /** Orders for which Button gave no usable answer. */
  unanswered: number;
  /** Orders that were not in the range, or that are changing at the moment. */
  skipped: number;
  /**
   * Only of an audit that ended early: the last order that was completed. The next audit continues after it.
   */
  continueAfter?: string;
};

/** After this number of orders in a row without a usable answer the audit ends: Button is down. */
const MAX_UNANSWERED_IN_A_ROW = 5;

/**
 * Reads reported orders from Button, by Button's id, then by the brand's id and then by the token, and
 * compares them with what was reported. An order that is known to be out of the range is not read. Changes
 * nothing. Throws what the ledger throws, except for an unreadable item.
 */
export async function auditOrders(
  orders: AsyncIterable<OrderToAudit>,
  ports: AuditOrdersPorts,
): Promise<OrderAudit> {
  const { api, range, most, pace, timeLeft, now } = ports;
  const drift: OrderDrift[] = [];
  let [audited, unanswered, skipped, unansweredInARow] = [0, 0, 0, 0];
  let [previous, done]: (string | undefined)[] = [];
  for await (const { orderId, state } of orders) {
    if (unansweredInARow === 0) done = previous;
    const isOver = audited + unanswered >= most || unansweredInARow >= MAX_UNANSWERED_IN_A_ROW;
    if (isOver || !timeLeft())
      return { audited, drift, unanswered, skipped, ...(done !== undefined && { continueAfter: done }) };
    previous = orderId;
    const isOut = state !== undefined && !toAudit(state, { ...range, now: now() });
    const before = isOut ? undefined : await readUnlessUnreadable(orderId, ports);
    const entry = before && toAudit(before.value, { ...range, now: now() });
    if (!entry) {
      skipped += 1;
      continue;
    }
    await pace();
    const read = await readOrder(entry, api);
    if (read.answer !== 'found' && read.answer !== 'not-found') {
      unanswered += 1;
      unansweredInARow += 1;
      continue;
    }
    unansweredInARow = 0;
    const found = findDrift(entry, read.answer === 'found' ? read.order : undefined);
    // What was reported during the read is not drift.
    if (found && (await readUnlessUnreadable(orderId, ports))?.revision !== before.revision) {
      skipped += 1;
      continue;
    }
    audited += 1;
    if (found) drift.push(found);
  }
  return { audited, drift, unanswered, skipped };
}

/** The order, if it must be compared. */
function toAudit(state: OrderState, range: { from: Date; to: Date; now: Date }): LedgerEntry | undefined {
  return state.newest && isAuditable(state, range) ? state : undefined;
}

async function readUnlessUnreadable(
  orderId: string,
  { ledger, onUnreadable }: Pick<AuditOrdersPorts, 'ledger' | 'onUnreadable'>,
): Promise<Versioned<OrderState> | undefined> {
  try {
    return await ledger.read(orderId);
  } catch (error) {
    if (!(error instanceof UnreadableItemError)) throw error;
    onUnreadable?.(error.key);
    return undefined;
  }
}

/** Under the brand's id, another shop may have its order. */
async function readOrder(entry: LedgerEntry, api: AuditOrdersPorts['api']): Promise<OrderApiAnswer> {
  const { orderId, btnRef } = entry;
  for (const id of idsOf(entry)) {
    const byId = await api.get(id, orderId);
    const isFound = byId.answer === 'found' && id === orderId;
    const isAnothers = isFound && identify(byId.order, entry) === 'anothers';
    if (byId.answer !== 'not-found' && !isAnothers) return byId;
  }
  return btnRef === undefined ? { answer: 'not-found' } : api.getByToken(orderId, btnRef);
}
