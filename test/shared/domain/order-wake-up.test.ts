import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { readWakeUp, wakeUpMessage } from '../../../shared/domain/order-wake-up.ts';

describe('readWakeUp', () => {
  it('reads what wakeUpMessage wrote, whatever the order id', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.boolean(), (orderId, isProbe) => {
        expect(readWakeUp(wakeUpMessage({ orderId, isProbe }))).toEqual({ orderId, isProbe });
      }),
    );
  });

  it.each([
    '{"wakeUp":',
    '{"wakeUp":{}}',
    '{"wakeUp":{"orderId":""}}',
    '{"wakeUp":{"orderId":"o-1","probe":false}}',
    '{"wakeUp":{"orderId":"o-1"},"data":{}}',
    '{"specversion":"1.0"}',
  ])('takes nothing else for a wake-up: %s', (body) => {
    expect(readWakeUp(body)).toBeUndefined();
  });
});
