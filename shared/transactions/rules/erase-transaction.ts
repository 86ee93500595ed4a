import type { Candidate, TransactionRecord } from '@button-serverless/validation/webhooks';

/**
 * What is left of a record after a shopper's data has been erased: key, status, amounts, ids and version, so
 * that a repeat is still recognised and rewards nobody a second time. Pure; a record that is erased already
 * stays unchanged.
 *
 * The whole payload is removed, because nobody knows what fields Button will add to it.
 */
export function eraseTransaction(record: TransactionRecord, erasedAt: string): TransactionRecord {
  if (record.erasedAt !== undefined) return record;
  const [first, ...rest] = record.candidates;
  return {
    ...record,
    erasedAt,
    candidates: [withoutPersonalData(first), ...rest.map(withoutPersonalData)],
    seen: record.seen.map(withoutPersonalData),
  };
}

/** A version without the fields that name its shopper. Pure. */
export function withoutPersonalData<Version extends Candidate>(version: Version): Version {
  return {
    ...version,
    // The digest of the lines is removed with them: a digest can confirm a guess.
    transaction: { ...version.transaction, publisherCustomerId: null, pubRef: null, linesDigest: null },
    payload: null,
  };
}
