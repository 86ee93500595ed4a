import type * as z from 'zod';

import { formatJsonPath, type JsonPathSegment } from '../json/json-path.ts';
import { violation, type OrderViolation, type OrderViolationCode } from '../orders/order-violation.ts';
import type { ShopMapping, ShopReasonCode } from './shop-order.ts';

/** The reasons of the mappers' own, by code. Constant texts: a value of the payload can't get into them. */
export const SHOP_REASONS: Record<
  Exclude<ShopReasonCode, OrderViolationCode>,
  { problem: string; fix: string }
> = {
  payload_malformed: {
    problem: 'A field that is needed is missing, or is not what the shop documents.',
    fix: 'Pass the parsed JSON of the whole order, in the form that docs/shops.md names.',
  },
  not_placed: {
    problem: 'The order is not placed yet, or its payment failed.',
    fix: 'Wait for the next version of the order.',
  },
  test_order: {
    problem: 'The shop marks the order as a test, and its token is not a test token.',
    fix: 'Leave it out; or give it a test token of Button.',
  },
  no_goods: {
    problem: 'Nothing in the order earns commission, such as an order of gift cards only.',
    fix: 'Leave it out; or pass giftCards: "include" if your terms pay commission on gift cards.',
  },
  tax_unknown: {
    problem: 'The payload does not say how much tax is in the price.',
    fix: 'Set the taxes of the order in the shop first.',
  },
  refunds_missing: {
    problem: 'The order was refunded in part, and its refunds were not passed.',
    fix: 'Read the refunds of the order, and pass them as docs/shops.md says.',
  },
  refund_unclear: {
    problem: 'Money was refunded, and the payload does not say for what.',
    fix: 'Report the refund with refundAmount, as a version of your own.',
  },
  totals_differ: {
    problem: 'The lines do not sum up to the total of the order.',
    fix: 'Report the order with netTotals; its form is not covered.',
  },
};

export type ShopRefusal = Extract<ShopMapping, { ok: false }>;

/** The payload is refused for one reason; `at` is where in the payload. */
export function refuse(code: keyof typeof SHOP_REASONS, at: readonly JsonPathSegment[] = []): ShopRefusal {
  return { ok: false, reasons: [{ code, path: formatJsonPath(at), ...SHOP_REASONS[code] }] };
}

/** The payload is refused for every field that is not what the shop documents. */
export function refuseMalformed(error: z.ZodError): ShopRefusal {
  const reasons = error.issues.map(({ path }) => ({
    code: 'payload_malformed' as const,
    path: formatJsonPath(path),
    ...SHOP_REASONS.payload_malformed,
  }));
  return { ok: false, reasons };
}

/** The payload makes no order that Button takes. */
export function refuseOrder(violations: readonly OrderViolation[]): ShopRefusal {
  return {
    ok: false,
    reasons: violations.map(({ code, path, problem, fix }) => ({ code, path, problem, fix })),
  };
}

/** As `refuseOrder`, for one rule of the order. */
export function refuseField(code: OrderViolationCode, at: readonly JsonPathSegment[]): ShopRefusal {
  return refuseOrder([violation(code, at)]);
}
