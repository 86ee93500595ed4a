import { commissionOn } from './commission.ts';
import type { NewId } from './ids.ts';
import type { Order } from './order-book.ts';
import type { Organization } from './organizations.ts';
import type { Shopper } from './shoppers.ts';
import type { TransactionVersion } from './transaction-rows.ts';
import type { World } from './world.ts';

/** Order states in the words of transactions (docs/button/order-api.md, "Order states"). */
const TRANSACTION_STATUS = { open: 'pending', finalized: 'validated', deleted: 'declined' } as const;

/** What a transaction does not take from its order. */
export type TransactionSetting = {
  nowMs: number;
  newId: NewId;
  world: Readonly<World>;
  commissionPercent: number;
  shopper: Shopper;
  publisher: Organization;
  brand: Organization;
  accountId: string;
  country: string;
};

/** The version of a transaction for the present state of an order, after `previous` if there was one. */
export function versionOfOrder(
  order: Order,
  setting: TransactionSetting,
  previous: TransactionVersion | undefined,
): TransactionVersion {
  const { nowMs, world } = setting;
  const { fields } = order;
  const status = TRANSACTION_STATUS[order.status];
  const commission = commissionOn(fields, setting.commissionPercent);
  const keepsId = previous !== undefined && world.transactionId === 'stable';
  const modifiedMs = laterThan(previous, nowMs);
  return {
    key: order.buttonOrderId,
    id: keepsId ? previous.id : setting.newId('tx'),
    status,
    category: fields.customer?.is_new === true ? 'new-user-order' : 'existing-user-order',
    createdMs: previous?.createdMs ?? modifiedMs,
    modifiedMs,
    validatedMs: status === 'validated' ? modifiedMs : null,
    eventMs: order.reportedMs,
    attributionMs: Date.parse(fields.purchase_date),
    purchaseMs: Date.parse(fields.purchase_date),
    amount: status === 'declined' && world.declinedAmount === 'zero' ? 0 : commission.amount,
    currency: fields.currency,
    orderTotal: fields.total,
    orderCurrency: fields.currency,
    lineItems: commission.lineItems,
    buttonOrderId: order.buttonOrderId,
    orderId: fields.order_id,
    clickChannel: fields.partner_order_channel ?? 'webview',
    publisherCustomerId: setting.shopper.publisherCustomerId,
    pubRef: setting.shopper.pubRef,
    brand: setting.brand,
    publisher: setting.publisher,
    accountId: setting.accountId,
    btnRef: fields.btn_ref ?? null,
    country: setting.country,
    extra: {},
    leftOut: [],
    recordedMs: nowMs,
  };
}

/** The current time, but later than the previous version: each change has its own `modified_date`. */
export function laterThan(previous: TransactionVersion | undefined, nowMs: number): number {
  return previous === undefined ? nowMs : Math.max(nowMs, previous.modifiedMs + 1);
}
