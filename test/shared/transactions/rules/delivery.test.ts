import { describe, expect, it } from 'vitest';

import { backfillPosition } from '../../../../shared/reconciliation/rules/begin-stream.ts';
import { cutOverAt, deliveryOf, joinDeliveries } from '../../../../shared/transactions/rules/delivery.ts';

describe('deliveryOf', () => {
  it.each([
    ['2026-05-31T23:59:59Z', '2026-06-01T00:00:00.000Z', 'historical'],
    ['2026-06-01T00:00:00Z', '2026-06-01T00:00:00.000Z', 'live'],
    ['2026-06-01T00:00:00Z', '2026-06-01T00:00:00Z', 'live'],
    ['2026-06-01T00:00:00Z', '2026-06-01T00:00:00.500Z', 'live'],
    ['2014-01-01T00:00:00Z', null, 'live'],
    ['2014-01-01T00:00:00Z', undefined, 'live'],
  ])('of a transaction created at %s, with a cut-over at %s, is %s', (createdDate, instant, delivery) => {
    expect(deliveryOf({ createdDate }, instant)).toBe(delivery);
  });
});

describe('joinDeliveries', () => {
  const of = (delivery: 'live' | 'historical', ...dates: string[]) => ({
    delivery,
    seen: dates.map((createdDate) => ({ transaction: { createdDate } })),
  });
  const record = of('live', '2026-06-05T00:00:00.700Z', '2026-06-06T00:00:00Z');

  it('makes a live record historical that turns out to be older', () => {
    expect(joinDeliveries(record, of('historical', '2026-06-04T23:59:59Z'))).toBe('historical');
    expect(joinDeliveries(record, of('live', '2026-06-04T23:59:59Z'))).toBe('live');
  });

  it.each(['2026-06-05T00:00:00Z', '2026-06-05T12:00:00Z'])(
    'keeps a live record live whose known dates are called historical now (%s): the cut-over was moved, or a backfill says so',
    (date) => {
      expect(joinDeliveries(record, of('historical', date))).toBe('live');
    },
  );

  it('keeps a historical record historical, whatever else is known of it', () => {
    expect(joinDeliveries(of('historical', '2026-06-05T00:00:00Z'), of('live', '2026-06-01T00:00:00Z'))).toBe(
      'historical',
    );
  });
});

describe('cutOverAt', () => {
  const live = { stream: 'live', historicalBefore: '2026-06-01T00:00:00Z' };
  const range = { account: 'acc-1', id: 'march', from: '2026-03-01T00:00:00Z', to: '2026-04-01T00:00:00Z' };

  it('is the configured instant, or else that of the deployment', () => {
    expect(cutOverAt(live, '2026-06-09T00:00:00.000Z')).toBe('2026-06-09T00:00:00.000Z');
    expect(cutOverAt(live, undefined)).toBe('2026-06-01T00:00:00Z');
    expect(cutOverAt({ ...live, stream: 'sweep-weekly', historicalBefore: null }, undefined)).toBeNull();
  });

  it('leaves the decision of a backfill to its starter', () => {
    const liveBackfill = backfillPosition({ ...range, delivery: 'live' });
    const historicalBackfill = backfillPosition({ ...range, delivery: 'historical' });
    const created = { createdDate: '2026-03-15T00:00:00Z' };
    const liveFrom = '2026-03-10T00:00:00.000Z';

    expect(deliveryOf(created, cutOverAt(liveBackfill, '2026-06-01T00:00:00.000Z'))).toBe('live');
    expect(deliveryOf(created, cutOverAt(historicalBackfill, liveFrom))).toBe('historical');
  });
});
