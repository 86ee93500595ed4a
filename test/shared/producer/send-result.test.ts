import { describe, expect, it } from 'vitest';

import { assertSent, OrderNotSentError, type SendResult } from '../../../shared/producer/send-result.ts';

const sent: SendResult = { eventId: '1', outcome: 'sent', messageId: 'm', warnings: [] };
const invalid: SendResult = { eventId: '2', outcome: 'invalid', violations: [], warnings: [] };
const failed: SendResult = {
  eventId: '3',
  outcome: 'not-sent',
  reason: 'request-failed',
  cause: new Error('socket hang up'),
};

describe('assertSent', () => {
  it.each([[sent], [[]], [[sent, sent]]])('is content if everything was sent', (results) => {
    expect(() => {
      assertSent(results);
    }).not.toThrow();
  });

  it('throws a typed error that holds what was not sent, and why', () => {
    const check = (): void => {
      assertSent([sent, invalid, failed]);
    };

    expect(check).toThrow(OrderNotSentError);
    expect(check).toThrow(
      expect.objectContaining({
        message: 'Not sent: 2 order event(s) (invalid, request-failed)',
        unsent: [invalid, failed],
        cause: failed.cause,
      }),
    );
  });

  it('takes one result as well as many', () => {
    expect(() => {
      assertSent(invalid);
    }).toThrow('Not sent: 1 order event(s) (invalid)');
  });
});
