import { hash } from 'node:crypto';

import { canonicalJson } from '@button-serverless/validation/json';

import { toSecond, type Position } from './position.ts';
import type { TransactionRecord } from '@button-serverless/validation/webhooks';

/**
 * Where Button lists a transaction whose versions contradict each other, so that it can be read again: the
 * purchase's key, the account, the date by which Button always lists it, and since when it is in conflict.
 * Instants are ISO 8601 UTC. The account is `*` if its versions name none.
 */
export type ConflictNote = { key: string; account: string; createdDate: string; since: string };

/** It may be in any of the accounts; `*` is not an account of Button's. */
const ANY_ACCOUNT = '*';

const MINUTE_MS = 60_000;

/** For this long a conflict is read again in every run; after that it is left to the sweeps. */
const REREAD_FOR_MS = 90 * MINUTE_MS;

/**
 * The notes to leave if a version that is stored at `storedAt` (ISO 8601 UTC) causes a conflict that a read
 * of the API settles, or adds to one: only a read after the last version settles it. None for any other
 * version. Pure.
 */
export function conflictNotes(
  before: TransactionRecord | undefined,
  after: TransactionRecord,
  storedAt: string,
): ConflictNote[] {
  if (after.cause !== 'contradiction' || (before && haveSameVersions(before, after))) return [];
  const places = after.candidates.map(({ transaction: { accountId, createdDate } }) => ({
    account: accountId ?? ANY_ACCOUNT,
    createdDate: toSecond(Date.parse(createdDate)),
  }));
  const distinct = new Map(places.map((place) => [JSON.stringify(place), place]));
  return [...distinct.values()].map((place) => ({ ...place, key: after.key, since: storedAt }));
}

function haveSameVersions(one: TransactionRecord, other: TransactionRecord): boolean {
  const versions = ({ candidates }: TransactionRecord): string =>
    JSON.stringify(candidates.map(({ transaction }) => canonicalJson(transaction)).sort());
  return one.cause === other.cause && versions(one) === versions(other);
}

/** The notes for these accounts, one account each: these conflicts can be read. Pure. */
export function notesOfAccounts(notes: readonly ConflictNote[], accounts: readonly string[]): ConflictNote[] {
  return notes.flatMap((note) =>
    accounts
      .filter((account) => note.account === account || note.account === ANY_ACCOUNT)
      .map((account) => ({ ...note, account })),
  );
}

/** Whether the conflict is recent enough to be read again. Pure. */
export function isToReread({ since }: ConflictNote, now: Date): boolean {
  return now.getTime() - Date.parse(since) < REREAD_FOR_MS;
}

/**
 * The stream that reads the second in which Button lists the transaction, by `created_date`, which never
 * changes. `incremental` is the first position of the account's incremental stream. Pure.
 */
export function rereadPosition(
  { createdDate, key }: ConflictNote,
  incremental: Position,
  now: Date,
): Position {
  const startMs = Date.parse(createdDate);
  return {
    account: incremental.account,
    stream: `reread-${hash('sha256', `${key} ${createdDate}`, 'hex').slice(0, 16)}`,
    fence: 0,
    readThrough: toSecond(startMs),
    historicalBefore: incremental.historicalBefore,
    timeField: 'created_date',
    readFrom: toSecond(startMs),
    readUntil: toSecond(startMs + 1000),
    createdAt: now.toISOString(),
    expiresAtEpochSeconds: Math.floor(now.getTime() / 1000) + NOTE_KEPT_SECONDS,
  };
}

/** How long a note, and the stream that reads it, is kept. */
export const NOTE_KEPT_SECONDS = 2 * 86_400;
