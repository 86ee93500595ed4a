import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { hashEmail } from '../../../../shared/validation/orders/email-hash.ts';
import { validateOrder } from '../../../../shared/validation/orders/validate-order.ts';
import { RULES, sampleOrder } from './order-samples.ts';

describe('hashEmail', () => {
  it('hashes the address in UTF-8 to lower-case hex', () => {
    // printf %s jane@example.com | sha256sum
    expect(hashEmail('jane@example.com')).toBe(
      '8c87b489ce35cf2e2f39f80e282cb2e804932a56a213983eeeb428407d43b52d',
    );
  });

  it('B11: is the same in any case and with any space around the address', () => {
    const spaces = fc.constantFrom('', ' ', '\t', '\n', '\u00A0 ');

    fc.assert(
      fc.property(fc.emailAddress(), spaces, spaces, (email, before, after) => {
        expect(hashEmail(before + email.toUpperCase() + after)).toBe(hashEmail(email.toLowerCase()));
      }),
    );
  });

  it('B11: is what an order accepts as email_sha256', () => {
    fc.assert(
      fc.property(fc.emailAddress(), (email) => {
        const order = { ...sampleOrder(), customer: { email_sha256: hashEmail(email) } };

        expect(validateOrder(order, RULES).ok).toBe(true);
      }),
    );
  });

  it.each([null, undefined, '', '   ', 'n/a', '@', 'jane@', '@example.com'])(
    'has no hash for %j, which is not an address',
    (text) => {
      expect(hashEmail(text)).toBeUndefined();
    },
  );
});
