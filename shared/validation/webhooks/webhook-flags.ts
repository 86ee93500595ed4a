import { asJsonObject, type JsonObject } from '../json/json-object.ts';
import type { Transaction, TransactionFlag } from './transaction.ts';

/** docs/button/webhooks.md, "data". */
const KNOWN_FIELDS = new Set([
  'id',
  'status',
  'category',
  'created_date',
  'modified_date',
  'validated_date',
  'attribution_date',
  'event_date',
  'order_purchase_date',
  'order_purchased_date',
  'amount',
  'currency',
  'order_total',
  'order_currency',
  'order_line_items',
  'button_order_id',
  'order_id',
  'customer_order_id',
  'order_click_channel',
  'publisher_customer_id',
  'pub_ref',
  'publisher_organization',
  'commerce_organization',
  'publisher_organization_name',
  'commerce_organization_name',
  'account_id',
  'btn_ref',
  'button_id',
  'campaign_id',
  'rate_card_id',
  'posting_rule_id',
  'advertising_id',
  'country',
]);

/** docs/button/webhooks.md, "Line item"; subcategories are numbered. */
const KNOWN_LINE_FIELD =
  /^(?:identifier|total|amount|quantity|publisher_commission|publisher_comission|sku|gtin|upc|category|subcategory\d{1,3}|description|attributes|offer)$/;

/** docs/button/webhooks.md, "Event types". */
const STATUS_OF_EVENT_TYPE = new Map([
  ['tx-pending', 'pending'],
  ['tx-validated', 'validated'],
  ['tx-declined', 'declined'],
]);

/** docs/button/webhooks.md, "data". */
const KNOWN_CATEGORIES = new Set(['new-user-order', 'existing-user-order', 'app-install']);

/**
 * The flags of a webhook that is accepted all the same, each once. Pure; never throws, whatever the payload
 * is.
 *
 * No flag is a reason to refuse: Button adds fields at any time, and lines may be negative, free or missing.
 * Source: docs/button/webhooks.md, "Semantics of line items" and "Conflicts, and what to follow".
 */
export function webhookFlags(
  eventType: string,
  transaction: Transaction,
  payload: unknown,
): readonly TransactionFlag[] {
  return [...eventTypeFlags(eventType, transaction), ...transactionFlags(transaction, payload)];
}

/**
 * The flags of a transaction that is accepted all the same, from a webhook or a row of the Transactions API;
 * each flag once. Pure; never throws, whatever the payload is.
 */
export function transactionFlags(transaction: Transaction, payload: unknown): readonly TransactionFlag[] {
  const fields = asJsonObject(payload) ?? {};
  const { category, buttonOrderId } = transaction;
  return [
    ...flagIf(!KNOWN_CATEGORIES.has(category), 'unknown_category'),
    ...flagIf(buttonOrderId === null && category !== 'app-install', 'missing_order_id'),
    ...lineFlags(fields['order_line_items'], transaction),
    ...flagIf(hasUnknownField(fields), 'unknown_field'),
  ];
}

function eventTypeFlags(eventType: string, { status }: Transaction): readonly TransactionFlag[] {
  const named = STATUS_OF_EVENT_TYPE.get(eventType);
  if (named === undefined) return ['unknown_event_type'];
  return flagIf(named !== status, 'event_type_mismatch');
}

function lineFlags(
  lineItems: unknown,
  { amountMinor, orderTotalMinor }: Transaction,
): readonly TransactionFlag[] {
  const lines = readLines(lineItems);
  if (!lines) return ['unreadable_line_items'];
  const commissions = lines.map((line) => line['publisher_commission'] ?? line['publisher_comission'] ?? 0);
  const sum = commissions.reduce<number>((total, one) => total + (typeof one === 'number' ? one : NaN), 0);
  return [
    ...flagIf(
      lines.some((line) => 'publisher_comission' in line),
      'misspelt_commission',
    ),
    ...flagIf(lines.length > 0 && sum !== (amountMinor ?? 0), 'commission_mismatch'),
    ...flagIf(orderTotalMinor !== null && differsFromLines(orderTotalMinor, lines), 'total_mismatch'),
  ];
}

/** Lines may have no total, for example free ones: then nothing is known. */
function differsFromLines(orderTotalMinor: number, lines: readonly JsonObject[]): boolean {
  const totals = lines.map((line) => line['total']).filter((total) => typeof total === 'number');
  if (lines.length === 0 || totals.length < lines.length) return false;
  return totals.reduce((sum, total) => sum + total, 0) !== orderTotalMinor;
}

function hasUnknownField(fields: JsonObject): boolean {
  const lines = readLines(fields['order_line_items']) ?? [];
  return (
    Object.keys(fields).some((name) => !KNOWN_FIELDS.has(name)) ||
    lines.some((line) => Object.keys(line).some((name) => !KNOWN_LINE_FIELD.test(name)))
  );
}

/** Null and absent mean no lines; undefined if it is neither that nor a list of objects. */
function readLines(lineItems: unknown): JsonObject[] | undefined {
  if (lineItems === null || lineItems === undefined) return [];
  if (!Array.isArray(lineItems)) return undefined;
  const lines = lineItems.map(asJsonObject).filter((line) => line !== undefined);
  return lines.length === lineItems.length ? lines : undefined;
}

function flagIf(isSo: boolean, flag: TransactionFlag): readonly TransactionFlag[] {
  return isSo ? [flag] : [];
}
