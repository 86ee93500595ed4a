import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';

import { asJsonObject } from '@button-serverless/validation/json';
import {
  NOT_REWARDABLE_REASONS,
  recordStatus,
  type Transaction,
  type TransactionRecord,
} from '@button-serverless/validation/webhooks';
import { shopperKey } from '../rules/shopper-key.ts';
import { stateOf } from '../rules/transaction-state.ts';
import { rowDigestOf, shownRowIn, type RowSummary } from '../rules/unchanged-row.ts';
import { packJson, unpackJson } from '../../dynamodb/packed-json.ts';
import type { TableAccess } from '../../dynamodb/table-access.ts';
import { loadBody, storeBody } from '../../dynamodb/split-body.ts';
import { TRANSACTIONS_TABLE } from '../../dynamodb/table.ts';
import { readOrReport } from '../../dynamodb/unreadable-item.ts';
import type { Versioned } from '../../dynamodb/versioned-item.ts';

/** The field that identifies the shopper of a transaction; with `none` there is no index by shopper. */
export type ShopperField = 'publisher_customer_id' | 'pub_ref' | 'none';

/** How items are written. */
export type WritingOptions = { shopperField: ShopperField };

const SCHEMA_VERSION = 1;

// The schemas of the body are loose: fields that newer code has added survive a write by this code.

const textOrNull = z.string().nullable();
const numberOrNull = z.number().nullable();

const TransactionSchema: z.ZodType<Transaction> = z.looseObject({
  id: z.string(),
  buttonOrderId: textOrNull,
  status: z.enum(['pending', 'validated', 'declined']),
  category: z.string(),
  amountMinor: numberOrNull,
  currency: textOrNull,
  orderTotalMinor: numberOrNull,
  orderCurrency: textOrNull,
  createdDate: z.string(),
  modifiedDate: z.string(),
  validatedDate: textOrNull,
  attributionDate: textOrNull,
  purchaseDate: textOrNull,
  accountId: textOrNull,
  commerceOrganization: textOrNull,
  commerceOrganizationName: textOrNull,
  linesDigest: textOrNull,
  publisherCustomerId: textOrNull,
  pubRef: textOrNull,
});

const SeenVersionSchema = z.looseObject({
  transaction: TransactionSchema,
  payload: z.unknown(),
  source: z.string(),
  seenAt: z.string(),
  shownAt: z.string().exactOptional(),
  flags: z.array(z.string()).exactOptional(),
});

const BodySchema = z.looseObject({
  settlement: z
    .looseObject({
      id: z.string(),
      version: z.string().exactOptional(),
      about: z.array(z.string()),
      reason: z.string(),
      settledAt: z.string(),
    })
    .exactOptional(),
  finalizationMinutes: z.int().exactOptional(),
  buttonIds: z.array(z.string()),
  seen: z.array(SeenVersionSchema).nonempty(),
});

const BodyReferenceSchema = z.union([
  z.object({ body: z.instanceof(Uint8Array) }),
  z.object({ bodyDigest: z.string(), bodyParts: z.number() }),
]);

/** A purchase without other keys does not have this attribute. */
export const OtherKeysSchema = z.array(z.string()).readonly().default([]);

const ItemSchema = z
  .object({
    pk: z.string(),
    schemaVersion: z.literal(SCHEMA_VERSION),
    revision: z.int(),
    version: z.int(),
    changes: z.number(),
    storedAt: z.iso.datetime(),
    delivery: z.enum(['live', 'historical']),
    notRewardableReason: z.enum(NOT_REWARDABLE_REASONS).exactOptional(),
    otherKeys: OtherKeysSchema,
    mergedInto: z.string().exactOptional(),
    erasedAt: z.string().exactOptional(),
    rowDigest: z.string().optional().catch(undefined),
  })
  .and(BodyReferenceSchema);

/**
 * The line items in the packed attribute `body`, as Button sent them. Throws on bytes that this code did not
 * write.
 */
export function lineItemsIn(body: Uint8Array): readonly unknown[] {
  const lines = payloadIn(body)?.['order_line_items'];
  return Array.isArray(lines) ? lines : [];
}

/** The current version in a packed body, as Button sent it. */
export function payloadIn(body: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  const { seen, settlement } = BodySchema.parse(unpackJson(body));
  return asJsonObject(stateOf(seen, settlement)?.candidates[0].payload);
}

/**
 * The item for a record: what is looked up or published is in attributes, the rest is deflated. If the rest
 * is large, it is stored first.
 */
export async function toItem(
  access: TableAccess,
  record: TransactionRecord,
  { shopperField }: WritingOptions,
): Promise<Record<string, AttributeValue>> {
  const { transaction } = record.candidates[0];
  const { key, ...rest } = record;
  const body = withoutHead(rest);
  return marshall(
    {
      ...headOf(record, transaction),
      [TRANSACTIONS_TABLE.shopperIndex.partitionKey]: shopperOf(transaction, shopperField),
      rowDigest: rowDigestOf(record),
      schemaVersion: SCHEMA_VERSION,
      ...(await storeBody(access, key, packJson(body))),
    },
    { removeUndefinedValues: true },
  );
}

/**
 * The record in an item. Throws `UnreadableItemError` on an item that this code did not write: that is a bug
 * or a manual edit, and the alarm has to find it.
 */
export async function fromItem(
  access: TableAccess,
  item: Record<string, AttributeValue>,
): Promise<Versioned<TransactionRecord>> {
  const key = item[TRANSACTIONS_TABLE.partitionKey]?.S ?? '';
  const parsed = readOrReport(key, () => ItemSchema.parse(unmarshall(item)));
  const bytes = await loadBody(access, key, parsed);
  return readOrReport(key, () => toRecord(parsed, BodySchema.parse(unpackJson(bytes))));
}

/** The key and the attributes that `rowSummaryOf` looks at; DynamoDB reserves none of their names. */
export const ROW_SUMMARY_ATTRIBUTES = 'pk, schemaVersion, rowDigest, category, notRewardableReason';

/**
 * What an item says, without being unpacked, about the row that would change nothing; undefined if it says
 * nothing, as every item does that is erased, has given way to another, or was written by an older version of
 * this code.
 */
export function rowSummaryOf({
  schemaVersion,
  rowDigest,
  category,
  notRewardableReason,
}: Record<string, AttributeValue>): RowSummary | undefined {
  if (schemaVersion?.N !== String(SCHEMA_VERSION) || !rowDigest?.S || !category?.S) return undefined;
  return { rowDigest: rowDigest.S, category: category.S, notRewardableReason: notRewardableReason?.S };
}

function toRecord(
  { pk: key, revision, schemaVersion: _schema, ...rest }: z.infer<typeof ItemSchema>,
  body: z.infer<typeof BodySchema>,
): Versioned<TransactionRecord> {
  const state = stateOf(body.seen, body.settlement);
  if (!state) throw new Error('A transaction without a version');
  const { version, changes, storedAt, delivery, otherKeys } = rest;
  const { notRewardableReason, mergedInto, erasedAt, rowDigest } = rest;
  return {
    value: {
      ...body,
      ...state,
      key,
      version,
      changes,
      storedAt,
      delivery,
      otherKeys,
      ...(notRewardableReason === undefined ? {} : { notRewardableReason }),
      ...(mergedInto === undefined ? {} : { mergedInto }),
      ...(erasedAt === undefined ? {} : { erasedAt }),
      shownRow: rowDigest && shownRowIn(rowDigest),
    },
    revision,
  };
}

/** Fields that are in attributes, or that follow from the versions, are not packed. */
function withoutHead(record: Omit<TransactionRecord, 'key'>): object {
  const {
    version: _version,
    changes: _changes,
    storedAt: _storedAt,
    candidates: _candidates,
    cause: _cause,
    delivery: _delivery,
    otherKeys: _otherKeys,
    notRewardableReason: _reason,
    mergedInto: _mergedInto,
    erasedAt: _erasedAt,
    shownRow: _row,
    ...body
  } = record;
  return body;
}

/** An alias: one of Button's ids, or an order, that leads to a purchase under another key. */
const AliasSchema = z.object({ pk: z.string(), aliasOf: z.string().min(1) });

/** The item of an alias. */
export function toAliasItem(alias: string, key: string): Record<string, AttributeValue> {
  return marshall({
    [TRANSACTIONS_TABLE.partitionKey]: alias,
    [TRANSACTIONS_TABLE.aliasOf]: key,
    schemaVersion: SCHEMA_VERSION,
  });
}

/**
 * The key that an alias stands for; undefined for every other item. Throws `UnreadableItemError` for an alias
 * without a key.
 */
export function aliasTarget(item: Record<string, AttributeValue>): string | undefined {
  if (!(TRANSACTIONS_TABLE.aliasOf in item)) return undefined;
  const key = item[TRANSACTIONS_TABLE.partitionKey]?.S ?? '';
  return readOrReport(key, () => AliasSchema.parse(unmarshall(item)).aliasOf);
}

/** The fields of a version that are attributes with the same name; null is not stored. */
const SHOWN_FIELDS = [
  ...(['category', 'amountMinor', 'currency', 'orderTotalMinor', 'orderCurrency'] as const),
  ...(['createdDate', 'modifiedDate', 'purchaseDate', 'attributionDate', 'validatedDate'] as const),
  ...(['buttonOrderId', 'commerceOrganization', 'commerceOrganizationName', 'accountId'] as const),
  ...(['publisherCustomerId', 'pubRef'] as const),
] satisfies readonly (keyof Transaction)[];

function headOf(record: TransactionRecord, transaction: Transaction): Record<string, unknown> {
  const { key, version, changes, storedAt, delivery, cause, notRewardableReason } = record;
  const { otherKeys, mergedInto, erasedAt } = record;
  return {
    [TRANSACTIONS_TABLE.partitionKey]: key,
    version,
    changes,
    storedAt,
    status: recordStatus(record),
    rewardable: notRewardableReason === undefined,
    notRewardableReason,
    ...Object.fromEntries(
      SHOWN_FIELDS.map((field): [string, unknown] => [field, transaction[field] ?? undefined]),
    ),
    transactionId: transaction.id,
    delivery,
    conflictCause: cause,
    finalizationMinutes: record.finalizationMinutes,
    otherKeys: otherKeys.length > 0 ? otherKeys : undefined,
    mergedInto,
    erasedAt,
  };
}

function shopperOf({ publisherCustomerId, pubRef }: Transaction, field: ShopperField): string | undefined {
  return shopperKey({ publisher_customer_id: publisherCustomerId, pub_ref: pubRef, none: null }[field] ?? '');
}
