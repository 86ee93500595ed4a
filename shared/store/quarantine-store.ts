import {
  ConditionalCheckFailedException,
  PutItemCommand,
  type PutItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';

import { packText } from './packed-json.ts';
import { QUARANTINE_TABLE } from './table.ts';
import type { DynamoDB } from './versioned-item.ts';

/** Why something was refused: a stable code, where, what is wrong, how to mend it. Never the rejected value. */
export type QuarantineReason = {
  code: string;
  path?: string;
  problem: string;
  mend?: string;
  source?: string;
};

/** Something that was refused and is kept until somebody has mended and replayed it. */
export type QuarantineEntry = {
  /** What it is and whose, for example `order#acme`, `webhook` or `transaction-row`. */
  kind: string;
  /** The same for every try at the same thing, so that a repeat is kept once. */
  id: string;
  /** The original bytes, as they came. */
  bytes: string | Uint8Array;
  reasons: readonly QuarantineReason[];
  /** ISO 8601 UTC. */
  refusedAt: string;
  /** Where it came from, for example `sqs:<message id>`. */
  origin: string;
};

/** Keeps what was refused. */
export type QuarantineStore = {
  /**
   * Keeps the entry. One that is there already is left as it is, unless it was replayed before this refusal: then it stands as refused
   * anew, not replayed (only an entry of more than one item stays marked). Throws if the table cannot be reached.
   */
  keep(entry: QuarantineEntry): Promise<void>;
};

const SCHEMA_VERSION = 1;

/** What one item holds besides its attributes; DynamoDB's limit is 400 KB an item. */
const MAX_PART_BYTES = 350_000;

/** The quarantine in DynamoDB. Entries expire after `retentionDays`; what exceeds an item goes on in items `<id>#part-<n>`. */
export function createQuarantineStore({
  client,
  table,
  retentionDays,
}: {
  client: DynamoDB;
  table: string;
  retentionDays: number;
}): QuarantineStore {
  return {
    async keep({ kind, id, bytes, ...entry }) {
      const [first, ...more] = split(packText(bytes));
      const expiresAt = Math.ceil(Date.parse(entry.refusedAt) / 1000) + retentionDays * 86_400;
      const item = (itemId: string, attributes: Record<string, unknown>) => ({
        [QUARANTINE_TABLE.partitionKey]: kind,
        [QUARANTINE_TABLE.sortKey]: itemId,
        [QUARANTINE_TABLE.timeToLive]: expiresAt,
        schemaVersion: SCHEMA_VERSION,
        ...attributes,
      });
      // The parts go first: an entry that is there is whole.
      for (const [index, part] of more.entries()) {
        const partItem = item(quarantinePartId(id, index + 2), { bytes: part });
        await putUnlessStanding({ client, table, item: partItem, condition: IS_ABSENT });
      }
      const head = { ...entry, bytes: first, parts: more.length + 1, replayed: false };
      // Parts are never replaced: what goes on in them would not fit another first part.
      const condition = more.length === 0 ? isAbsentOrReplayedBefore(entry.refusedAt) : IS_ABSENT;
      await putUnlessStanding({ client, table, item: item(id, head), condition });
    },
  };
}

/** Where the bytes of an entry go on; its own item is part 1. */
export function quarantinePartId(id: string, part: number): string {
  return `${id}#part-${part}`;
}

type Condition = Pick<PutItemCommandInput, 'ConditionExpression' | 'ExpressionAttributeValues'>;

const IS_ABSENT: Condition = { ConditionExpression: 'attribute_not_exists(schemaVersion)' };

function isAbsentOrReplayedBefore(refusedAt: string): Condition {
  return {
    ConditionExpression: 'attribute_not_exists(schemaVersion) OR (parts = :one AND replayedAt < :refusedAt)',
    ExpressionAttributeValues: { ':one': { N: '1' }, ':refusedAt': { S: refusedAt } },
  };
}

async function putUnlessStanding({
  client,
  table,
  item,
  condition,
}: {
  client: DynamoDB;
  table: string;
  item: Record<string, unknown>;
  condition: Condition;
}): Promise<void> {
  try {
    await client.send(
      new PutItemCommand({
        TableName: table,
        Item: marshall(item, { removeUndefinedValues: true }),
        ...condition,
      }),
    );
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return;
    throw error;
  }
}

function split(bytes: Uint8Array): [Uint8Array, ...Uint8Array[]] {
  const rest: Uint8Array[] = [];
  for (let start = MAX_PART_BYTES; start < bytes.length; start += MAX_PART_BYTES) {
    rest.push(bytes.subarray(start, start + MAX_PART_BYTES));
  }
  return [bytes.subarray(0, MAX_PART_BYTES), ...rest];
}
