import { GetItemCommand, PutItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';

import type { ExpiryPass } from '../rules/expiry-pass.ts';
import { EXPIRY_PASS_PARTITION, POSITIONS_TABLE } from '../../dynamodb/table.ts';
import { putRevision, type DynamoDB, type Versioned } from '../../dynamodb/versioned-item.ts';

/** Where the pass over all transactions stands. Every method throws if the table cannot be reached. */
export type ExpiryPassStore = {
  /** Strongly consistent; undefined before the first pass. */
  read(): Promise<Versioned<ExpiryPass> | 'unreadable' | undefined>;
  /**
   * Saves the pass if it is still at that revision (0: if there is none yet), or in the place of one that is unreadable, as revision 1;
   * false if another run was faster.
   */
  save(pass: ExpiryPass, expectedRevision: number | 'unreadable'): Promise<boolean>;
};

const SCHEMA_VERSION = 1;

const count = z.int().nonnegative();
const instant = z.iso.datetime();

/** DynamoDB refuses any other key: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
function isKey(text: string): boolean {
  return Buffer.byteLength(text) <= 2048;
}

const ItemSchema = z.object({
  revision: count,
  pass: z.object({
    startedAt: instant,
    after: z.string().min(1).refine(isKey).exactOptional(),
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
      return readPass(Item);
    },

    async save(pass, expectedRevision) {
      const item = { ...key, ...marshall({ schemaVersion: SCHEMA_VERSION, pass }) };
      if (expectedRevision === 'unreadable') {
        await client.send(new PutItemCommand({ TableName: table, Item: { ...item, revision: { N: '1' } } }));
        return true;
      }
      const { ok: written } = await putRevision(client, { table, item, expectedRevision });
      return written;
    },
  };
}

function readPass(item: Record<string, AttributeValue>): Versioned<ExpiryPass> | 'unreadable' {
  try {
    const { revision, pass } = ItemSchema.parse(unmarshall(item));
    return { value: pass, revision };
  } catch {
    return 'unreadable';
  }
}
