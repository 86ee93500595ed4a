import { type OrderRules, readMessageOrder, validateOrder } from '@button-serverless/validation/orders';

/** An order that is valid whatever its token is; it shows whether the token is valid. */
const ANY_ORDER = { order_id: 'a', total: 0, currency: 'USD', purchase_date: '2026-01-01' };

/**
 * The token that a refused message names, and its order: the token counts although the rest of the message
 * does not. Undefined if one of them cannot be read with certainty, or the brand's rules refuse the token.
 * Never throws.
 */
export function readMessageToken(
  body: string,
  rules: OrderRules,
): { orderId: string; btnRef: string } | undefined {
  const { orderId, data } = readMessageOrder(body) ?? {};
  const token = data?.['btn_ref'];
  if (typeof token !== 'string' || orderId === undefined) return undefined;
  const validation = validateOrder({ ...ANY_ORDER, btn_ref: token }, rules);
  const btnRef = validation.ok ? validation.order.btn_ref : undefined;
  return btnRef === undefined ? undefined : { orderId, btnRef };
}
