import { describe, expect, it } from 'vitest';

import { transactionKey } from '../../../../shared/validation/webhooks/transaction.ts';

describe('transactionKey', () => {
  it('is the order if there is one, and the transaction itself for an app install (D6)', () => {
    expect(transactionKey({ id: 'tx-1', buttonOrderId: 'btnorder-1' })).toBe('order#btnorder-1');
    expect(transactionKey({ id: 'tx-1', buttonOrderId: null })).toBe('tx#tx-1');
  });
});
