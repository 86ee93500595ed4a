import { asJsonObject } from '@button-serverless/validation/json';
import {
  recordStatus,
  type Transaction as SeenTransaction,
  type TransactionRecord,
} from '@button-serverless/validation/webhooks';
import { rewardGroup } from '../../shared/transactions/rules/shopper-rewards.ts';
import type { ShopperTransaction } from '../../shared/transactions/store/shopper-index.ts';
import type { Transaction, TransactionSummary } from './api-schemas.ts';

/** One of a shopper's transactions as the API shows it. Pure. */
export function toSummary(transaction: ShopperTransaction): TransactionSummary {
  return {
    key: transaction.pk,
    reward: rewardGroup(transaction),
    notRewardableReason: transaction.notRewardableReason ?? null,
    status: transaction.status,
    amountMinor: transaction.amountMinor ?? null,
    currency: transaction.currency ?? null,
    category: transaction.category,
    brandId: transaction.commerceOrganization ?? null,
    brandName: transaction.commerceOrganizationName ?? null,
    orderTotalMinor: transaction.orderTotalMinor ?? null,
    orderCurrency: transaction.orderCurrency ?? null,
    createdDate: transaction.createdDate,
    modifiedDate: transaction.modifiedDate,
    validatedDate: transaction.validatedDate ?? null,
    delivery: transaction.delivery,
    version: transaction.version,
  };
}

/** A complete transaction as the API shows it. Pure. */
export function toTransaction(record: TransactionRecord): Transaction {
  const { key, delivery, version, notRewardableReason, candidates, seen, cause } = record;
  const [{ transaction, payload }] = candidates;
  const status = recordStatus(record);
  const {
    category,
    commerceOrganization,
    commerceOrganizationName,
    linesDigest: _lines,
    ...fields
  } = transaction;
  const { id: _id, accountId: _account, ...shown } = fields;
  const lineItems = asJsonObject(payload)?.['order_line_items'];
  return {
    ...shown,
    key,
    reward: rewardGroup({ ...transaction, status, delivery, notRewardableReason }),
    notRewardableReason: notRewardableReason ?? null,
    status,
    category,
    brandId: commerceOrganization,
    brandName: commerceOrganizationName,
    delivery,
    version,
    transactionIds: [...record.buttonIds],
    lineItems: Array.isArray(lineItems) ? lineItems : [],
    conflictVersions: cause === undefined ? [] : candidates.map((one) => toVersion(one.transaction)),
    history: seen
      .toSorted((one, other) => (one.seenAt < other.seenAt ? -1 : 1))
      .map((one) => ({
        ...toVersion(one.transaction),
        seenAt: one.seenAt,
        source: one.source.startsWith('webhook:') ? ('webhook' as const) : ('api' as const),
      })),
  };
}

function toVersion({ id, status, amountMinor, currency, modifiedDate }: SeenTransaction) {
  return { transactionId: id, status, amountMinor, currency, modifiedDate };
}
