import { recordStatus, type TransactionRecord } from '@button-serverless/validation/webhooks';

import { valueOf, type OrderState } from '../../../shared/orders/rules/order-ledger.ts';
import type { QuarantineSummary } from '../../../shared/quarantine/quarantine-review.ts';
import { isOpen } from '../../timeline/entry-moments.ts';
import { money } from '../../timeline/words.ts';
import type { EntryRow, EventRow, OrderRow, TransactionRow } from '../view.ts';

/** An order as the page lists it; undefined if the ledger has no version of it. Pure. */
export function orderRow(state: OrderState): OrderRow | undefined {
  if (!state.newest) return undefined;
  const { brand, orderId, newest, reported, progress, failures } = state;
  const value = valueOf(newest);
  const moments = [newest.receivedAt ?? newest.time, reported?.at, failures?.last.at(-1)?.at];
  return {
    key: `${brand}#${orderId}`,
    at: latestOf(moments),
    orderId,
    brand,
    state: progress.state,
    kind: newest.kind,
    ...(value && { worth: money(value.amountMinor, value.currency) }),
    ...('reason' in progress && { reason: progress.reason }),
  };
}

/** A transaction as the page lists it. Pure. */
export function transactionRow(record: TransactionRecord): TransactionRow {
  const { amountMinor, currency, commerceOrganization, commerceOrganizationName } =
    record.candidates[0].transaction;
  return {
    key: record.key,
    at: record.storedAt,
    brand: commerceOrganizationName ?? commerceOrganization ?? 'unknown brand',
    state: recordStatus(record),
    worth: money(amountMinor, currency),
    changes: record.changes,
  };
}

/**
 * The event of a transaction's newest version, from what is stored: who cannot look into the bus still sees
 * what was published last of each transaction. Pure.
 */
export function eventOf({ key, at, state, worth, changes }: TransactionRow): EventRow {
  const type = state === 'pending' ? (changes === 1 ? 'created' : 'adjusted') : state;
  return { key: `${key}@${changes}`, at, type: `transaction.${type}`, about: key, worth };
}

/** An entry of the quarantine as the page lists it; undefined if it has been replayed. Pure. */
export function entryRow(entry: QuarantineSummary): EntryRow | undefined {
  if (!isOpen(entry)) return undefined;
  const { kind, id, refusedAt, orderId, reasons } = entry;
  const [first] = reasons;
  const [table = '', brand] = kind.split('#');
  return {
    key: `${kind}#${id}`,
    at: refusedAt,
    kind: table === 'order' ? 'order' : table === 'webhook' ? 'webhook' : 'row',
    entry: id,
    ...(brand !== undefined && { brand }),
    ...(orderId !== undefined && { orderId }),
    code: first?.code ?? 'unknown',
    problem: first?.problem ?? '',
    more: Math.max(0, reasons.length - 1),
  };
}

function latestOf(instants: readonly (string | undefined)[]): string {
  const known = instants.filter((instant) => instant !== undefined);
  return known.toSorted((one, other) => Date.parse(other) - Date.parse(one))[0] ?? '';
}
