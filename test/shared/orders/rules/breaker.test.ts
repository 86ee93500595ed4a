import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  closeBreaker,
  countFailure,
  forgetFailures,
  healthOf,
  isPaused,
  mayBeOwn,
  openBreaker,
  pauseBrand,
  resumeBrand,
  suspectOutage,
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

describe('a paused brand', () => {
  const OF_OTHERS: readonly ((breaker: Breaker) => Breaker | undefined)[] = [
    (breaker) => openBreaker(breaker, 'key-refused', at(1)),
    (breaker) => closeBreaker(breaker, at(2)),
    (breaker) => countFailure(breaker, { orderId: 'a', cause: 'outage', lastSuccessAt: undefined }, at(3)),
    (breaker) => suspectOutage(breaker, at(4)),
    (breaker) => forgetFailures(breaker, at(5)),
    (breaker) => takeProbe(breaker, at(6000)),
    (breaker) => withThrottle(breaker, { at: at(7).toISOString() }, at(7)),
    (breaker) => withPace(breaker, { perSecond: 9, changedAt: '', wasThrottled: false }, at(8)),
    (breaker) => pauseBrand(breaker, 'once more', at(9)),
  ];

  it.each<[string, Breaker | undefined]>([
    ['unknown', undefined],
    ['closed', closeBreaker(undefined, noon)],
    ['open', openBreaker(undefined, 'key-refused', noon)],
  ])(
    'stays paused, since the same instant, whatever reporters and sweeps write: it was %s',
    (_was, before) => {
      const paused = pauseBrand(before, 'wrong prices', noon);

      fc.assert(
        fc.property(fc.array(fc.constantFrom(...OF_OTHERS)), (changes) => {
          const after = changes.reduce((breaker, change) => change(breaker) ?? breaker, paused);

          expect(after).toMatchObject({ cause: 'paused', since: noon.toISOString(), reason: 'wrong prices' });
        }),
      );
    },
  );

  it('is never probed', () => {
    expect(takeProbe(pauseBrand(undefined, 'wrong prices', noon), at(999_999))).toBeUndefined();
  });

  it('is closed once it is resumed, without a success that nobody has seen, and can open again', () => {
    const resumed = resumeBrand(pauseBrand(undefined, 'wrong prices', noon), at(60));

    expect(resumed).toEqual({
      state: 'closed',
      since: at(60).toISOString(),
      resumedAt: at(60).toISOString(),
    });
    expect(isPaused(resumed)).toBe(false);
    expect(openBreaker(resumed, 'outage', at(61))).toMatchObject({ resumedAt: at(60).toISOString() });
  });

  it.each([undefined, closeBreaker(undefined, noon), openBreaker(undefined, 'outage', noon)])(
    'is the only one that can be resumed: not %o',
    (breaker) => {
      expect(resumeBrand(breaker, at(1))).toBeUndefined();
    },
  );
});

it('keeps the known rate when the breaker opens, is probed, closes, is paused and resumed', () => {
  const throttle = { at: noon.toISOString() };
  const pace = { perSecond: 40, changedAt: noon.toISOString(), wasThrottled: true };
  const closed = withPace(withThrottle(undefined, throttle, noon), pace, noon);

  const open = openBreaker(closed, 'outage', at(1));
  const probed = takeProbe(open, at(61));
  const again = closeBreaker(probed, at(62));
  const paused = pauseBrand(again, 'wrong prices', at(63));
  const resumed = resumeBrand(paused, at(64));

  for (const breaker of [closed, open, probed, again, paused, resumed])
    expect(breaker).toMatchObject({ throttle, pace });
});
