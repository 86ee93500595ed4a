import type { Candidate, TransactionRecord } from '@button-serverless/validation/webhooks';

/**
 * What is left of a record once a shopper's data has been erased: key, status, amounts, ids and version, so
 * that a repeat is still recognised and rewards nobody a second time. Pure; a record that is erased already
 * stays as it is.
 *
 * The payload goes as a whole: what fields Button will add to it nobody knows.
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

/** A version without what says whose it is. Pure. */
export function withoutPersonalData<Version extends Candidate>(version: Version): Version {
  return {
    ...version,
    // The digest of the lines goes with them: a digest confirms a guess at what it was made of.
    transaction: { ...version.transaction, publisherCustomerId: null, pubRef: null, linesDigest: null },
    payload: null,
  };
}
