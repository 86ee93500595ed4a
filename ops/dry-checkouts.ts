import { GetItemCommand } from '@aws-sdk/client-dynamodb';

import type { TableAccess } from '../shared/dynamodb/table-access.ts';
import { TRANSACTIONS_TABLE } from '../shared/dynamodb/table.ts';
import { placeCheckout } from '../shared/transactions/rules/place-checkout.ts';
import type { CheckoutStore } from '../shared/transactions/store/checkout-store.ts';

/**
 * A store of checkouts that reads the real one and keeps writes in memory, so that a dry run gets the same
 * result as the real run, and changes nothing.
 */
export function dryCheckouts({ client, table }: TableAccess): Pick<CheckoutStore, 'put'> {
  const { partitionKey, checkoutOf } = TRANSACTIONS_TABLE;
  const written = new Map<string, string>();
  const eventIdAt = async (key: string): Promise<string | undefined> => {
    const Key = { [partitionKey]: { S: key } };
    const { Item: item } = await client.send(new GetItemCommand({ TableName: table, Key }));
    return item && (item[checkoutOf]?.S ?? '');
  };
  return {
    put: (checkout) =>
      placeCheckout(checkout, async (key) => {
        const there = written.get(key) ?? (await eventIdAt(key));
        if (there === undefined) written.set(key, checkout.eventId);
        return there;
      }),
  };
}
