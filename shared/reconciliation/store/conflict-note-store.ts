import { hash } from 'node:crypto';

import { PutItemCommand, QueryCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';

import { NOTE_KEPT_SECONDS, type ConflictNote } from '../rules/conflict-note.ts';
import { CONFLICTS_PARTITION, POSITIONS_TABLE } from '../../dynamodb/table.ts';
import type { OnUnreadable } from '../../dynamodb/unreadable-item.ts';
import type { TableAccess } from '../../dynamodb/table-access.ts';

const NoteSchema = z.object({
  key: z.string().min(1),
  accountId: z.string().min(1),
  createdDate: z.iso.datetime(),
  since: z.iso.datetime(),
});

/**
 * Leaves notes in the positions table for the planner: one item for each conflict, which expires by itself.
 * Leaving a note again renews it. Throws if the table cannot be reached.
 */
export async function leaveConflictNotes(
  { client, table }: TableAccess,
  notes: readonly ConflictNote[],
): Promise<void> {
  for (const { key, account, createdDate, since } of notes) {
    const item = {
      [POSITIONS_TABLE.partitionKey]: CONFLICTS_PARTITION,
      // An account's id can be longer than a sort key.
      [POSITIONS_TABLE.sortKey]: `${createdDate} ${hash('sha256', JSON.stringify([account, key]))}`,
      ...{ key, accountId: account, createdDate, since, schemaVersion: 1 },
      [POSITIONS_TABLE.timeToLive]: Math.floor(Date.parse(since) / 1000) + NOTE_KEPT_SECONDS,
    };
    await client.send(new PutItemCommand({ TableName: table, Item: marshall(item) }));
  }
}

/** Every note that has not expired yet, without unreadable ones. Throws if the table cannot be reached. */
export async function listConflictNotes(
  { client, table }: TableAccess,
  onUnreadable?: OnUnreadable,
): Promise<ConflictNote[]> {
  const notes: ConflictNote[] = [];
  let startKey: Record<string, AttributeValue> | undefined;
  do {
    const page = await client.send(
      new QueryCommand({
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: '#account = :conflicts',
        ExpressionAttributeNames: { '#account': POSITIONS_TABLE.partitionKey },
        ExpressionAttributeValues: { ':conflicts': { S: CONFLICTS_PARTITION } },
        ExclusiveStartKey: startKey,
      }),
    );
    for (const item of page.Items ?? []) {
      const note = readNote(item);
      if (note) notes.push(note);
      else onUnreadable?.(`${CONFLICTS_PARTITION} ${item[POSITIONS_TABLE.sortKey]?.S ?? ''}`);
    }
    startKey = page.LastEvaluatedKey;
  } while (startKey);
  return notes;
}

function readNote(item: Record<string, AttributeValue>): ConflictNote | undefined {
  try {
    const { accountId: account, ...note } = NoteSchema.parse(unmarshall(item));
    return { ...note, account };
  } catch {
    return undefined;
  }
}
