import type * as z from 'zod';

import { asJsonObject } from './json-object.ts';
import type { JsonPathSegment } from './json-path.ts';
import { findInconsistencies } from './order-consistency.ts';
import { isOrderViolationCode, listViolations, violation } from './order-violation.ts';
import type { OrderViolation, OrderViolationCode } from './order-violation.ts';
import { findWarnings } from './order-warnings.ts';
import { OrderSchema, type Order } from './order.ts';

export type { OrderViolation } from './order-violation.ts';

/** What a brand's stage decides for itself. `testTokens: 'require'` refuses real tokens; an order without a token passes everywhere. */
export type OrderRules = { allowFinalizationDate: boolean; testTokens: 'allow' | 'refuse' | 'require' };

/** No finalization dates, as Button recommends; test tokens and real ones alike. */
export const DEFAULT_ORDER_RULES: OrderRules = { allowFinalizationDate: false, testTokens: 'allow' };

/** The order, or every reason why it is none. Warnings come with both and refuse nothing. */
export type OrderValidation =
  | { ok: true; order: Order; warnings: OrderViolation[] }
  | { ok: false; violations: OrderViolation[]; warnings: OrderViolation[] };

/** Judges a new order, complete, and finds every violation at once (at most 1000). No text ever holds a rejected value. */
export function validateOrder(input: unknown, rules: OrderRules): OrderValidation {
  return validateOrderVersion(input, { rules, kind: 'created', at: [] });
}

/** As `validateOrder`, for the version that a message carries: `at` is where the order stands in the message. */
export function validateOrderVersion(
  input: unknown,
  context: { rules: OrderRules; kind: 'created' | 'updated'; at: readonly JsonPathSegment[] },
): OrderValidation {
  const { at, kind } = context;
  const parsed = OrderSchema.safeParse(input);
  const violations = listViolations(
    [
      ...(parsed.success ? [] : describeIssues(parsed.error, at)),
      ...findInconsistencies(input, at),
      ...findBrokenRules(input, context),
    ],
    'more_violations',
  );
  const warnings = listViolations(findWarnings(input, { kind, at }), 'more_warnings');
  return parsed.success && violations.length === 0
    ? { ok: true, order: parsed.data, warnings }
    : { ok: false, violations, warnings };
}

/** Names that people send in good faith, and what to tell them. */
const COMMON_MISTAKES: ReadonlyMap<string, OrderViolationCode> = new Map([
  ['status', 'status_read_only'],
  ['total_as_decimal', 'total_as_decimal_refused'],
  ['is_new_user', 'is_new_misnamed'],
  ['finalized_date', 'finalization_date_misnamed'],
  ['email', 'plain_email'],
]);

/** Puts zod's issues in our words; `at` is where the value stands. The message of an issue is its code (order.ts). */
export function describeIssues(error: z.ZodError, at: readonly JsonPathSegment[]): OrderViolation[] {
  return error.issues.flatMap((issue) => {
    const segments = [...at, ...issue.path];
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) =>
        violation(COMMON_MISTAKES.get(key) ?? 'unknown_field', [...segments, key]),
      );
    }
    return [violation(isOrderViolationCode(issue.message) ? issue.message : 'wrong_type', segments)];
  });
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
