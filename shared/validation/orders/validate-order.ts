import { asJsonObject } from '../json/json-object.ts';
import type { JsonPathSegment } from '../json/json-path.ts';
import { isCurrencyOn, minorUnitDecimals } from './currency.ts';
import { withoutBlanks } from './order-blanks.ts';
import { findInconsistencies } from './order-consistency.ts';
import { readOrderDate, toButtonDate } from './order-date.ts';
import { DEFAULT_ORDER_RULES, type OrderRules } from './order-rules.ts';
import { orderFitsLedger } from './order-size.ts';
import { listViolations, violation } from './order-violation.ts';
import type { OrderViolation, OrderViolationCode } from './order-violation.ts';
import { findWarnings } from './order-warnings.ts';
import type { Order } from './order.ts';
import { readOrder } from './read-order.ts';

export { DEFAULT_ORDER_RULES, type OrderRules } from './order-rules.ts';
export type { OrderViolation } from './order-violation.ts';

/**
 * The order as Button gets it, or every reason why it is not valid. Warnings come with both and refuse
 * nothing.
 */
export type OrderValidation =
  | { ok: true; order: Order; warnings: OrderViolation[] }
  | { ok: false; violations: OrderViolation[]; warnings: OrderViolation[] };

/**
 * Checks a new, complete order, and finds every violation at once (at most 1000). No text ever contains a
 * refused value.
 *
 * `rules` are those of the brand. Optional fields that are null or empty text count as absent.
 */
export function validateOrder(input: unknown, rules: OrderRules = DEFAULT_ORDER_RULES): OrderValidation {
  return validateOrderVersion(input, { rules, kind: 'created', at: [] });
}

/**
 * Like `validateOrder`, for the version that a message carries: `at` is where the order is in the message.
 */
export function validateOrderVersion(
  input: unknown,
  context: { rules: OrderRules; kind: 'created' | 'updated'; at: readonly JsonPathSegment[] },
): OrderValidation {
  const { at, kind } = context;
  const order = withoutBlanks(input);
  const reading = readOrder(order, at);
  const violations = listViolations(
    [
      ...reading.violations,
      ...findInconsistencies(order, at),
      ...findBrokenRules(order, context),
      ...(kind === 'created' ? findWithdrawnCurrency(order, at) : []),
      ...(reading.order && !orderFitsLedger(reading.order) ? [violation('order_too_large', at)] : []),
    ],
    'more_violations',
  );
  const warnings = listViolations(findWarnings(order, { kind, at }), 'more_warnings');
  return reading.order && violations.length === 0
    ? { ok: true, order: reading.order, warnings }
    : { ok: false, violations, warnings };
}

/**
 * A new order must be in a currency that was active when it was made. An update is not checked: the order has
 * had its currency since it was made, and what remains of it must be reported.
 */
function findWithdrawnCurrency(input: unknown, at: readonly JsonPathSegment[]): OrderViolation[] {
  const { currency, purchase_date } = asJsonObject(input) ?? {};
  const isKnown = typeof currency === 'string' && minorUnitDecimals(currency) !== undefined;
  const date = typeof purchase_date === 'string' ? readOrderDate(purchase_date) : undefined;
  return !isKnown || !date || isCurrencyOn(currency, toButtonDate(date))
    ? []
    : [violation('currency_not_iso_4217', [...at, 'currency'])];
}

const TEST_TOKEN_PREFIX = 'fakesrctok-';
const TEST_TOKEN = /^fakesrctok-[a-f0-9]{16}$/;

function findBrokenRules(
  input: unknown,
  context: { rules: OrderRules; at: readonly JsonPathSegment[] },
): OrderViolation[] {
  const { rules, at } = context;
  const order = asJsonObject(input);
  if (!order) return [];

  const { btn_ref, finalization_date } = order;
  const tokenCode = typeof btn_ref === 'string' ? judgeToken(btn_ref, rules.testTokens) : undefined;
  const dateRefused = finalization_date !== undefined && !rules.allowFinalizationDate;
  return [
    ...(tokenCode ? [violation(tokenCode, [...at, 'btn_ref'])] : []),
    ...(dateRefused ? [violation('finalization_date_refused', [...at, 'finalization_date'])] : []),
  ];
}

function judgeToken(token: string, testTokens: OrderRules['testTokens']): OrderViolationCode | undefined {
  if (!token.startsWith(TEST_TOKEN_PREFIX)) {
    return token !== '' && testTokens === 'require' ? 'btn_ref_real_token_refused' : undefined;
  }
  if (testTokens === 'refuse') return 'btn_ref_test_token_refused';
  return TEST_TOKEN.test(token) ? undefined : 'btn_ref_test_token_malformed';
}
