import type { Candidate, Transaction } from '@button-serverless/validation/webhooks';

/** How the versions of a transaction in conflict differ: each field with the value of each version. Pure. */
export function conflictDifferences(candidates: readonly Candidate[]): string[] {
  if (candidates.length < 2) return [];
  const transactions = candidates.map(({ transaction }) => transaction);
  return COMPARED.flatMap((field) => {
    const values = transactions.map((transaction) => transaction[field]);
    if (new Set(values).size < 2) return [];
    if (PERSONAL.includes(field))
      return [`${field} differs (personal data: transaction-show --show-bytes prints it)`];
    const said = transactions.map(({ id, [field]: value }) => `${String(value)} (${id})`);
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
