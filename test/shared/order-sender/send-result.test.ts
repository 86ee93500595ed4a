import { describe, expect, it } from 'vitest';

import { violation } from '../../../shared/validation/orders/order-violation.ts';
import { assertSent, OrderNotSentError, type SendResult } from '../../../shared/order-sender/send-result.ts';

const sent: SendResult = { eventId: '1', orderId: '1994', outcome: 'sent', messageId: 'm', warnings: [] };
const invalid: SendResult = {
  eventId: '2',
  orderId: '1995',
  outcome: 'invalid',
  violations: [violation('total_not_sum', ['data', 'total']), violation('sequence_missing', ['sequence'])],
  warnings: [],
};
const failed: SendResult = {
  eventId: '3',
  orderId: '1996',
  outcome: 'not-sent',
  reason: 'request-failed',
  cause: new Error('socket hang up'),
};

describe('orders, requirement 14: an error of the client names codes, paths and order ids', () => {
  it.each([[sent], [[]], [[sent, sent]]])('does not throw if everything was sent', (results) => {
    expect(() => {
      assertSent(results);
    }).not.toThrow();
  });

  it('throws a typed error with what was not sent, and why', () => {
    const check = (): void => {
      assertSent([sent, invalid, failed]);
    };

    expect(check).toThrow(OrderNotSentError);
    expect(check).toThrow(
      expect.objectContaining({
        message:
          '2 order event(s) not sent: order 1995: invalid (total_not_sum $.data.total, sequence_missing $.sequence); ' +
          'order 1996: request-failed',
        unsent: [invalid, failed],
        cause: failed.cause,
      }),
    );
  });

  it('accepts one result as well as many', () => {
    expect(() => {
      assertSent(invalid);
    }).toThrow('1 order event(s) not sent: order 1995: invalid');
  });

  it.each<[string, SendResult]>([
    [
      'order 7: refused (InvalidParameterValue)',
      { ...failed, orderId: '7', reason: 'refused', code: 'InvalidParameterValue' },
    ],
    [
      'order 7: too-large (11 bytes, at most 10)',
      { eventId: '', orderId: '7', outcome: 'too-large', bytes: 11, maxMessageBytes: 10 },
    ],
    ['order (unnamed): behind-unsent', { eventId: '', outcome: 'not-sent', reason: 'behind-unsent' }],
  ])('says in its message: %s', (message, result) => {
    expect(new OrderNotSentError([result]).message).toBe(`1 order event(s) not sent: ${message}`);
  });

  it('names ten events and five violations of each, and how many more there are', () => {
    const violations = Array.from({ length: 7 }, (_, index) =>
      violation('amount_negative', ['line_items', index]),
    );

    const { message } = new OrderNotSentError(Array.from({ length: 12 }, () => ({ ...invalid, violations })));

    expect(message.match(/order 1995: invalid/g)).toHaveLength(10);
    expect(message.match(/amount_negative/g)).toHaveLength(50);
    expect(message).toContain('and 2 more)');
    expect(message).toMatch(/; and 2 more$/);
  });
});
