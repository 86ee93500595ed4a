import { describe, expect, it } from 'vitest';

import { compareOrders } from '../../../shared/button/order-identity.ts';

describe('an order that Button shows without its token', () => {
  const ours = { purchase_date: '2026-06-01T11:00:00Z', currency: 'USD' };

  it.each([
    ['the same instant with another offset', '2026-06-01T13:00:00+02:00', 'USD', 'ours'],
    ['the currency in lower case', '2026-06-01T11:00:00.250Z', 'usd', 'ours'],
    ['a time without an offset that is ours in UTC', '2026-06-01T11:00:00', 'USD', 'ours'],
    ['a time without an offset that may be local', '2026-06-01T13:00:00', 'USD', 'unproved'],
    ['a day only', '2026-06-01', 'USD', 'unproved'],
    ['another instant', '2026-06-01T11:00:01Z', 'USD', 'anothers'],
    ['another currency', '2026-06-01T11:00:00Z', 'EUR', 'anothers'],
  ])('is compared by purchase date and currency: %s', (_, purchase_date, currency, expected) => {
    expect(compareOrders({ purchase_date, currency }, ours, 'srctok-1')).toBe(expected);
  });

  it('is not compared by what one of the two does not show', () => {
    const { purchase_date, currency } = ours;
    for (const less of [{ purchase_date }, { currency }, {}]) {
      expect(compareOrders(less, ours, 'srctok-1')).toBe('unproved');
      expect(compareOrders(ours, less, 'srctok-1')).toBe('unproved');
    }
  });
});
