import * as z from 'zod';
import type { NewId } from './ids.ts';
import { laterThan } from './order-transaction.ts';
import type { Organization } from './organizations.ts';
import type { TransactionVersion } from './transaction-rows.ts';

const InstantSchema = z.iso.datetime({ offset: true });

/**
 * A transaction written into the simulator by hand, in Button's field names. All fields are optional: they
 * change the transaction that `id`, or without it `button_order_id`, names, or create a validated one with
 * the current time. Nothing is checked against Button's rules, so that any row that a receiver may ever meet
 * can be created, such as a second transaction of an order.
 */
export const InjectedTransactionSchema = z.strictObject({
  /** Names the transaction to change if its `id` has changed, or if two transactions share an id. */
  key: z.string().min(1).optional(),
  id: z.string().min(1).optional(),
  button_order_id: z.string().min(1).nullable().optional(),
  status: z.string().optional(),
  category: z.string().optional(),
  created_date: InstantSchema.optional(),
  modified_date: InstantSchema.optional(),
  validated_date: InstantSchema.nullable().optional(),
  event_date: InstantSchema.optional(),
  attribution_date: InstantSchema.nullable().optional(),
  order_purchase_date: InstantSchema.nullable().optional(),
  amount: z.int().optional(),
  currency: z.string().length(3).optional(),
  order_total: z.int().nullable().optional(),
  order_currency: z.string().length(3).nullable().optional(),
  order_line_items: z.array(z.record(z.string(), z.unknown())).nullable().optional(),
  order_click_channel: z.string().nullable().optional(),
  publisher_customer_id: z.string().nullable().optional(),
  pub_ref: z.string().nullable().optional(),
  btn_ref: z.string().nullable().optional(),
  country: z.string().nullable().optional(),
  /** Further fields of both rows, or other values for theirs. */
  extra: z.record(z.string(), z.unknown()).optional(),
  /** Fields that neither row has, whatever their value. */
  left_out: z.array(z.string()).optional(),
  /** False sends no webhook: only the Transactions API then shows this version. */
  webhook: z.boolean().default(true),
  /** An `event_type` other than `tx-` and the status. */
  event_type: z.string().optional(),
});
export type InjectedTransaction = z.infer<typeof InjectedTransactionSchema>;
/** The same before its defaults are filled in. */
export type InjectedTransactionInput = z.input<typeof InjectedTransactionSchema>;

/** What a hand-written row takes from elsewhere. */
export type InjectionSetting = {
  nowMs: number;
  newId: NewId;
  publisher: Organization;
  brand: Organization;
  country: string;
  /** The account in a currency. */
  accountIn: (currency: string) => string;
};

/** The version for a hand-written row, after `previous` if the row names one. */
export function versionOfRow(
  row: InjectedTransaction,
  setting: InjectionSetting,
  previous: TransactionVersion | undefined,
): TransactionVersion {
  const base = previous ?? emptyTransaction(row, setting);
  const modifiedMs = instantOf(row.modified_date, laterThan(previous, setting.nowMs));
  const currency = row.currency ?? base.currency;
  const status = row.status ?? base.status;
  return {
    ...base,
    id: row.id ?? base.id,
    status,
    category: row.category ?? base.category,
    createdMs: instantOf(row.created_date, previous?.createdMs ?? modifiedMs),
    modifiedMs,
    validatedMs: nullableInstantOf(row.validated_date, status === 'validated' ? modifiedMs : null),
    eventMs: instantOf(row.event_date, modifiedMs),
    attributionMs: nullableInstantOf(row.attribution_date, previous?.attributionMs ?? modifiedMs),
    purchaseMs: nullableInstantOf(row.order_purchase_date, base.purchaseMs),
    amount: row.amount ?? base.amount,
    currency,
    orderTotal: given(row.order_total, base.orderTotal),
    orderCurrency: given(row.order_currency, base.orderCurrency),
    lineItems: given(row.order_line_items, base.lineItems),
    buttonOrderId: given(row.button_order_id, base.buttonOrderId),
    clickChannel: given(row.order_click_channel, base.clickChannel),
    publisherCustomerId: given(row.publisher_customer_id, base.publisherCustomerId),
    pubRef: given(row.pub_ref, base.pubRef),
    btnRef: given(row.btn_ref, base.btnRef),
    country: given(row.country, base.country),
    accountId: setting.accountIn(currency),
    extra: { ...base.extra, ...row.extra },
    leftOut: row.left_out ?? base.leftOut,
    recordedMs: setting.nowMs,
  };
}

function emptyTransaction(row: InjectedTransaction, setting: InjectionSetting): TransactionVersion {
  const { nowMs, newId, publisher, brand, country } = setting;
  const id = row.id ?? newId('tx');
  return {
    key: row.key ?? row.id ?? row.button_order_id ?? id,
    id,
    status: 'validated',
    category: 'new-user-order',
    createdMs: nowMs,
    modifiedMs: nowMs,
    validatedMs: null,
    eventMs: nowMs,
    attributionMs: null,
    purchaseMs: null,
    amount: 0,
    currency: 'USD',
    orderTotal: null,
    orderCurrency: null,
    lineItems: null,
    buttonOrderId: null,
    orderId: null,
    clickChannel: null,
    publisherCustomerId: null,
    pubRef: null,
    brand,
    publisher,
    accountId: '',
    btnRef: null,
    country,
    extra: {},
    leftOut: [],
    recordedMs: nowMs,
  };
}

/** The given instant in epoch milliseconds; the fallback when none was given. */
function instantOf(instant: string | undefined, fallback: number): number {
  return instant === undefined ? fallback : Date.parse(instant);
}

/** The same for an instant that can be given as null. */
function nullableInstantOf(instant: string | null | undefined, fallback: number | null): number | null {
  if (instant === undefined) return fallback;
  return instant === null ? null : Date.parse(instant);
}

/** The given value, null included; the fallback when nothing was given. */
function given<Value>(value: Value | undefined, fallback: Value): Value {
  return value === undefined ? fallback : value;
}
