import { GetItemCommand, UpdateItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';

import { ERASURE_NOTE_DAYS, type ErasureNote } from '../rules/erasure-note.ts';
import { ERASURES_PARTITION, POSITIONS_TABLE } from '../../dynamodb/table.ts';
import type { TableAccess } from '../../dynamodb/table-access.ts';

const DAY_MS = 86_400_000;

/** All notes of a day are one item. */
const keyOf = (atMs: number): Record<string, AttributeValue> => ({
  [POSITIONS_TABLE.partitionKey]: { S: ERASURES_PARTITION },
  [POSITIONS_TABLE.sortKey]: { S: new Date(atMs).toISOString().slice(0, 10) },
});

/** Leaves a note in the positions table, which expires by itself. Throws if the table cannot be reached. */
export async function leaveErasureNote({ client, table }: TableAccess, note: ErasureNote): Promise<void> {
  const erasedMs = Date.parse(note.erasedAt);
  await client.send(
    new UpdateItemCommand({
      TableName: table,
      Key: keyOf(erasedMs),
      UpdateExpression: 'ADD notes :notes SET #expires = :expires',
      ExpressionAttributeNames: { '#expires': POSITIONS_TABLE.timeToLive },
      ExpressionAttributeValues: {
        ':notes': { SS: [[note.erasedAt, note.key, ...note.hashes].join(' ')] },
        ':expires': { N: String(Math.floor((erasedMs + ERASURE_NOTE_DAYS * DAY_MS) / 1000)) },
      },
    }),
  );
}

/**
 * The notes that may still be needed. Strongly consistent; one read unit for each of sixteen days. Throws if
 * they cannot be read.
 */
export async function listErasureNotes({ client, table }: TableAccess, now: Date): Promise<ErasureNote[]> {
  const days = await Promise.all(
    Array.from({ length: ERASURE_NOTE_DAYS + 1 }, (_, day) =>
      client.send(
        new GetItemCommand({ TableName: table, Key: keyOf(+now - day * DAY_MS), ConsistentRead: true }),
      ),
    ),
  );
  return days.flatMap(({ Item: item }) =>
    (item?.['notes']?.SS ?? []).map((text) => {
      const [erasedAt = '', key = '', ...hashes] = text.split(' ');
      return { erasedAt, key, hashes };
    }),
  );
}
