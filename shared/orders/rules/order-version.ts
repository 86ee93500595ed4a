import { canonicalJson } from '@button-serverless/validation/json';
import {
  compareVersions,
  contentHash,
  type Order,
  type OrderEvent,
  type OrderVersionId,
} from '@button-serverless/validation/orders';
import {
  isUnconfirmed,
  purchaseOf,
  type LedgerEntry,
  type NewestVersion,
  type OrderState,
  type UnconfirmedOrder,
} from './order-ledger.ts';

/** A valid message of one brand. */
export type IncomingVersion = {
  event: OrderEvent;
  messageId: string;
  sentAt: Date;
  warnings: readonly string[];
  /**
   * Somebody replayed it from the quarantine, perhaps edited: a version that Button does not hold is tried
   * once more.
   */
  isReplay: boolean;
  /** The quarantine entry that was replayed. */
  replayOf?: string | undefined;
};

/** The token that a message brings; undefined if it has none. Pure. */
export function tokenOf(event: OrderEvent): string | undefined {
  return event.kind === 'cancelled' ? undefined : event.order.btn_ref;
}

/**
 * The version that a message brings to an order, in the form of the ledger. Pure.
 *
 * Button keeps what an update omits ("Update", docs/button/order-api.md). So omitted fields are taken from
 * the previous version, and the order is complete whether it is created, updated or compared. From a version
 * that Button refused, only the line items are taken: Button may have refused the rest. The same holds for a
 * creation, which is the whole order, as long as Button has acknowledged nothing: it may leave out the field
 * on which Button fails.
 *
 * `line_items_missing`: the order has line items, the message has none, and the totals differ. At Button,
 * total and line items would contradict each other after that.
 */
export function toNewestVersion(
  state: OrderState,
  incoming: IncomingVersion,
): NewestVersion | 'line_items_missing' {
  const { event, messageId, sentAt, replayOf } = incoming;
  const attributes = {
    version: event.version,
    kind: event.kind,
    eventId: event.id,
    eventSource: event.source,
    messageId,
    time: event.time ?? happenedBy(incoming),
    receivedAt: unreportedSince(state) ?? sentAt.toISOString(),
    ...(replayOf === undefined ? {} : { replayOf }),
  };
  if (event.kind === 'cancelled') {
    const known = state.newest && latestVersion(state.newest);
    const cancels = unconfirmed(state);
    // A version from before its cancellation must not create an order that Button may not have.
    const isLast = known && (!cancels || compareVersions(event.version, known) === 'older');
    return {
      ...attributes,
      ...(isLast && { latestKnown: known }),
      ...(cancels && { cancels }),
      ...changesOf(state.newest?.customerChanges),
      ...(state.newest?.customerErased && { customerErased: true }),
      hash: contentHash(event),
    };
  }
  const { btn_ref: _token, ...content } = event.order;
  if (state.newest && contradictsLines(content, state)) return 'line_items_missing';
  const order = { ...(state.newest && contentToKeep(state, event)), ...content };
  const customerChanges = countCustomerChanges(state.newest, order);
  const hash = digestOf({ ...event, order }, customerChanges);
  return {
    ...attributes,
    hash,
    order,
    ...changesOf(customerChanges),
    ...(order.customer === undefined && state.newest?.customerErased && { customerErased: true }),
  };
}

/**
 * A digest of what a version reports to Button. It does not contain the customer, so no digest that outlives
 * an erasure can confirm one. It contains how often the customer has changed, so a different customer gives a
 * different digest.
 */
function digestOf(event: Exclude<OrderEvent, { kind: 'cancelled' }>, customerChanges: number): string {
  const { customer: _customer, ...content } = event.order;
  const digest = contentHash({ ...event, order: content });
  return customerChanges === 0 ? digest : `${digest} ${customerChanges}`;
}

/**
 * If a cancellation came in between, its customer is unknown: it counts as a change if the order names a
 * customer. If the customer was erased, nobody can say whether the new one is different: nothing is reported
 * to Button again.
 */
function countCustomerChanges(before: NewestVersion | undefined, { customer }: Order): number {
  const known = before?.customerChanges ?? 0;
  if (before === undefined || before.customerErased || isSameCustomer(before.order, customer)) return known;
  return known + 1;
}

function isSameCustomer(known: Order | undefined, customer: Order['customer']): boolean {
  return canonicalJson(known?.customer ?? null) === canonicalJson(customer ?? null);
}

function changesOf(customerChanges: number | undefined): Pick<NewestVersion, 'customerChanges'> {
  return customerChanges === undefined || customerChanges === 0 ? {} : { customerChanges };
}

/** The latest time at which it can have happened. */
function happenedBy({ event, sentAt }: IncomingVersion): string {
  const boughtMs = event.kind === 'created' ? Date.parse(event.order.purchase_date) : Number.NaN;
  return new Date(boughtMs < sentAt.getTime() ? boughtMs : sentAt).toISOString();
}

/** Since when Button has lacked a part of the order; undefined if it lacks nothing. Pure. */
export function unreportedSince(state: OrderState): string | undefined {
  if (!state.newest) return undefined;
  const { newest, progress } = state;
  switch (progress.state) {
    case 'settled':
    case 'refused':
      return undefined;
    case 'in-doubt':
      return progress.doubt.kind === 'unclear' ? newest.receivedAt : undefined;
    case 'claimed':
    case 'waiting':
    case 'failing':
      return newest.receivedAt;
  }
}

/**
 * Whether a message brings this version once more. What the message omits was filled in when it first
 * arrived, so it is filled in from the version itself. Pure.
 */
export function isCopyOf(newest: NewestVersion, { event }: IncomingVersion): boolean {
  if (event.kind === 'cancelled') return contentHash(event) === newest.hash;
  const { btn_ref: _token, ...content } = event.order;
  const order = { ...newest.order, ...content };
  const isSame = digestOf({ ...event, order }, newest.customerChanges ?? 0) === newest.hash;
  // Once the customer is erased, nobody can say whether the new one is different.
  return isSame && (newest.customerErased === true || isSameCustomer(newest.order, order.customer));
}

/** The version that a later version must exceed. Pure. */
export function latestVersion({ version, latestKnown }: NewestVersion): OrderVersionId {
  return latestKnown ?? version;
}

/**
 * Whether a version without line items would leave old ones next to a different total: those of the previous
 * version, or those that Button holds.
 */
function contradictsLines({ line_items: lines, total }: Order, entry: LedgerEntry): boolean {
  if (lines !== undefined) return false;
  const { order } = entry.newest;
  if (order?.line_items?.length && order.total !== total) return true;
  return linesToKeep(order, total) === undefined && contradictsReported(total, entry);
}

/** Whether Button holds line items that a different total would contradict. Pure. */
export function contradictsReported(total: number, { reported }: Pick<LedgerEntry, 'reported'>): boolean {
  return reported?.hasLines === true && reported.value?.amountMinor !== total;
}

function unconfirmed(state: OrderState): UnconfirmedOrder | undefined {
  const { newest, reported, btnRef } = state;
  if (!newest) return btnRef === undefined ? undefined : {};
  if (!isUnconfirmed(state)) return undefined;
  if (!newest.order) return newest.cancels;
  // What Button has accepted (202) and does not show yet is not taken.
  const isIdTaken = !reported && state.isIdTaken;
  return { ...purchaseOf(newest), ...(isIdTaken && { isIdTaken }) };
}

function contentToKeep(
  { newest, progress, reported }: LedgerEntry,
  { kind, order }: Exclude<OrderEvent, { kind: 'cancelled' }>,
): Partial<Order> {
  const { line_items: _lines, ...rest } = newest.order ?? {};
  const isWhole = kind === 'created' && reported === undefined;
  const kept = progress.state === 'refused' || isWhole ? {} : rest;
  const lines = linesToKeep(newest.order, order.total);
  return lines ? { ...kept, line_items: lines } : kept;
}

/** An empty list of line items is kept only with a total of 0: it would contradict any other. */
function linesToKeep(order: Order | undefined, total: number): Order['line_items'] {
  const lines = order?.line_items;
  return lines && (lines.length > 0 || total === 0) ? lines : undefined;
}
