import { describe, expect, it } from 'vitest';

import { closeBreaker, healthOf, openBreaker, takeProbe } from '../../../shared/domain/breaker.ts';
import type { CallResult } from '../../../shared/domain/order-ledger.ts';

const noon = new Date('2026-06-01T12:00:00.000Z');
const at = (seconds: number): Date => new Date(noon.getTime() + seconds * 1000);
const tryAgain = (reason: string): CallResult => ({ result: 'try-again', reason });

describe('healthOf', () => {
  it.each<[string, CallResult, ReturnType<typeof healthOf>]>([
    ['a success', { result: 'done', acceptedOnly: false, sent: true }, 'healthy'],
    ['a refusal of the order', { result: 'refused', reason: 'refused_by_button' }, 'healthy'],
    ['a 429 (B2)', tryAgain('http_429'), 'healthy'],
    ['an order that is not shown yet', tryAgain('not_found'), 'healthy'],
    [
      'a look-up by token that failed',
      { result: 'try-again', reason: 'http_500', isLookUp: true },
      'healthy',
    ],
    [
      'a look-up by token that was refused',
      { result: 'try-again', reason: 'look_up_http_401', isLookUp: true },
      'healthy',
    ],
    ['a refused key (B4)', tryAgain('unauthorized'), 'key-refused'],
    ['no key', tryAgain('api_key_not_set'), 'not-asked'],
    ['a 503 (B3)', tryAgain('http_503'), 'outage'],
    ['a name that does not resolve (B14)', tryAgain('enotfound'), 'outage'],
    ['a 500', { result: 'unclear', reason: 'http_500' }, 'outage'],
    ['no answer in time', { result: 'unclear', reason: 'timeout' }, 'outage'],
    ['an answer that makes no sense (B6)', { result: 'unclear', reason: 'unreadable_answer' }, 'outage'],
  ])('takes %s for what it says about Button and the key', (_what, result, health) => {
    expect(healthOf(result)).toBe(health);
  });
});

describe('a breaker', () => {
  it('is probed a minute after it opened, and then once a minute', () => {
    const open = openBreaker(undefined, 'outage', noon);

    const probed = takeProbe(open, at(60));

    expect(takeProbe(open, at(59))).toBeUndefined();
    expect(probed).toEqual({ ...open, nextProbeAt: at(120).toISOString() });
    expect(probed && takeProbe(probed, at(61))).toBeUndefined();
  });

  it('keeps the time of its probes when it is opened again', () => {
    const open = openBreaker(undefined, 'outage', noon);

    expect(openBreaker(open, 'key-refused', at(30))).toBe(open);
  });

  it('is not probed once it is closed, and says since when that is', () => {
    const closed = closeBreaker(openBreaker(undefined, 'key-refused', noon), at(90));

    expect(closed).toEqual({ state: 'closed', since: at(90).toISOString() });
    expect(takeProbe(closed, at(999))).toBeUndefined();
    expect(closeBreaker(closed, at(999))).toBe(closed);
  });
});
