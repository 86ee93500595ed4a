import { expect, it } from 'vitest';

import { transactionMatches } from '../../../ops/look-up/transaction-matches.ts';
import { recordOf } from '../timeline/samples.ts';

it.each([
  [{ publisher_customer_id: 'user-1', pub_ref: null }, false],
  [{ publisher_customer_id: null, pub_ref: 'user-1' }, false],
  [{ publisher_customer_id: null, pub_ref: null }, true],
  [{ publisher_customer_id: '', pub_ref: null }, true],
])('a transaction with %o is without a shopper: %s', (names, isWithout) => {
  expect(transactionMatches(recordOf(names), { withoutShopper: true })).toBe(isWithout);
});
