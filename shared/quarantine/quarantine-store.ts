import { ConditionalCheckFailedException, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';

import { packText } from '../dynamodb/packed-json.ts';
import { QUARANTINE_TABLE } from '../dynamodb/table.ts';
import type { DynamoDB } from '../dynamodb/table-access.ts';

/** Why something was refused: a stable code, the path, the problem and the fix. Never the refused value. */
export type QuarantineReason = {
  code: string;
  path?: string;
  problem: string;
  fix?: string;
  source?: string;
};

/** Something that was refused and is kept until somebody has fixed and replayed it. */
export type QuarantineEntry = {
  /** What it is and whose, for example `order#acme`, `webhook` or `transaction-row`. */
  kind: string;
  /** The same for every try of the same item, so that a repeat is kept once. */
  id: string;
  /** The original bytes, as they came. */
  bytes: string | Uint8Array;
  /** As many as fit beside the bytes, at most a hundred, and only the beginning of each text. */
  reasons: readonly QuarantineReason[];
  /** ISO 8601 UTC. */
  refusedAt: string;
  /** Where it came from, for example `sqs:<message id>`. */
  origin: string;
  /** The order that it is about, if that can be read. */
  orderId?: string | undefined;
  /** The id of the entry whose replay this is: that entry then names this one. */
  replayOf?: string | undefined;
};

/** Keeps what was refused. */
export type QuarantineStore = {
  /**
   * Keeps the entry. An existing entry keeps its bytes and origin, and counts as refused again: with these
   * reasons, and as not replayed, so that the operator who replayed it sees that it did not help. Throws if
   * the table cannot be reached. Returns whether the entry is new: a row that every sweep reads is refused
   * each time.
   */
  put(entry: QuarantineEntry): Promise<{ isNew: boolean }>;
};

const SCHEMA_VERSION = 1;

/** What one item holds besides its attributes; DynamoDB's limit is 400 KB (409,600 bytes) an item. */
const MAX_PART_BYTES = 300_000;

/** Enough to begin with: an order with a thousand lines may have as many reasons. */
const MAX_REASONS = 100;

/**
 * The reasons are in the same item as the first part of the bytes. A path may repeat names of the message, of
 * any length.
 */
const MAX_REASONS_BYTES = 80_000;
const MAX_TEXT_BYTES = 2000;

/**
 * The quarantine in DynamoDB. Entries expire after `retentionDays`; bytes that exceed an item continue in
 * items `<id>#part-<n>`.
 */
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
    async put({ kind, id, bytes, reasons, refusedAt, origin, orderId, replayOf }) {
      const [first, ...more] = split(packText(bytes));
      const expiresAt = Math.ceil(Date.parse(refusedAt) / 1000) + retentionDays * 86_400;
      const keyOf = (itemId: string) => ({
        [QUARANTINE_TABLE.partitionKey]: kind,
        [QUARANTINE_TABLE.sortKey]: itemId,
      });
      // The parts go first: an entry that exists is complete.
      for (const [index, part] of more.entries()) {
        await putOrRenew({
          client,
          table,
          key: keyOf(quarantinePartId(id, index + 2)),
          fixed: { bytes: part },
          renewed: { [QUARANTINE_TABLE.timeToLive]: expiresAt },
        });
      }
      const isNew = await putOrRenew({
        client,
        table,
        key: keyOf(id),
        fixed: { bytes: first, parts: more.length + 1, origin, orderId, replayOf },
        renewed: {
          [QUARANTINE_TABLE.timeToLive]: expiresAt,
          reasons: toFit(reasons),
          refusedAt,
          replayed: false,
        },
      });
      if (replayOf !== undefined) await nameRefusal({ client, table, key: keyOf(replayOf), id });
      return { isNew };
    },
  };
}

/** The first reasons, with their texts cut, that fit into an item: at least one. */
function toFit(reasons: readonly QuarantineReason[]): QuarantineReason[] {
  let bytes = 0;
  const fitting: QuarantineReason[] = [];
  for (const { code, path, problem, fix, source } of reasons.slice(0, MAX_REASONS)) {
    const reason = {
      code: cut(code),
      problem: cut(problem),
      ...(path !== undefined && { path: cut(path) }),
      ...(fix !== undefined && { fix: cut(fix) }),
      ...(source !== undefined && { source: cut(source) }),
    };
    bytes += Buffer.byteLength(JSON.stringify(reason));
    if (bytes > MAX_REASONS_BYTES) break;
    fitting.push(reason);
  }
  return fitting;
}

/** The beginning of a text, in whole characters. DynamoDB accepts no half of a surrogate pair. */
function cut(text: string): string {
  const bytes = Buffer.from(text.toWellFormed());
  if (bytes.length <= MAX_TEXT_BYTES) return bytes.toString();
  return `${bytes.toString('utf8', 0, MAX_TEXT_BYTES).replace(/\uFFFD+$/, '')}…`;
}

/** The key of a further part of an entry's bytes; the entry's own item is part 1. */
export function quarantinePartId(id: string, part: number): string {
  return `${id}#part-${part}`;
}

/**
 * Puts the item, or renews an existing one. Returns whether it was put. Refusals are counted, so that a
 * record of a replay can tell whether there was one since: instants cannot, because clocks differ.
 */
async function putOrRenew({
  client,
  table,
  key,
  fixed,
  renewed,
}: {
  client: DynamoDB;
  table: string;
  key: Record<string, string>;
  fixed: Record<string, unknown>;
  renewed: Record<string, unknown>;
}): Promise<boolean> {
  const item = { ...key, schemaVersion: SCHEMA_VERSION, refusals: 1, ...fixed, ...renewed };
  try {
    await client.send(
      new PutItemCommand({
        TableName: table,
        Item: marshall(item, { removeUndefinedValues: true }),
        ConditionExpression: 'attribute_not_exists(schemaVersion)',
      }),
    );
    return true;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    const names = Object.keys(renewed);
    const changes = names.map((name) => `${name} = :${name}`);
    await client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: marshall(key),
        ConditionExpression: 'attribute_exists(schemaVersion)',
        UpdateExpression: `SET ${changes.join(', ')} REMOVE replayedAt ADD refusals :one`,
        ExpressionAttributeValues: marshall(
          { ...Object.fromEntries(names.map((name) => [`:${name}`, renewed[name]])), ':one': 1 },
          { removeUndefinedValues: true },
        ),
      }),
    );
    return false;
  }
}

/**
 * Records in a replayed entry that its replay was refused; does nothing if the entry does not exist any more.
 */
async function nameRefusal({
  client,
  table,
  key,
  id,
}: {
  client: DynamoDB;
  table: string;
  key: Record<string, string>;
  id: string;
}): Promise<void> {
  try {
    await client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: marshall(key),
        ConditionExpression: 'attribute_exists(schemaVersion)',
        UpdateExpression: 'SET refusedAgainAs = :id',
        ExpressionAttributeValues: { ':id': { S: id } },
      }),
    );
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
}

function split(bytes: Uint8Array): [Uint8Array, ...Uint8Array[]] {
  const rest: Uint8Array[] = [];
  for (let start = MAX_PART_BYTES; start < bytes.length; start += MAX_PART_BYTES) {
    rest.push(bytes.subarray(start, start + MAX_PART_BYTES));
  }
  return [bytes.subarray(0, MAX_PART_BYTES), ...rest];
}
