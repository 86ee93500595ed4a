import type { Order, OrderEvent, OrderVersionId } from '@button-serverless/validation/orders';

/** The newest version of an order that any message has brought. */
export type NewestVersion = {
  version: OrderVersionId;
  /**
   * Only for a cancellation, which counts whatever its version is: the latest version of the order that was
   * known before. If Button refuses the cancellation, or an operator abandons it, versions later than that
   * one count. For an unconfirmed order it is present only if it is later than the cancellation's own
   * version, which counts otherwise.
   */
  latestKnown?: OrderVersionId;
  kind: OrderEvent['kind'];
  /** A digest of what the version reports to Button, without the customer. */
  hash: string;
  eventId: string;
  eventSource: string;
  /**
   * The queue message that brought it. A refused version is kept under this id, however often it is tried.
   */
  messageId: string;
  /**
   * When the producer says it happened. Otherwise: for a creation, when the customer bought, if that is
   * earlier than its message; for anything else, when its message was sent. ISO 8601 UTC.
   */
  time: string;
  /**
   * When the first message with content that Button does not hold yet reached the queue: this version, or one
   * that it replaced while that waited. The order's age counts from here. ISO 8601 UTC.
   */
  receivedAt?: string;
  /** The quarantine entry whose replay brought it. */
  replayOf?: string;
  /**
   * The whole order without its `btn_ref`, which belongs to the order and not to a version. Fields that the
   * message omitted are taken from the previous version, as Button keeps what an update omits. A cancellation
   * has none.
   */
  order?: Order;
  /**
   * How often the customer has changed up to this version; absent if never. Digests contain this instead of
   * the customer.
   */
  customerChanges?: number;
  /** The order had a customer, who was erased. */
  customerErased?: true;
  /**
   * Only for the cancellation of an unconfirmed order: what is known of the order, from before it or from a
   * message that came later. Empty if that is its token only.
   */
  cancels?: UnconfirmedOrder;
};

/** What distinguishes an order without a token from another shop's with the same id. */
export type Purchase = Pick<Order, 'purchase_date' | 'currency'>;

/** What distinguishes an order that Button may not hold from another shop's order with the same id. */
export type UnconfirmedOrder = Partial<Purchase> & {
  /** As in the ledger entry. */
  isIdTaken?: true;
};

/** The last version that Button acknowledged. */
export type ReportedVersion = {
  version: OrderVersionId;
  kind: OrderEvent['kind'];
  hash: string;
  at: string;
  /** Button answered 202: it may not show the order yet. */
  acceptedOnly: boolean;
  buttonOrderId?: string;
  /** Its value; a cancellation has none. */
  value?: OrderValue;
  /** It had line items. */
  hasLines?: true;
};

/** The value of an order, in minor units of its currency. */
export type OrderValue = { amountMinor: number; currency: string };

/**
 * The progress of the newest version. All instants are ISO 8601 UTC.
 *
 * - `claimed`: a run is reporting the version with `hash`, until `until` at the latest. A claim that is
 *   found after that is an unclear outcome. `retryAt` keeps a retried order in the sweep's index.
 * - `waiting`: Button certainly does not hold it; the next try is due at `dueAt`.
 * - `in-doubt`: Button may hold it. Nothing is sent before `dueAt`; then the order is read from Button
 *   first.
 * - `settled`: Button holds it.
 * - `failing`: Button keeps failing on it while other orders succeed. It is in quarantine, and tried once a
 *   day from `dueAt` on.
 * - `refused`: it cannot be reported unchanged; a newer version starts afresh. A doubt remains: Button may
 *   hold an earlier version.
 */
export type Progress =
  | { state: 'claimed'; owner: string; until: string; hash: string; doubt?: Doubt; retryAt?: string }
  | { state: 'waiting'; dueAt: string; reason: string }
  | { state: 'in-doubt'; dueAt: string; reason: string; doubt: Doubt }
  | { state: 'settled' }
  | { state: 'failing'; dueAt: string; reason: string; doubt?: Doubt }
  | { state: 'refused'; reason: string; doubt?: Doubt };

/**
 * What is unknown about Button, and for which version (`hash`). If several versions may have been carried
 * out, it is the last one that was sent.
 *
 * - `unclear`: the call may or may not have been carried out.
 * - `confirming`: a call after an unclear one succeeded, but the unclear one may have been carried out even
 *   later, and may have undone it.
 */
export type Doubt = {
  kind: 'unclear' | 'confirming';
  hash: string;
  /** Other versions may have been carried out too. */
  amongOthers?: true;
  /**
   * When the last of these calls ended that may have made or changed the order (ISO 8601 UTC). A cancellation
   * is no such call. Missing in entries of older releases.
   */
  sentAt?: string;
  /** Button's id of the order that its answer to a create showed, which is not proved to be this one. */
  shownId?: string;
};

/** The answer to a call that failed. `message` is Button's text and may quote the order. */
export type FailedAnswer = { status: number; type?: string; message?: string };

/** The failures of an order that may be its own, since it last succeeded. */
export type Failures = {
  count: number;
  /** When the first of them was, ISO 8601 UTC. */
  since: string;
  /** The last few of them, the latest last. */
  last: readonly { at: string; reason: string; answer?: FailedAnswer }[];
};

/** A ledger entry: what is known of one order of one brand. */
export type LedgerEntry = {
  brand: string;
  orderId: string;
  /** The order's attribution token: the first valid one that any message brought. */
  btnRef?: string;
  /** Button may hold the order without that token: the next update sends it. */
  tokenDue?: true;
  newest: NewestVersion;
  reported?: ReportedVersion;
  progress: Progress;
  /**
   * The purchase in the first version that a run claimed. A later version may correct it, and Button may show
   * either. Missing as long as no create can have been sent.
   */
  sent?: Purchase;
  /** Button has answered that an order with this id exists, and no read has shown that it is this one. */
  isIdTaken?: true;
  /** Tries since the last success. */
  attempts: number;
  /** A previous version failed, and none has succeeded since: another failure says nothing about Button. */
  hasFailedBefore?: true;
  failures?: Failures;
  /** Since when the order has been in quarantine because Button fails on it; ISO 8601 UTC. */
  failingSince?: string;
  /** The number of unanswered look-ups by token and of refused reads; missing if there were none. */
  failedLookUps?: number;
  /**
   * A version that Button does not hold, from before or after an unfinished cancellation: it becomes the
   * newest if Button refuses the cancellation, or an operator abandons it.
   */
  heldVersion?: HeldVersion;
  /** Codes of the newest version's warnings, and of `TOKEN_WARNINGS`. */
  warnings: readonly string[];
};

/** A version that waits for the end of a cancellation. */
export type HeldVersion = { newest: NewestVersion; warnings: readonly string[] };

/**
 * An order of which the ledger holds no version: nothing at all, or only the token that a refused message
 * brought.
 */
export type UnknownOrder = {
  brand: string;
  orderId: string;
  btnRef?: string;
  newest?: never;
  reported?: never;
  isIdTaken?: never;
  progress?: never;
  tokenDue?: never;
  sent?: never;
};

/** What the ledger knows of an order. */
export type OrderState = UnknownOrder | LedgerEntry;

/**
 * How the calls to Button about a claimed version ended. `lacksToken`: a read before the last call, or the
 * answer to an update, showed the order without its token. `isIdTaken`: Button refused the create because the
 * order exists, and no read showed this one.
 */
export type CallResult = CallOutcome & { lacksToken?: true; isIdTaken?: true };

type CallOutcome =
  /**
   * `sent` is false if Button was found to hold the version already. `created`: a create made a new order.
   */
  | {
      result: 'done';
      acceptedOnly: boolean;
      sent: boolean;
      created?: true;
      /**
       * The result for the order's token: Button holds it now, or does not accept it with an update. Missing
       * if it was not sent.
       */
      token?: 'taken' | 'refused';
      buttonOrderId?: string | undefined;
    }
  /** The call was certainly not carried out. */
  | ({ result: 'try-again' } & FailedCall)
  /** The call may have been carried out, or may still be. `shownId`: see `Doubt`. */
  | ({ result: 'unclear'; shownId?: string | undefined } & FailedCall)
  /** `shownId`: see `Doubt`. The create before this call may have made that order. */
  | { result: 'refused'; reason: string; shownId?: string | undefined };

type FailedCall = {
  reason: string;
  /** How long Button asks to wait. */
  afterMs?: number | undefined;
  /** The call is a look-up by token that Button did not answer, or a read by id that it refused. */
  isLookUp?: true;
  /** The order itself may be the cause. */
  blamesOrder?: true;
  answer?: FailedAnswer | undefined;
};

/** The ledger's own warnings, which stay when a newer version arrives. */
export const TOKEN_WARNINGS = {
  /** A later message brought another token, which was not used. */
  another: 'btn_ref_differs',
  /** Button holds the order and did not accept its token. */
  notTaken: 'btn_ref_not_taken',
} as const;

/** The state of an order before any message about it. */
export function initialState(brand: string, orderId: string): UnknownOrder {
  return { brand, orderId };
}

/**
 * Whether Button has not yet proved that the order with this id is this one: it has acknowledged nothing, or
 * only accepted it (202), which does not exclude another shop's order with the same id, or was only found to
 * have nothing left to cancel. Pure.
 */
export function isUnconfirmed({ reported }: Pick<OrderState, 'reported'>): boolean {
  if (!reported) return true;
  return reported.buttonOrderId === undefined && (reported.acceptedOnly || reported.kind === 'cancelled');
}

/** The purchase in a version; a cancellation has none. */
export function purchaseOf({ order }: Pick<NewestVersion, 'kind' | 'order'>): Purchase | undefined {
  return order && { purchase_date: order.purchase_date, currency: order.currency };
}

/** The value of a version; a cancellation has none. */
export function valueOf({ order }: NewestVersion): OrderValue | undefined {
  return order && { amountMinor: order.total, currency: order.currency };
}

const TYPE_OF_KIND = {
  created: 'order.created.v1',
  updated: 'order.updated.v1',
  cancelled: 'order.cancelled.v1',
} as const satisfies Record<OrderEvent['kind'], string>;

/**
 * The message that would bring the newest version again: it is kept if a version is refused that only the
 * ledger still holds.
 */
export function orderMessage({ orderId, newest, btnRef }: LedgerEntry): string {
  const { version, kind, eventId, eventSource, time, order } = newest;
  return JSON.stringify({
    specversion: '1.0',
    id: eventId,
    source: eventSource,
    type: TYPE_OF_KIND[kind],
    subject: orderId,
    sequence: version.by === 'sequence' ? version.sequence : undefined,
    time,
    data: order && { ...order, btn_ref: btnRef },
  });
}
