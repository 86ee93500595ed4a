import type { Order, OrderEvent, OrderVersionId } from '@button-serverless/validation/orders';

/** The newest version of an order that any message has brought. */
export type NewestVersion = {
  version: OrderVersionId;
  /**
   * Only of a cancellation, which counts whatever its version is: the latest version of the order that was
   * known before. Should Button refuse the cancellation, versions later than that count. Of an order that is
   * unconfirmed it is there only where it is later than the cancellation's own, which counts otherwise.
   */
  latestKnown?: OrderVersionId;
  kind: OrderEvent['kind'];
  /** A digest of what it tells Button, without who bought. */
  hash: string;
  eventId: string;
  eventSource: string;
  /**
   * The queue message that brought it: under this id it is kept if it is refused, however often it is tried.
   */
  messageId: string;
  /**
   * When the producer says it happened. Else of a creation when the customer bought, if that is earlier than
   * its message; of anything else, when its message was sent. ISO 8601 UTC.
   */
  time: string;
  /**
   * When the first message reached the queue that brought something that Button does not hold yet: this
   * version, or one that it replaced while that waited. The order's age counts from here. ISO 8601 UTC.
   */
  receivedAt?: string;
  /** The quarantine entry whose replay brought it. */
  replayOf?: string;
  /**
   * The whole order without its `btn_ref`, which belongs to the order and not to a version. What the message
   * left out is filled in from the version before, as Button keeps what an update does not name. A
   * cancellation has none.
   */
  order?: Order;
  /**
   * How often the customer has changed up to this version; left out if never. Digests say this instead of who
   * it is.
   */
  customerChanges?: number;
  /** The order had a customer, who was erased. */
  customerErased?: true;
  /** Only of the cancellation of an order that is unconfirmed: what was known of it before. */
  cancels?: UnconfirmedOrder;
};

/** What tells an order that Button may not hold from another shop's order of the same id. */
export type UnconfirmedOrder = Pick<Order, 'purchase_date' | 'currency'> & {
  /** Button has answered that an order of this id is there, and it was not this one. */
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
  /** What it was worth; a cancellation has none. */
  value?: OrderValue;
  /** It had line items. */
  hasLines?: true;
};

/** What an order is worth, in minor units of its currency. */
export type OrderValue = { amountMinor: number; currency: string };

/**
 * Where the newest version stands. All instants are ISO 8601 UTC.
 *
 * - `claimed`: a run is reporting the version with `hash`, until `until` at the latest. A claim that is found
 *   after that is itself an unclear outcome. `retryAt` keeps a retried order in the sweep's index.
 * - `waiting`: Button does not hold it, for certain; the next try is due at `dueAt`.
 * - `in-doubt`: Button may hold it. Nothing is sent before `dueAt`; then the order is read from Button first.
 * - `settled`: Button holds it.
 * - `failing`: Button fails on it again and again while other orders succeed. It is in quarantine, and tried
 *   once a day from `dueAt` on.
 * - `refused`: it can't be reported as it is; a newer version starts afresh. What was in doubt stays so:
 *   Button may hold an earlier one.
 */
export type Progress =
  | { state: 'claimed'; owner: string; until: string; hash: string; doubt?: Doubt; retryAt?: string }
  | { state: 'waiting'; dueAt: string; reason: string }
  | { state: 'in-doubt'; dueAt: string; reason: string; doubt: Doubt }
  | { state: 'settled' }
  | { state: 'failing'; dueAt: string; reason: string; doubt?: Doubt }
  | { state: 'refused'; reason: string; doubt?: Doubt };

/**
 * What is not known of Button, and about which version (`hash`). If several versions may have been carried
 * out, it is the last of them that was sent.
 *
 * - `unclear`: the call may or may not have been carried out.
 * - `confirming`: a call after an unclear one succeeded; the unclear one may have been carried out later
 *   still, and undone it.
 */
export type Doubt = {
  kind: 'unclear' | 'confirming';
  hash: string;
  /** Other versions than that may have been carried out too. */
  amongOthers?: true;
};

/** What was answered to a call that failed. `message` is Button's text and may quote the order. */
export type FailedAnswer = { status: number; type?: string; message?: string };

/** The failures of an order that may be its own, since it last succeeded. */
export type Failures = {
  count: number;
  /** When the first of them was, ISO 8601 UTC. */
  since: string;
  /** The last few of them, the latest last. */
  last: readonly { at: string; reason: string; answer?: FailedAnswer }[];
};

/** The ledger's item for one order of one brand. */
export type LedgerEntry = {
  brand: string;
  orderId: string;
  /** The order's attribution token: the first valid one that any message brought. */
  btnRef?: string;
  /** Button may hold the order without that token: the next update brings it. */
  tokenDue?: true;
  newest: NewestVersion;
  reported?: ReportedVersion;
  progress: Progress;
  /** Tries since the last success. */
  attempts: number;
  /**
   * A version before this one failed, and none has succeeded since: another failure says nothing about
   * Button.
   */
  hasFailedBefore?: true;
  failures?: Failures;
  /** Since when the order has been in quarantine because Button fails on it; ISO 8601 UTC. */
  failingSince?: string;
  /** Look-ups by the order's token among the tries that were not answered; missing if there was none. */
  failedLookUps?: number;
  /**
   * A version that Button does not hold, from before or after a cancellation whose end is open: it is the
   * newest should Button refuse the cancellation.
   */
  heldVersion?: HeldVersion;
  /** Codes of the newest version's warnings, and of `TOKEN_WARNINGS`. */
  warnings: readonly string[];
};

/** A version that waits for the end of a cancellation. */
export type HeldVersion = { newest: NewestVersion; warnings: readonly string[] };

/**
 * An order of which the ledger holds no version: nothing at all, or the token that a refused message brought.
 */
export type UnknownOrder = {
  brand: string;
  orderId: string;
  btnRef?: string;
  newest?: undefined;
  reported?: undefined;
  progress?: undefined;
  tokenDue?: undefined;
};

/** What the ledger knows of an order. */
export type OrderState = UnknownOrder | LedgerEntry;

/** How the calls to Button about a claimed version ended. */
export type CallResult =
  /**
   * `sent` is false where Button was found to hold the version already. `created`: by a create, which makes a
   * new order.
   */
  | {
      result: 'done';
      acceptedOnly: boolean;
      sent: boolean;
      created?: true;
      /**
       * What became of the order's token: Button holds it now, or does not take it with an update. Missing if
       * it was not asked to.
       */
      token?: 'taken' | 'refused';
      buttonOrderId?: string;
    }
  /**
   * Not carried out, for certain. `isLookUp`, here and below: what was not answered is the look-up by the
   * order's token. `blamesOrder`: the order itself may be the cause.
   */
  | {
      result: 'try-again';
      reason: string;
      afterMs?: number;
      isLookUp?: true;
      blamesOrder?: true;
      answer?: FailedAnswer;
    }
  /** It may have been carried out, or may still be. */
  | { result: 'unclear'; reason: string; isLookUp?: true; answer?: FailedAnswer }
  | { result: 'refused'; reason: string };

/** What the ledger warns of by itself: these outlast the version that was newest then. */
export const TOKEN_WARNINGS = {
  /** A later message brought another token, which was not used. */
  another: 'btn_ref_differs',
  /** Button did not take the token that became known after the order had been reported. */
  notTaken: 'btn_ref_not_taken',
} as const;

/** The state of an order that no message has been about. */
export function initialState(brand: string, orderId: string): UnknownOrder {
  return { brand, orderId };
}

/**
 * Whether Button has not shown yet that the order of this id is this one: it has acknowledged nothing, or
 * only accepted it (202), which tells nothing of an order of the same id that is another shop's. Pure.
 */
export function isUnconfirmed({ reported }: Pick<OrderState, 'reported'>): boolean {
  return !reported || (reported.acceptedOnly && reported.buttonOrderId === undefined);
}

/**
 * The ids under which Button may know the order: the brand's own, and Button's as far as it is known. Pure.
 */
export function idsOf({ orderId, reported }: LedgerEntry): string[] {
  const { buttonOrderId } = reported ?? {};
  return buttonOrderId === undefined || buttonOrderId === orderId ? [orderId] : [orderId, buttonOrderId];
}

/** The same for a read: Button's own first, because another shop's order may have the brand's. Pure. */
export function idsToRead(entry: LedgerEntry): string[] {
  return idsOf(entry).toReversed();
}

/** What a version is worth; a cancellation nothing. */
export function valueOf({ order }: NewestVersion): OrderValue | undefined {
  return order && { amountMinor: order.total, currency: order.currency };
}

const TYPE_OF_KIND = {
  created: 'order.created.v1',
  updated: 'order.updated.v1',
  cancelled: 'order.cancelled.v1',
} as const satisfies Record<OrderEvent['kind'], string>;

/**
 * The message that would bring the newest version again: what is kept when a version is refused that only the
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
