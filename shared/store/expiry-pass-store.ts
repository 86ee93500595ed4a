import { GetItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';

import type { ExpiryPass } from '../domain/expiry-pass.ts';
import { EXPIRY_PASS_PARTITION, POSITIONS_TABLE } from './table.ts';
import { putRevision, type DynamoDB, type Versioned } from './versioned-item.ts';

/** Where the pass over all transactions stands. Every method throws if the table cannot be reached. */
export type ExpiryPassStore = {
  /** Strongly consistent; undefined before the first pass. */
  read(): Promise<Versioned<ExpiryPass> | undefined>;
  /** Saves the pass if it is still at that revision (0: if there is none yet); false if another run was faster. */
  save(pass: ExpiryPass, expectedRevision: number): Promise<boolean>;
};

const SCHEMA_VERSION = 1;

const count = z.int().nonnegative();
const instant = z.iso.datetime();

const ItemSchema = z.object({
  revision: count,
  pass: z.object({
    startedAt: instant,
    after: z.string().exactOptional(),
    finishedAt: instant.exactOptional(),
    stalePending: z.object({ transactions: count, amountsMinor: z.record(z.string(), z.int()) }),
  }),
});

/** The pass in DynamoDB: one item of the positions, in a partition of its own. */
export function createExpiryPassStore({
  client,
  table,
}: {
  client: DynamoDB;
  table: string;
}): ExpiryPassStore {
  const key: Record<string, AttributeValue> = {
    [POSITIONS_TABLE.partitionKey]: { S: EXPIRY_PASS_PARTITION },
    [POSITIONS_TABLE.sortKey]: { S: 'pass' },
  };
  return {
    async read() {
      const { Item } = await client.send(
        new GetItemCommand({ TableName: table, ConsistentRead: true, Key: key }),
      );
      if (!Item) return undefined;
      const { revision, pass } = ItemSchema.parse(unmarshall(Item));
      return { value: pass, revision };
    },

    async save(pass, expectedRevision) {
      const item = { ...key, ...marshall({ schemaVersion: SCHEMA_VERSION, pass }) };
      const { ok: written } = await putRevision(client, { table, item, expectedRevision });
      return written;
    },
  };
}
