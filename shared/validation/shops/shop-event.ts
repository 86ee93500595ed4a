import { minorUnitDecimals } from '../orders/currency.ts';
import { hashEmail } from '../orders/email-hash.ts';
import { roundToTotal, shareOf, toWholeUnits } from '../orders/exact-amount.ts';
import { readOrderDate } from '../orders/order-date.ts';
import type { LineItem, Order } from '../orders/order.ts';
import { readProductCode } from '../orders/upc.ts';
import { validateOrderVersion } from '../orders/validate-order.ts';
import { grossOf, takeOff } from './shop-lines.ts';
import type { ShopLine, ShopMapping, ShopOptions, ShopOrder } from './shop-order.ts';
import { refuse, refuseField, refuseOrder } from './shop-reason.ts';

/** Whether the brand takes test tokens is for the sender and the reporter to judge, who know its rules. */
const RULES = { testTokens: 'allow', allowFinalizationDate: true } as const;

/**
 * Makes the event of an order, however its shop wrote it: the lines that remain, rounded so that they sum up
 * to the total. The event passes `validateOrder`, or there is none. Pure.
 */
export function toShopEvent(shop: ShopOrder, options: ShopOptions): ShopMapping {
  const version = readVersion(shop, options);
  if (version === undefined) return refuseField('date_not_iso_8601', []);
  if (shop.state === 'not-placed') return refuse('not_placed');
  const cancelled = { ok: true, event: { kind: 'cancelled', orderId: shop.orderId, ...version } } as const;
  if (shop.state === 'cancelled') return cancelled;

  const decimals = minorUnitDecimals(shop.currency);
  if (decimals === undefined) return refuseField('currency_not_iso_4217', ['currency']);
  if (shop.lines.some(({ net, kept }) => net < 0n || kept < 0n)) {
    return refuseField('amount_negative', ['line_items']);
  }
  const { refundedMoney = 0n, wasRefunded = false } = shop;
  const remaining = remainingLines(shop.lines, options);
  const lines = takeOff(remaining, refundedMoney, grossOf(remaining));
  const wasChanged =
    wasRefunded || refundedMoney > 0n || shop.lines.some(({ kept, quantity }) => kept < quantity);
  if (lines.length === 0) return wasChanged ? cancelled : refuse('no_goods');
  const { total, amounts } = roundToTotal(
    lines.map(({ net }) => net),
    decimals,
  );
  // What remains is a free gift, or nothing: Button asks for a cancellation then.
  if (wasChanged && total === 0) return cancelled;

  const items = lines.map((line, index) => toLineItem(line, amounts[index] ?? 0));
  const order = { ...toOrder(shop, options), total, line_items: items };
  const kind = wasChanged ? 'updated' : 'created';
  const validation = validateOrderVersion(order, { rules: RULES, kind: 'updated', at: [] });
  if (!validation.ok) return refuseOrder(validation.violations);
  return { ok: true, event: { kind, order: validation.order, ...version } };
}

/** The lines that remain, each with the share of its price that its remaining quantity has. */
function remainingLines(lines: readonly ShopLine[], options: ShopOptions): ShopLine[] {
  return lines
    .filter(({ kept, isGiftCard }) => kept > 0n && (!isGiftCard || options.giftCards === 'include'))
    .map((line) => ({
      ...line,
      net: shareOf(line.net, line.kept, line.quantity),
      tax: shareOf(line.tax, line.kept, line.quantity),
    }));
}

function toOrder(shop: ShopOrder, options: ShopOptions): Omit<Order, 'total' | 'line_items'> {
  return {
    currency: shop.currency,
    order_id: shop.orderId,
    customer_order_id: shop.customerOrderId ?? undefined,
    purchase_date: shop.purchasedAt,
    btn_ref: options.btnRef ?? shop.btnRef ?? undefined,
    customer: { id: shop.customerId ?? undefined, email_sha256: hashEmail(shop.email) },
  };
}

const LONGEST_TEXT = 255;

function toLineItem(line: ShopLine, total: number): LineItem {
  const { id, sku, kept, description, couponCodes = [] } = line;
  const codes = [...new Set(couponCodes)].join(',');
  const upc = readProductCode(line.productCode);
  // Button takes whole units only: half a metre has no quantity.
  const quantity = toWholeUnits(kept);
  return {
    identifier: id,
    total,
    ...(quantity !== undefined && { quantity }),
    ...(sku && sku.length <= LONGEST_TEXT && { sku }),
    ...(upc !== undefined && { upc }),
    ...(description && { description }),
    ...(codes !== '' && { attributes: { coupon_code: codes } }),
  };
}

const NANOSECOND_DIGITS = 9;

/**
 * The version in both forms. Of a date, the sequence is its nanoseconds since 1970, so that dates of any
 * exactness are compared.
 */
function readVersion(shop: ShopOrder, options: ShopOptions): { sequence: string; time: string } | undefined {
  const text = shop.version === undefined ? (options.observedAt ?? shop.changedAt) : shop.changedAt;
  const date = readOrderDate(text);
  if (!date || date.epochMs < 0) return undefined;
  const [, fraction = ''] = /[.,](\d+)/.exec(text) ?? [];
  const nanoseconds = fraction.slice(0, NANOSECOND_DIGITS).padEnd(NANOSECOND_DIGITS, '0');
  const sequence = shop.version ?? `${Math.floor(date.epochMs / 1000)}${nanoseconds}`;
  return { sequence, time: new Date(date.epochMs).toISOString() };
}
