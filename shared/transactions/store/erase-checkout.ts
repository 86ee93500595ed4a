import type { AttributeValue } from '@aws-sdk/client-dynamodb';

import { RetryableError } from '../../runtime/errors.ts';
import type { TableAccess } from '../../dynamodb/table-access.ts';
import { putRevision } from '../../dynamodb/versioned-item.ts';

const MAX_TRIES = 5;

/**
 * Removes the shopper from a checkout's item and keeps the rest until it expires, so that a repeat is still
 * recognised. `erasedAt` is ISO 8601 UTC. Throws `RetryableError` if other writers keep changing the item,
 * and if the table cannot be reached.
 */
export async function eraseCheckout(
  { client, table }: TableAccess,
  item: Record<string, AttributeValue>,
  erasedAt: string,
): Promise<void> {
  let current = item;
  for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
    const { checkoutShopper: _shopper, ...rest } = current;
    const expectedRevision = Number(current['revision']?.N);
    const erased = { ...rest, erasedAt: { S: erasedAt } };
    const result = await putRevision(client, { table, item: erased, expectedRevision });
    if (result.ok) return;
    current = result.current;
  }
  throw new RetryableError('Too many writers at one checkout');
}
