import { createHash } from 'node:crypto';
import * as z from 'zod';

/** What a Publisher put on a link and gets back with the transaction. */
export const ShopperSchema = z.strictObject({
  publisherCustomerId: z.string().nullable(),
  pubRef: z.string().max(512).nullable(),
});
export type Shopper = z.infer<typeof ShopperSchema>;

/**
 * Who tapped the link behind a `btn_ref`: the shopper that was set, or else a made-up one, always the same
 * for that `btn_ref`.
 */
export class Shoppers {
  readonly #byBtnRef = new Map<string, Shopper>();

  set(btnRef: string, shopper: Shopper): void {
    this.#byBtnRef.set(btnRef, shopper);
  }

  of(btnRef: string): Shopper {
    const digits = createHash('sha256').update(btnRef).digest('hex').slice(0, 8);
    return (
      this.#byBtnRef.get(btnRef) ?? { publisherCustomerId: `demo-shopper-${digits}`, pubRef: 'demo-link' }
    );
  }

  all(): Record<string, Shopper> {
    return Object.fromEntries(this.#byBtnRef);
  }

  clear(): void {
    this.#byBtnRef.clear();
  }
}
