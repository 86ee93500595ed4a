import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';

import { recordStatus, type Transaction, type TransactionRecord } from '../domain/transaction.ts';
import { packJson, unpackJson } from './packed-json.ts';
import { loadBody, storeBody, type TableAccess } from './split-body.ts';
import { TRANSACTIONS_TABLE } from './table.ts';
import type { Versioned } from './versioned-item.ts';

/** Which field says whose transaction it is; `none` switches the shopper index off. */
export type ShopperField = 'publisher_customer_id' | 'pub_ref' | 'none';

const SCHEMA_VERSION = 1;

// The schemas of the body are loose: what a newer version of this code has added outlives a write by this one.

const TransactionSchema: z.ZodType<Transaction> = z.looseObject({
  id: z.string(),
  buttonOrderId: z.string().nullable(),
  status: z.enum(['pending', 'validated', 'declined']),
  category: z.string(),
  amountMinor: z.number().nullable(),
  currency: z.string().nullable(),
  orderTotalMinor: z.number().nullable(),
  orderCurrency: z.string().nullable(),
  createdDate: z.string(),
  modifiedDate: z.string(),
  validatedDate: z.string().nullable(),
  attributionDate: z.string().nullable(),
  accountId: z.string().nullable(),
  commerceOrganization: z.string().nullable(),
  publisherCustomerId: z.string().nullable(),
  pubRef: z.string().nullable(),
});

const CandidateSchema = z.looseObject({ transaction: TransactionSchema, payload: z.unknown() });

const BodySchema = z.looseObject({
  candidates: z.tuple([CandidateSchema], CandidateSchema),
  conflictSince: z.string().exactOptional(),
  overruled: z.array(z.string()),
  settledBy: z.string().exactOptional(),
  buttonIds: z.array(z.string()),
  seen: z.array(
    z.looseObject({
      content: z.string(),
      status: z.enum(['pending', 'validated', 'declined']),
      amountMinor: z.number().nullable(),
      modifiedDate: z.string(),
      source: z.string(),
      seenAt: z.string(),
      flags: z.array(z.string()).exactOptional(),
    }),
  ),
});

const BodyReferenceSchema = z.union([
  z.object({ body: z.instanceof(Uint8Array) }),
  z.object({ bodyDigest: z.string(), bodyParts: z.number() }),
]);

const ItemSchema = z
  .object({
    pk: z.string(),
    schemaVersion: z.literal(SCHEMA_VERSION),
    revision: z.number(),
    version: z.number(),
    delivery: z.enum(['live', 'historical']),
    erasedAt: z.string().exactOptional(),
  })
  .and(BodyReferenceSchema);

/** The attributes that say what a transaction is now. The event publisher reads them from the table's stream. */
export const TransactionHeadSchema = z.object({
  pk: z.string(),
  version: z.number(),
  status: z.enum(['pending', 'validated', 'declined', 'conflict']),
  category: z.string(),
  amountMinor: z.number().exactOptional(),
  currency: z.string().exactOptional(),
  transactionId: z.string(),
  buttonOrderId: z.string().exactOptional(),
  commerceOrganization: z.string().exactOptional(),
  accountId: z.string().exactOptional(),
  publisherCustomerId: z.string().exactOptional(),
  pubRef: z.string().exactOptional(),
  createdDate: z.string(),
  modifiedDate: z.string(),
  delivery: z.enum(['live', 'historical']),
  erasedAt: z.string().exactOptional(),
});

/** What a transaction is now. */
export type TransactionHead = z.infer<typeof TransactionHeadSchema>;

/** The item for a record: what is looked up or published stands in attributes, the rest is deflated. A large rest is stored first. */
export async function toItem(
  access: TableAccess,
  record: TransactionRecord,
  shopperField: ShopperField,
): Promise<Record<string, AttributeValue>> {
  const { transaction } = record.candidates[0];
  const { key, version: _version, delivery: _delivery, erasedAt: _erasedAt, ...body } = record;
  return marshall(
    {
      ...headOf(record, transaction),
      [TRANSACTIONS_TABLE.shopperIndex.partitionKey]: shopperOf(transaction, shopperField),
      schemaVersion: SCHEMA_VERSION,
      ...(await storeBody(access, key, packJson(body))),
    },
    { removeUndefinedValues: true },
  );
}

/** The record in an item. Throws on an item that this code did not write: a bug or a manual edit, and the alarm has to find it. */
export async function fromItem(
  access: TableAccess,
  item: Record<string, AttributeValue>,
): Promise<Versioned<TransactionRecord>> {
  const { pk: key, revision, version, delivery, erasedAt, ...reference } = ItemSchema.parse(unmarshall(item));
  const body = BodySchema.parse(unpackJson(await loadBody(access, key, reference)));
  const erased = erasedAt === undefined ? {} : { erasedAt };
  return { value: { ...body, key, version, delivery, ...erased }, revision };
}

function headOf(record: TransactionRecord, transaction: Transaction): Record<string, unknown> {
  const { key, version, delivery, erasedAt } = record;
  return {
    [TRANSACTIONS_TABLE.partitionKey]: key,
    version,
    status: recordStatus(record),
    category: transaction.category,
    amountMinor: transaction.amountMinor ?? undefined,
    currency: transaction.currency ?? undefined,
    buttonOrderId: transaction.buttonOrderId ?? undefined,
    commerceOrganization: transaction.commerceOrganization ?? undefined,
    accountId: transaction.accountId ?? undefined,
    publisherCustomerId: transaction.publisherCustomerId ?? undefined,
    pubRef: transaction.pubRef ?? undefined,
    transactionId: transaction.id,
    createdDate: transaction.createdDate,
    modifiedDate: transaction.modifiedDate,
    delivery,
    erasedAt,
  };
}

/**
 * DynamoDB refuses an empty string as a key, and one of more than 2048 bytes, so neither is a shopper.
 *
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
 */
function shopperOf({ publisherCustomerId, pubRef }: Transaction, field: ShopperField): string | undefined {
  const shopper = { publisher_customer_id: publisherCustomerId, pub_ref: pubRef, none: null }[field];
  const bytes = Buffer.byteLength(shopper ?? '');
  return shopper === null || bytes === 0 || bytes > 2048 ? undefined : shopper;
}
