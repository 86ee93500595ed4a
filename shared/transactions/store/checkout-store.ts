import { marshall } from '@aws-sdk/util-dynamodb';

import type { Checkout } from '@button-serverless/validation/webhooks';
import { batchGet } from '../../dynamodb/batch-get.ts';
import type { TableAccess } from '../../dynamodb/table-access.ts';
import { TRANSACTIONS_TABLE } from '../../dynamodb/table.ts';
import { errorName, log } from '../../runtime/logger.ts';
import { CHECKOUT_PREFIX, placeCheckout, type CheckoutPut } from '../rules/place-checkout.ts';
import { putRevision } from '../../dynamodb/versioned-item.ts';

/** Checkouts in the transactions table. Both methods throw if the table cannot be reached. */
export type CheckoutStore = {
  put(checkout: Checkout, storedAt: Date): Promise<CheckoutPut>;
  /**
   * Records that the transactions of at most 100 tokens have arrived, each with its key. Returns how many
   * checkouts waited for one of them. Begins nothing more without `timeLeft`. A checkout that cannot be
   * written is logged and left out.
   */
  follow(transactionKeys: ReadonlyMap<string, string>, timeLeft: () => boolean): Promise<number>;
};

/**
 * How long a checkout is kept: its transaction has arrived by then. Personal data may not be kept for less
 * than this. In days.
 */
const CHECKOUT_DAYS = 30;

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

    async follow(transactionKeys, timeLeft) {
      const keys = [...transactionKeys.keys()].filter(fitsKey).map((btnRef) => CHECKOUT_PREFIX + btnRef);
      let followed = 0;
      for (const item of await batchGet({ client, table, timeLeft }, partitionKey, keys)) {
        if (!timeLeft()) break;
        const transactionKey = transactionKeys.get(
          item[partitionKey]?.S?.slice(CHECKOUT_PREFIX.length) ?? '',
        );
        if (transactionKey === undefined || 'followedBy' in item) continue;
        const followedItem = { ...item, followedBy: { S: transactionKey } };
        const expectedRevision = Number(item['revision']?.N);
        try {
          const { ok } = await putRevision(client, { table, item: followedItem, expectedRevision });
          if (ok) followed += 1;
        } catch (error) {
          log.warn('checkout_not_followed', { error: errorName(error) });
        }
      }
      return followed;
    },
  };
}

/** Button's tokens are short. No checkout is stored under a text that is long or malformed. */
function fitsKey(btnRef: string): boolean {
  return btnRef !== '' && btnRef.length <= 255 && btnRef.isWellFormed();
}
