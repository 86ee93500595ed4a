import type { Candidate, SeenVersion, Transaction } from '@button-serverless/validation/webhooks';

import { isFromWebhook } from '../../shared/transactions/rules/unchanged-row.ts';

/** How the versions of a transaction in conflict differ: each field with the value of each version. Pure. */
export function conflictDifferences(candidates: readonly Candidate[]): string[] {
  return differences(candidates.map(({ transaction }) => ({ transaction, name: transaction.id })));
}

/**
 * What reading the Transactions API repaired last, because no webhook had brought it: each field with the
 * value that was known and the one that was read. Pure.
 */
export function driftDifferences(seen: readonly SeenVersion[]): string[] {
  const inOrder = seen.toSorted((one, other) => Date.parse(one.seenAt) - Date.parse(other.seenAt));
  const [known, read] = inOrder.slice(-2);
  if (!known || !read || isFromWebhook(seen, read)) return [];
  if (known.transaction.id !== read.transaction.id) return [];
  return differences([
    { transaction: known.transaction, name: isFromWebhook(seen, known) ? 'by webhook' : 'read before' },
    { transaction: read.transaction, name: 'read from the API: no webhook had brought it' },
  ]);
}

function differences(versions: readonly { transaction: Transaction; name: string }[]): string[] {
  if (versions.length < 2) return [];
  return COMPARED.flatMap((field) => {
    const values = versions.map(({ transaction }) => transaction[field]);
    if (new Set(values).size < 2) return [];
    if (PERSONAL.includes(field))
      return [`${field} differs (personal data: transaction-show --show-bytes prints it)`];
    const said = versions.map(({ transaction: { [field]: value }, name }) => `${String(value)} (${name})`);
    return [`${field}: ${said.join(', ')}`];
  });
}

const COMPARED = [
  'id',
  'status',
  'category',
  'amountMinor',
  'currency',
  'orderTotalMinor',
  'orderCurrency',
  'commerceOrganization',
  'modifiedDate',
  'purchaseDate',
  'attributionDate',
  'publisherCustomerId',
  'pubRef',
  'linesDigest',
] as const satisfies readonly (keyof Transaction)[];

const PERSONAL: readonly string[] = ['publisherCustomerId', 'pubRef'];
