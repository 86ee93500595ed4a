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
   * Somebody sent it again from the quarantine, perhaps edited: a version that Button does not hold is tried
   * once more.
   */
  isReplay: boolean;
  /** The quarantine entry that was sent again. */
  replayOf?: string | undefined;
};

/** The token that a message brings; undefined if it brings none. Pure. */
export function tokenOf(event: OrderEvent): string | undefined {
  return event.kind === 'cancelled' ? undefined : event.order.btn_ref;
}

/**
 * The version that a message brings to an order, as the ledger keeps it. Pure.
 *
 * What an update leaves out, Button keeps ("Update", docs/button/order-api.md): it is filled in from the
 * version before, so that the order is whole whether it is created, updated or compared. Of a version that
 * Button refused only the line items are filled in: the rest may be what was refused.
 *
 * `line_items_missing`: the order has line items, the message has none, and the totals differ. At Button,
 * total and line items would contradict each other from then on.
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
    // What Button may not have must not be created by a version from before its cancellation.
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
  const order = { ...(state.newest && contentToKeep(state, content.total)), ...content };
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
 * A digest of what a version tells Button. It says nothing of who bought, so that no digest that outlives an
 * erasure can confirm a customer; that somebody else is the customer now, it says by how often that has
 * changed.
 */
function digestOf(event: Exclude<OrderEvent, { kind: 'cancelled' }>, customerChanges: number): string {
  const { customer: _customer, ...content } = event.order;
  const digest = contentHash({ ...event, order: content });
  return customerChanges === 0 ? digest : `${digest} ${customerChanges}`;
}

/**
 * Of a cancellation that came in between it is not known whom it was about: it counts as a change if the
 * order names somebody. Of a customer who was erased nobody can say whether it is another one now: Button is
 * not told again.
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

/**
 * When it happened at the latest. A creation that is sent again after a restore of the ledger may be old
 * though its message is new: the purchase says so.
 */
function happenedBy({ event, sentAt }: IncomingVersion): string {
  const boughtMs = event.kind === 'created' ? Date.parse(event.order.purchase_date) : Number.NaN;
  return new Date(boughtMs < sentAt.getTime() ? boughtMs : sentAt).toISOString();
}

/** Since when Button has lacked something of the order; undefined if it lacks nothing. Pure. */
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
 * Whether a message brings this version once more. What the message left out was filled in when it first
 * came, so it is filled in from the version itself. Pure.
 */
export function isCopyOf(newest: NewestVersion, { event }: IncomingVersion): boolean {
  if (event.kind === 'cancelled') return contentHash(event) === newest.hash;
  const { btn_ref: _token, ...content } = event.order;
  const order = { ...newest.order, ...content };
  const isSame = digestOf({ ...event, order }, newest.customerChanges ?? 0) === newest.hash;
  // Once the customer is erased, nobody can say whether it was another one.
  return isSame && (newest.customerErased === true || isSameCustomer(newest.order, order.customer));
}

/** The version that a later one has to be later than. Pure. */
export function latestVersion({ version, latestKnown }: NewestVersion): OrderVersionId {
  return latestKnown ?? version;
}

/** Those of the version before, and those that Button holds as long as that version is not there. */
function contradictsLines({ line_items: lines, total }: Order, entry: LedgerEntry): boolean {
  if (lines !== undefined) return false;
  const { order } = entry.newest;
  if (order?.line_items?.length && order.total !== total) return true;
  return linesToKeep(order, total) === undefined && contradictsReported(total, entry);
}

/** Whether Button holds line items beside which another total would contradict them. Pure. */
export function contradictsReported(total: number, { reported }: Pick<LedgerEntry, 'reported'>): boolean {
  return reported?.hasLines === true && reported.value?.amountMinor !== total;
}

/** Why an order that was never acknowledged ends or waits, if Button has answered its create with 409. */
const TAKEN_REASONS = ['order_id_taken', 'not_found'];

function unconfirmed(state: OrderState): UnconfirmedOrder | undefined {
  const { newest, progress } = state;
  if (!newest || !isUnconfirmed(state)) return undefined;
  if (!newest.order) return newest.cancels;
  const { purchase_date, currency } = newest.order;
  const isIdTaken = 'reason' in progress && TAKEN_REASONS.includes(progress.reason);
  return { purchase_date, currency, ...(isIdTaken && { isIdTaken }) };
}

function contentToKeep({ newest, progress }: LedgerEntry, total: number): Partial<Order> {
  const { line_items: _lines, ...rest } = newest.order ?? {};
  const kept = progress.state === 'refused' ? {} : rest;
  const lines = linesToKeep(newest.order, total);
  return lines ? { ...kept, line_items: lines } : kept;
}

/** An empty list of line items is kept beside a total of 0 only: it would contradict any other. */
function linesToKeep(order: Order | undefined, total: number): Order['line_items'] {
  const lines = order?.line_items;
  return lines && (lines.length > 0 || total === 0) ? lines : undefined;
}
