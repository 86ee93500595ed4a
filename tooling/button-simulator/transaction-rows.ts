import * as z from 'zod';
import { toMilliseconds, toWholeSeconds } from './instants.ts';

const TextOrNullSchema = z.string().nullable();
const MsOrNullSchema = z.number().nullable();
const RecordSchema = z.record(z.string(), z.unknown());
const OrganizationSchema = z.object({ id: z.string(), name: z.string() });

/** One version of a transaction, which both a webhook and a row of the Transactions API describe. */
export const TransactionVersionSchema = z
  .object({
    /** What its versions have in common: Button's order id, or the first `tx-` id if there is no order. */
    key: z.string(),
    id: z.string(),
    status: z.string(),
    category: z.string(),
    createdMs: z.number(),
    modifiedMs: z.number(),
    validatedMs: MsOrNullSchema,
    /** When the change behind this version happened. */
    eventMs: z.number(),
    attributionMs: MsOrNullSchema,
    purchaseMs: MsOrNullSchema,
    /** Commission in minor units of `currency`. */
    amount: z.number(),
    currency: z.string(),
    orderTotal: z.number().nullable(),
    orderCurrency: TextOrNullSchema,
    lineItems: z.array(RecordSchema).readonly().nullable(),
    buttonOrderId: TextOrNullSchema,
    /** The Brand's order id, for users of the simulator; rows do not show it, as in the captures. */
    orderId: TextOrNullSchema,
    clickChannel: TextOrNullSchema,
    publisherCustomerId: TextOrNullSchema,
    pubRef: TextOrNullSchema,
    brand: OrganizationSchema,
    publisher: OrganizationSchema,
    accountId: z.string(),
    btnRef: TextOrNullSchema,
    country: TextOrNullSchema,
    /** Fields that Button may add one day: shown unchanged in both rows. */
    extra: RecordSchema.readonly(),
    /** Fields that neither row has. */
    leftOut: z.array(z.string()).readonly(),
    /** When the simulator recorded it. */
    recordedMs: z.number(),
  })
  .readonly();
export type TransactionVersion = z.infer<typeof TransactionVersionSchema>;

/** A row or an event's `data`, in Button's field names. */
export type TransactionRow = Record<string, unknown>;

/** `data` of the webhook of a version (docs/button/webhooks.md, "data", columns "both" and "wh"). */
export function webhookData(version: TransactionVersion): TransactionRow {
  return shown(version, {
    posting_rule_id: null,
    ...sharedFields(version),
    modified_date: toMilliseconds(version.modifiedMs),
    created_date: toMilliseconds(version.createdMs),
    campaign_id: 'camp-6e0f2b9d18c7a453',
    rate_card_id: 'ratecard-b7195ce3d04f286a',
    customer_order_id: null,
    event_date: toWholeSeconds(version.eventMs),
    order_purchase_date: nullableSeconds(version.purchaseMs),
  });
}

/** The row of a version in the Transactions API (same table, columns "both" and "api"). */
export function apiRow(version: TransactionVersion): TransactionRow {
  const row = shown(version, {
    ...sharedFields(version),
    modified_date: toWholeSeconds(version.modifiedMs),
    created_date: toWholeSeconds(version.createdMs),
    publisher_organization_name: version.publisher.name,
    commerce_organization_name: version.brand.name,
    order_purchased_date: nullableSeconds(version.purchaseMs),
    country: version.country,
  });
  const lines = row['order_line_items'];
  return Array.isArray(lines) ? { ...row, order_line_items: linesOfRow(lines) } : row;
}

/**
 * A row lists $0 and discount lines first, and names them otherwise than the webhook: Button does not keep
 * their names (docs/button/webhooks.md, "Semantics of line items").
 */
function linesOfRow(lines: readonly unknown[]): unknown[] {
  const isUnstable = (line: unknown): line is object =>
    typeof line === 'object' && line !== null && 'total' in line && Number(line.total) <= 0;
  const unstable = lines.filter(isUnstable).map((line, index) => ({ ...line, identifier: `line-${index}` }));
  return [...unstable, ...lines.filter((line) => !isUnstable(line))];
}

function shown({ extra, leftOut }: TransactionVersion, row: TransactionRow): TransactionRow {
  return Object.fromEntries(Object.entries({ ...row, ...extra }).filter(([name]) => !leftOut.includes(name)));
}

function sharedFields(version: TransactionVersion): TransactionRow {
  return {
    order_currency: version.orderCurrency,
    order_line_items: version.lineItems,
    button_id: 'static',
    order_id: null,
    account_id: version.accountId,
    attribution_date: nullableSeconds(version.attributionMs),
    btn_ref: version.btnRef,
    currency: version.currency,
    pub_ref: version.pubRef,
    status: version.status,
    order_total: version.orderTotal,
    advertising_id: null,
    publisher_organization: version.publisher.id,
    commerce_organization: version.brand.id,
    amount: version.amount,
    button_order_id: version.buttonOrderId,
    publisher_customer_id: version.publisherCustomerId,
    id: version.id,
    order_click_channel: version.clickChannel,
    category: version.category,
    validated_date: nullableSeconds(version.validatedMs),
  };
}

function nullableSeconds(epochMs: number | null): string | null {
  return epochMs === null ? null : toWholeSeconds(epochMs);
}
