import { toMilliseconds, toWholeSeconds } from './instants.ts';
import type { Organization } from './organizations.ts';

/** One version of a transaction, which both a webhook and a row of the Transactions API describe. */
export type TransactionVersion = {
  /** What its versions have in common: Button's order id, or the first `tx-` id if there is no order. */
  readonly key: string;
  readonly id: string;
  readonly status: string;
  readonly category: string;
  readonly createdMs: number;
  readonly modifiedMs: number;
  readonly validatedMs: number | null;
  /** When the change behind this version happened. */
  readonly eventMs: number;
  readonly attributionMs: number | null;
  readonly purchaseMs: number | null;
  /** Commission in minor units of `currency`. */
  readonly amount: number;
  readonly currency: string;
  readonly orderTotal: number | null;
  readonly orderCurrency: string | null;
  readonly lineItems: readonly Record<string, unknown>[] | null;
  readonly buttonOrderId: string | null;
  /** The Brand's order id, for users of the simulator; rows do not show it, as in the captures. */
  readonly orderId: string | null;
  readonly clickChannel: string | null;
  readonly publisherCustomerId: string | null;
  readonly pubRef: string | null;
  readonly brand: Organization;
  readonly publisher: Organization;
  readonly accountId: string;
  readonly btnRef: string | null;
  readonly country: string | null;
  /** Fields that Button may add one day: shown unchanged in both rows. */
  readonly extra: Readonly<Record<string, unknown>>;
  /** Fields that neither row has. */
  readonly leftOut: readonly string[];
  /** When the simulator recorded it. */
  readonly recordedMs: number;
};

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
