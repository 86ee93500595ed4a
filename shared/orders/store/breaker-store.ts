import { GetItemCommand, PutItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';

import type { Breaker } from '../rules/breaker.ts';
import { ORDER_LEDGER_TABLE } from '../../dynamodb/table.ts';
import type { OnUnreadable } from '../../dynamodb/unreadable-item.ts';
import type { DynamoDB } from '../../dynamodb/table-access.ts';
import { putRevision, type Versioned, type WriteResult } from '../../dynamodb/versioned-item.ts';

/** The breaker of one brand; there is no item until it opens for the first time. */
export type BreakerStore = {
  /** Strongly consistent. An unreadable breaker is reported, and counts as closed. */
  read(): Promise<Versioned<Breaker> | undefined>;
  /**
   * Stores the breaker if it is still at that revision (0: if there is none yet), or replaces an unreadable
   * one. Revisions only rise, so whoever knows an earlier breaker cannot replace this one.
   */
  write(breaker: Breaker, expectedRevision: number): Promise<WriteResult<Breaker>>;
};

const SCHEMA_VERSION = 1;

const InstantSchema = z.string();
const DRAIN = {
  throttle: z.object({ at: InstantSchema, until: InstantSchema.exactOptional() }).exactOptional(),
  pace: z
    .object({ perSecond: z.number(), changedAt: InstantSchema, wasThrottled: z.boolean() })
    .exactOptional(),
  resumedAt: InstantSchema.exactOptional(),
};
const ItemSchema = z.object({
  revision: z.number(),
  breaker: z.discriminatedUnion('state', [
    z.object({
      state: z.literal('closed'),
      since: InstantSchema,
      failures: z.array(z.object({ orderId: z.string(), at: InstantSchema })).exactOptional(),
      suspectedSince: InstantSchema.exactOptional(),
      lastSuccessAt: InstantSchema.exactOptional(),
      ...DRAIN,
    }),
    z.discriminatedUnion('cause', [
      z.object({
        state: z.literal('open'),
        cause: z.enum(['key-refused', 'outage']),
        since: InstantSchema,
        nextProbeAt: InstantSchema,
        ...DRAIN,
      }),
      z.object({
        state: z.literal('open'),
        cause: z.literal('paused'),
        since: InstantSchema,
        reason: z.string(),
        ...DRAIN,
      }),
    ]),
  ]),
});

/**
 * The breaker in DynamoDB: the item `<brand>#breaker` of the ledger, so that a function's rights to its
 * brand's orders cover it.
 *
 * Every method throws if the table cannot be reached.
 */
export function createBreakerStore({
  client,
  table,
  brand,
  onUnreadable,
}: {
  client: DynamoDB;
  table: string;
  brand: string;
  onUnreadable?: OnUnreadable;
}): BreakerStore {
  const key = { [ORDER_LEDGER_TABLE.partitionKey]: { S: `${brand}#breaker` } };
  /** In place of an item whose revision is unreadable too. */
  const replace = async (
    item: Record<string, AttributeValue>,
    breaker: Breaker,
  ): Promise<WriteResult<Breaker>> => {
    await client.send(new PutItemCommand({ TableName: table, Item: { ...item, revision: { N: '1' } } }));
    return { ok: true, stored: { value: breaker, revision: 1 } };
  };
  return {
    async read() {
      const { Item } = await client.send(
        new GetItemCommand({ TableName: table, ConsistentRead: true, Key: key }),
      );
      const stored = Item && fromItem(Item);
      if (stored !== 'unreadable') return stored;
      onUnreadable?.(`${brand}#breaker`);
      return undefined;
    },

    async write(breaker, expectedRevision) {
      const item = { ...key, ...marshall({ schemaVersion: SCHEMA_VERSION, breaker }) };
      let expected = expectedRevision;
      for (;;) {
        const result = await putRevision(client, { table, item, expectedRevision: expected });
        if (result.ok) return { ok: true, stored: { value: breaker, revision: expected + 1 } };
        const current = fromItem(result.current);
        if (current !== 'unreadable') return { ok: false, current };
        expected = Number(result.current['revision']?.N);
        if (!Number.isSafeInteger(expected)) return replace(item, breaker);
      }
    },
  };
}

function fromItem(item: Record<string, AttributeValue>): Versioned<Breaker> | 'unreadable' {
  try {
    const { revision, breaker } = ItemSchema.parse(unmarshall(item));
    return { value: breaker, revision };
  } catch {
    return 'unreadable';
  }
}
