import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  closeBreaker,
  countFailure,
  healthOf,
  mayBeOwn,
  openBreaker,
  takeProbe,
  withPace,
  withThrottle,
  type Breaker,
} from '../../../../shared/orders/rules/breaker.ts';
import type { CallResult } from '../../../../shared/orders/rules/order-ledger.ts';

const noon = new Date('2026-06-01T12:00:00.000Z');
const at = (seconds: number): Date => new Date(noon.getTime() + seconds * 1000);
const tryAgain = (reason: string): CallResult => ({ result: 'try-again', reason });

describe('healthOf', () => {
  it.each<[string, CallResult, ReturnType<typeof healthOf>]>([
    ['a success', { result: 'done', acceptedOnly: false, sent: true }, 'healthy'],
    ['a refusal of the order', { result: 'refused', reason: 'refused_by_button' }, 'healthy'],
    ['a 429 (B2)', tryAgain('http_429'), 'throttled'],
    ['a 429 to a look-up', { result: 'try-again', reason: 'http_429', isLookUp: true }, 'throttled'],
    ['an order that is not shown yet', tryAgain('not_found'), 'healthy'],
    [
      'a look-up by token that failed',
      { result: 'try-again', reason: 'http_500', isLookUp: true },
      'healthy',
    ],
    [
      'a look-up by token that failed after a 403',
      { result: 'unclear', reason: 'http_500', isLookUp: true },
      'healthy',
    ],
    [
      'a look-up by token that was refused',
      { result: 'try-again', reason: 'look_up_http_401', isLookUp: true },
      'healthy',
    ],
    ['a refused key (B4)', tryAgain('unauthorized'), 'unauthorized'],
    ['a 403 for an order that is open', tryAgain('forbidden'), 'forbidden'],
    ['a redirect', tryAgain('http_302'), 'outage'],
    ['no key', tryAgain('api_key_not_set'), 'not-asked'],
    ['a 503 (B3)', tryAgain('http_503'), 'outage'],
    ['a name that does not resolve (B14)', tryAgain('enotfound'), 'outage'],
    ['a 500', { result: 'unclear', reason: 'http_500' }, 'outage'],
    ['no answer in time', { result: 'unclear', reason: 'timeout' }, 'outage'],
    ['a malformed answer (B6)', { result: 'unclear', reason: 'unreadable_answer' }, 'outage'],
  ])('reads %s as what it says about Button and the key', (_what, result, health) => {
    expect(healthOf(result)).toBe(health);
  });
});

describe('a 401 or a 429 of one order that Button has not accepted before', () => {
  const tryAgain = (reason: string): CallResult => ({ result: 'try-again', reason });

  it.each([
    ['unauthorized', 0, false],
    ['unauthorized', 1, true],
    ['http_429', 4, false],
    ['http_429', 5, true],
    ['http_503', 50, false],
  ])('%s after %i tries may be the order’s own: %s', (reason, tries, isOwn) => {
    expect(mayBeOwn(tryAgain(reason), tries)).toBe(isOwn);
    expect(mayBeOwn({ result: 'unclear', reason }, tries)).toBe(isOwn);
  });

  it('is never the order’s own if the look-up got it', () => {
    expect(mayBeOwn({ result: 'try-again', reason: 'http_429', isLookUp: true }, 50)).toBe(false);
  });

  it.each(['unauthorized', 'http_429'])(
    'says nothing about Button once %s is known to be the order’s own',
    (reason) => {
      for (const result of ['try-again', 'unclear'] as const)
        expect(healthOf({ result, reason, blamesOrder: true })).toBe('not-asked');
    },
  );
});

describe('a breaker', () => {
  it('is probed by the first sweep after it opened, and then once a minute', () => {
    const open = openBreaker(undefined, 'outage', noon);

    const probed = takeProbe(open, at(1));

    expect(probed).toEqual({ ...open, nextProbeAt: at(61).toISOString() });
    expect(probed && takeProbe(probed, at(60))).toBeUndefined();
    expect(probed && takeProbe(probed, at(61))).toBeDefined();
  });

  it('keeps the time of its probes when it opens again', () => {
    const open = openBreaker(undefined, 'outage', noon);

    expect(openBreaker(open, 'key-refused', at(30))).toBe(open);
  });

  it('is not probed once it is closed, and says since when', () => {
    const closed = closeBreaker(openBreaker(undefined, 'key-refused', noon), at(90));

    const since = at(90).toISOString();
    expect(closed).toEqual({ state: 'closed', since, lastSuccessAt: since });
    expect(takeProbe(closed, at(999))).toBeUndefined();
    expect(closeBreaker(closed, at(999))).toBe(closed);
  });
});

describe('countFailure', () => {
  const failure = (orderId: string, lastSuccessAt?: Date) => ({
    orderId,
    cause: 'outage' as const,
    lastSuccessAt,
  });
  const fail = (breaker: Breaker | undefined, orderIds: readonly string[], from = 0): Breaker | undefined =>
    orderIds.reduce((now, id, index) => countFailure(now, failure(id), at(from + index)), breaker);

  it('opens the breaker at five different orders, and never at fewer', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { maxLength: 30 }), (orderIds) => {
        const isOpen = fail(undefined, orderIds)?.state === 'open';

        expect(isOpen).toBe(new Set(orderIds).size >= 5);
      }),
    );
  });

  it('forgets what failed before the last success, and what failed a quarter of an hour ago', () => {
    const four = fail(undefined, ['a', 'b', 'c', 'd']);

    expect(countFailure(four, failure('e', at(5)), at(10)).state).toBe('closed');
    expect(countFailure(four, failure('e'), at(1000)).state).toBe('closed');
    expect(countFailure(four, failure('e', at(-5)), at(10)).state).toBe('open');
  });

  it('leaves an open breaker alone', () => {
    const open = openBreaker(undefined, 'outage', noon);

    expect(countFailure(open, failure('a'), at(1))).toBe(open);
  });
});

it('keeps the known rate when the breaker opens, is probed and closes', () => {
  const throttle = { at: noon.toISOString() };
  const pace = { perSecond: 40, changedAt: noon.toISOString(), wasThrottled: true };
  const closed = withPace(withThrottle(undefined, throttle, noon), pace, noon);

  const open = openBreaker(closed, 'outage', at(1));
  const probed = takeProbe(open, at(61));
  const again = closeBreaker(probed, at(62));

  for (const breaker of [closed, open, probed, again]) expect(breaker).toMatchObject({ throttle, pace });
});
