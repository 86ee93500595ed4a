import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { readRetryMessage, retryMessage } from '../../../../shared/orders/rules/retry-message.ts';

describe('readRetryMessage', () => {
  it('reads what retryMessage wrote, whatever the order id', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.boolean(), (orderId, isProbe) => {
        expect(readRetryMessage(retryMessage({ orderId, isProbe }))).toEqual({ orderId, isProbe });
      }),
    );
  });

  it.each([
    '{"retry":',
    '{"retry":{}}',
    '{"retry":{"orderId":""}}',
    '{"retry":{"orderId":"o-1","probe":false}}',
    '{"retry":{"orderId":"o-1"},"data":{}}',
    '{"specversion":"1.0"}',
  ])('reads nothing else as a retry message: %s', (body) => {
    expect(readRetryMessage(body)).toBeUndefined();
  });
});
