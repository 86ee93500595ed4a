import type { ExactAmount } from '../orders/exact-amount.ts';
import type { OrderViolationCode } from '../orders/order-violation.ts';
import type { Order } from '../orders/order.ts';

/** What the shop's own payload does not say. */
export type ShopOptions = {
  /** The attribution token; else the mapper looks in the payload for the field `btnRefName`. */
  btnRef?: string;
  /** What the shop calls the field in which it keeps the token; `btn_ref` if left out. */
  btnRefName?: string;
  /**
   * Whether gift cards that were bought are goods. `leave-out` (the default) reports the order without them.
   * Gift cards with which the order was paid are a payment and take nothing off.
   */
  giftCards?: 'leave-out' | 'include';
  /**
   * When the payload was true, more exact than the shop's own date of change, which counts whole seconds: the
   * time in a header of the webhook, or when you began to read the order. ISO 8601 with an offset.
   */
  observedAt?: string;
};

/** Why a payload is no order to report. */
export type ShopReasonCode =
  | 'payload_malformed'
  | 'not_placed'
  | 'test_order'
  | 'no_goods'
  | 'tax_unknown'
  | 'refunds_missing'
  | 'refund_unclear'
  | 'totals_differ'
  | OrderViolationCode;

/**
 * `path` is where in the payload, or in the order that was made of it. No text holds a value of the payload.
 */
export type ShopReason = { code: ShopReasonCode; path: string; problem: string; fix: string };

/** An event as `createOrderSender` takes it, whichever of `sequence` and `time` the brand orders by. */
export type ShopEvent = { sequence: string; time: string } & (
  | { kind: 'created' | 'updated'; order: Order }
  | { kind: 'cancelled'; orderId: string }
);

/** The event to send for the order, or every reason why there is none. */
export type ShopMapping = { ok: true; event: ShopEvent } | { ok: false; reasons: ShopReason[] };

/** A line as it was sold, before anything came back. Quantities are exact decimals as well. */
export type ShopLine = {
  id: string;
  /** After discounts, without tax. */
  net: ExactAmount;
  tax: ExactAmount;
  quantity: ExactAmount;
  /** How much of the quantity was not cancelled or returned. */
  kept: ExactAmount;
  isGiftCard?: boolean;
  sku?: string | null | undefined;
  productCode?: string | null | undefined;
  description?: string | null | undefined;
  couponCodes?: readonly string[];
};

/** What all shops have in common; each mapper makes one of its payload. */
export type ShopOrder = {
  orderId: string;
  customerOrderId?: string | null | undefined;
  currency: string;
  purchasedAt: string;
  /** When the order was last changed. */
  changedAt: string;
  /** The shop's own number of the version; else the version is made of the date of change. */
  version?: string;
  state: 'placed' | 'cancelled' | 'not-placed';
  btnRef?: string | null | undefined;
  customerId?: string | null | undefined;
  email?: string | null | undefined;
  lines: readonly ShopLine[];
  /** Refunds of money for which no goods came back, with tax in them. */
  refundedMoney?: ExactAmount;
  /** Whether the lines are those that remain after a refund already. */
  wasRefunded?: boolean;
};
