import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { readCheckout } from '../../../shared/button/checkout-webhook.ts';

const bytes = (body: unknown) => Buffer.from(JSON.stringify(body));

/** The checkout that Button documents. */
const SAMPLE = {
  id: 'hook-123',
  event_type: 'order-checkout',
  data: {
    event_date: '2026-06-01T12:00:00.000Z',
    merchant_organization: 'org-1',
    thirdparty_id: 'user-1',
    btn_ref: 'fakesrctok-1',
  },
  request_id: 'attempt-123',
};

describe('readCheckout', () => {
  it('reads what Button documents', () => {
    expect(readCheckout(bytes(SAMPLE))).toEqual({
      eventId: 'hook-123',
      btnRef: 'fakesrctok-1',
      shopper: 'user-1',
      commerceOrganization: 'org-1',
      eventDate: '2026-06-01T12:00:00Z',
    });
  });

  it.each(['tx-pending', 'order-checkouts', 'ORDER-CHECKOUT', null, 7, undefined])(
    'does not read the event type %j as a checkout',
    (event_type) => {
      expect(readCheckout(bytes({ ...SAMPLE, event_type }))).toBeUndefined();
    },
  );

  it.each([
    ['2026-06-01T14:00:00+02:00', '2026-06-01T12:00:00Z'],
    ['2026-06-01T12:00:00.25Z', '2026-06-01T12:00:00.250Z'],
    ['9999-12-31T23:59:59-23:00', null],
    ['yesterday', null],
    [1780315200, null],
  ])('writes the date %j as %j', (event_date, eventDate) => {
    expect(readCheckout(bytes({ ...SAMPLE, data: { ...SAMPLE.data, event_date } }))).toMatchObject({
      eventDate,
    });
  });

  it.each([
    [17, '17'],
    ['', null],
    [null, null],
    [{}, null],
    ['\ud800', null],
    ['x'.repeat(256), null],
  ])('reads the text %j as %j', (thirdparty_id, shopper) => {
    expect(readCheckout(bytes({ ...SAMPLE, data: { ...SAMPLE.data, thirdparty_id } }))).toMatchObject({
      shopper,
    });
  });

  it('derives the id of a checkout without one from its content, whichever attempt brings it', () => {
    const attempt = (request_id: string, btn_ref: string) =>
      readCheckout(bytes({ ...SAMPLE, id: null, request_id, data: { ...SAMPLE.data, btn_ref } }))?.eventId;

    expect(attempt('1', 'a')).toBe(attempt('2', 'a'));
    expect(attempt('1', 'a')).not.toBe(attempt('1', 'b'));
  });

  it('never throws and refuses nothing, whatever the data', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (data) => {
        expect(readCheckout(bytes({ ...SAMPLE, data }))).toBeDefined();
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array(), (body) => {
        expect(readCheckout(body)).toBeUndefined();
      }),
    );
  });
});
