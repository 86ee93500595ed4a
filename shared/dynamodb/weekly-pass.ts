import { GetItemCommand, PutItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';

import type { DynamoDB } from './table-access.ts';
import { putRevision, type Versioned } from './versioned-item.ts';

/** A pass over a whole table, once a week, in as many runs as it needs. Instants are ISO 8601 UTC. */
export type WeeklyPass = {
  /** Ages count from here in every run, so the time of a run decides nothing. */
  startedAt: string;
  /** The key behind which the pass continues; absent before the first page and after the last. */
  after?: string;
  /** Absent until the last page is done. */
  finishedAt?: string;
};

/** From one beginning to the next, unless a pass takes longer. */
const PASS_EVERY_MS = 7 * 86_400_000;

/** Clocks may differ by this much; a pass that began further in the future is a mistake. */
const CLOCKS_DIFFER_MS = 86_400_000;

/**
 * The pass to work on: an unfinished one, or a new one a week after the last began, or if the last one claims
 * to have begun in the future. Undefined if none is due. Pure.
 */
function duePass<Pass extends WeeklyPass>(
  last: Pass | undefined,
  now: Date,
  begin: (startedAt: string) => Pass,
): Pass | undefined {
  const isInFuture = last && Date.parse(last.startedAt) > now.getTime() + CLOCKS_DIFFER_MS;
  if (isInFuture) return begin(now.toISOString());
  if (last && last.finishedAt === undefined) return last;
  if (last && now.getTime() < Date.parse(last.startedAt) + PASS_EVERY_MS) return undefined;
  return begin(now.toISOString());
}

/** How a run ended. `overtaken`: another run is working on the same pass. */
export type PassRun = 'nothing-due' | 'paused' | 'overtaken' | 'finished';

/** What a run needs. */
export type PassPorts<Pass> = {
  passes: PassStore<Pass>;
  /** Does everything that the next page needs. Returns the position of the pass after it. */
  workOnPage: (pass: Pass) => Promise<Pass>;
  /** A pass of which no page is done. */
  begin: (startedAt: string) => Pass;
  /** Whether there is time for another page. */
  timeLeft: () => boolean;
  /** Reports that the item of the pass cannot be read: a new pass replaces it. */
  onUnreadable: () => void;
  now: () => Date;
};

/**
 * Works on the due pass, if any, while there is time. The position is saved after every page, and never
 * before the page's work is done: a run that dies leaves one page to repeat. Throws if a table cannot be
 * reached.
 */
export async function continuePass<Pass extends WeeklyPass>(ports: PassPorts<Pass>): Promise<PassRun> {
  const { passes, workOnPage, timeLeft } = ports;
  const stored = await passes.read();
  const current = stored === 'unreadable' ? undefined : stored;
  if (stored === 'unreadable') ports.onUnreadable();
  let pass = duePass(current?.value, ports.now(), ports.begin);
  if (!pass) return 'nothing-due';
  let revision = stored === 'unreadable' ? stored : (current?.revision ?? 0);
  do {
    pass = await workOnPage(pass);
    if (!(await passes.save(pass, revision))) return 'overtaken';
    revision = revision === 'unreadable' ? 1 : revision + 1;
  } while (pass.finishedAt === undefined && timeLeft());
  return pass.finishedAt === undefined ? 'paused' : 'finished';
}

/** Stores the position of a pass. Every method throws if the table cannot be reached. */
export type PassStore<Pass> = {
  /** Strongly consistent; undefined before the first pass. */
  read(): Promise<Versioned<Pass> | 'unreadable' | undefined>;
  /**
   * Saves the pass if it is still at that revision (0: if there is none yet), or replaces an unreadable one
   * with revision 1; false if another run was faster.
   */
  save(pass: Pass, expectedRevision: number | 'unreadable'): Promise<boolean>;
};

const SCHEMA_VERSION = 1;

const instant = z.iso.datetime();

/**
 * DynamoDB rejects any other key:
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
 */
function isKey(text: string): boolean {
  return Buffer.byteLength(text) <= 2048;
}

/** The stored fields of every pass. */
export const PASS_FIELDS = {
  startedAt: instant,
  after: z.string().min(1).refine(isKey).exactOptional(),
  finishedAt: instant.exactOptional(),
};

/** A pass in DynamoDB: one item under a key of its own. */
export function createPassStore<Pass>({
  client,
  table,
  key,
  schema,
}: {
  client: DynamoDB;
  table: string;
  key: Record<string, AttributeValue>;
  schema: z.ZodType<Pass>;
}): PassStore<Pass> {
  return {
    async read() {
      const { Item } = await client.send(
        new GetItemCommand({ TableName: table, ConsistentRead: true, Key: key }),
      );
      return Item && readPass(Item, schema);
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

function readPass<Pass>(
  item: Record<string, AttributeValue>,
  schema: z.ZodType<Pass>,
): Versioned<Pass> | 'unreadable' {
  try {
    const { revision, pass } = unmarshall(item);
    return { value: schema.parse(pass), revision: z.int().nonnegative().parse(revision) };
  } catch {
    return 'unreadable';
  }
}
