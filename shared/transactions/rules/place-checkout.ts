import type { Checkout } from '@button-serverless/validation/webhooks';

/**
 * The result: `expected` for the first checkout of its token, for which a transaction is expected; `further`
 * for another checkout of that token; `known` if it is stored already.
 */
export type CheckoutPut = 'expected' | 'further' | 'known';

/** The key of a checkout is this and its token. */
export const CHECKOUT_PREFIX = 'checkout#';

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
    const first = await putIfAbsent(CHECKOUT_PREFIX + btnRef);
    if (first === undefined) return 'expected';
    if (first === eventId) return 'known';
  }
  if ((await putIfAbsent(`checkout-event#${eventId}`)) !== undefined) return 'known';
  return btnRef === null ? 'expected' : 'further';
}
