import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';

import type { Checkout } from '@button-serverless/validation/webhooks';
import type { TableAccess } from '../../dynamodb/split-body.ts';
import { TRANSACTIONS_TABLE } from '../../dynamodb/table.ts';
import { putRevision } from '../../dynamodb/versioned-item.ts';

/**
 * The result: `expected` for the first checkout of its token, for which a transaction is expected; `further`
 * for another checkout of that token; `known` if it is stored already.
 */
export type CheckoutPut = 'expected' | 'further' | 'known';

/** Checkouts in the transactions table. Both methods throw if the table cannot be reached. */
export type CheckoutStore = {
  put(checkout: Checkout, storedAt: Date): Promise<CheckoutPut>;
  /**
   * Records that the transaction of a token has arrived; true if a checkout waited for it. Half a read unit
   * if none did.
   */
  follow(btnRef: string, transactionKey: string): Promise<boolean>;
};

/**
 * How long a checkout is kept: its transaction has arrived by then. Personal data may not be kept for less
 * than this. In days.
 */
export const CHECKOUT_DAYS = 30;

/** Checkouts in DynamoDB, one item each, which expires. */
export function createCheckoutStore({ client, table }: TableAccess): CheckoutStore {
  const { partitionKey, checkoutOf, timeToLive } = TRANSACTIONS_TABLE;
  return {
    async put({ eventId, btnRef, shopper, commerceOrganization, eventDate }, storedAt) {
      const attributes = marshall({
        ...{ [checkoutOf]: eventId, btnRef, checkoutShopper: shopper, commerceOrganization, eventDate },
        ...{ storedAt: storedAt.toISOString(), schemaVersion: 1 },
        [timeToLive]: Math.floor(storedAt.getTime() / 1000) + CHECKOUT_DAYS * 86_400,
      });
      return placeCheckout({ btnRef, eventId }, async (key) => {
        const item = { ...attributes, [partitionKey]: { S: key } };
        const result = await putRevision(client, { table, item, expectedRevision: 0 });
        return result.ok ? undefined : (result.current[checkoutOf]?.S ?? '');
      });
    },

    async follow(btnRef, transactionKey) {
      // It does not fit into a key.
      if (btnRef === '' || btnRef.length > 255 || !btnRef.isWellFormed()) return false;
      const Key = { [partitionKey]: { S: `checkout#${btnRef}` } };
      const { Item } = await client.send(new GetItemCommand({ TableName: table, Key }));
      if (!Item || 'followedBy' in Item) return false;
      const item = { ...Item, followedBy: { S: transactionKey } };
      return (await putRevision(client, { table, item, expectedRevision: Number(Item['revision']?.N) })).ok;
    },
  };
}

/**
 * Puts a checkout under the token by which its transaction finds it or, if it has none or another checkout
 * has it, under its webhook's id. `putIfAbsent` returns the webhook's id of the checkout that is stored under
 * a key; undefined if there was none and it has put the checkout.
 */
export async function placeCheckout(
  { btnRef, eventId }: Pick<Checkout, 'btnRef' | 'eventId'>,
  putIfAbsent: (key: string) => Promise<string | undefined>,
): Promise<CheckoutPut> {
  if (btnRef !== null) {
    const first = await putIfAbsent(`checkout#${btnRef}`);
    if (first === undefined) return 'expected';
    if (first === eventId) return 'known';
  }
  if ((await putIfAbsent(`checkout-event#${eventId}`)) !== undefined) return 'known';
  return btnRef === null ? 'expected' : 'further';
}
