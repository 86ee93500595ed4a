import { createHmac, randomBytes } from 'node:crypto';

import type { Transaction } from '@button-serverless/validation/webhooks';

/** The shopper to erase: the value of one or both of Button's pass-through fields. */
export type Shopper = { publisherCustomerId?: string; pubRef?: string };

/**
 * What is kept of an erased shopper for as long as a webhook of theirs may still be deferred: hashes under a
 * key of this note, which is deleted with it.
 */
export type ErasureNote = {
  /** Random, in Base64. */
  key: string;
  /** One for each value that named the shopper. */
  hashes: readonly string[];
  /** ISO 8601 UTC. */
  erasedAt: string;
};

/** A queue keeps a message for at most 14 days, including its time in the dead-letter queue. */
export const ERASURE_NOTE_DAYS = 15;

/** The note of an erasure. */
export function erasureNote(shopper: Shopper, erasedAt: string): ErasureNote {
  const key = randomBytes(32).toString('base64');
  return { key, hashes: hashesOf(key, shopper), erasedAt };
}

/**
 * Since when the shopper of a webhook that was received at that time (ISO 8601 UTC) is erased; undefined if
 * they are not. Pure.
 */
export function erasedSince(
  notes: readonly ErasureNote[],
  transaction: Pick<Transaction, 'publisherCustomerId' | 'pubRef'>,
  receivedAt: string,
): string | undefined {
  return notes.find(
    ({ key, hashes, erasedAt }) =>
      receivedAt <= erasedAt && hashesOf(key, transaction).some((hash) => hashes.includes(hash)),
  )?.erasedAt;
}

type Named = { publisherCustomerId?: string | null; pubRef?: string | null };

function hashesOf(key: string, { publisherCustomerId, pubRef }: Named): string[] {
  return [publisherCustomerId, pubRef].flatMap((value, field) =>
    value ? createHmac('sha256', key).update(`${field} ${value}`).digest('base64') : [],
  );
}
