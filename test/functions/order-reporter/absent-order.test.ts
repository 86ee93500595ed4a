import { describe, expect, it } from 'vitest';

import { absent, type Absence } from '../../../functions/order-reporter/absent-order.ts';
import { ended } from '../../../functions/order-reporter/call-end.ts';
import type { Doubt, LedgerEntry, ReportedVersion } from '../../../shared/orders/rules/order-ledger.ts';

const now = new Date('2026-06-01T12:00:00.000Z');
const minutesAgo = (count: number) => new Date(now.getTime() - count * 60_000).toISOString();
const version = { by: 'sequence', sequence: '2' } as const;

type History = { reported?: Partial<ReportedVersion>; doubt?: Partial<Doubt>; more?: Partial<LedgerEntry> };

/** The claimed cancellation of an order with a token. */
function cancellation({ reported, doubt, more }: History): LedgerEntry {
  const claim = { state: 'claimed', owner: 'run', until: now.toISOString(), hash: 'cancelled' } as const;
  return {
    ...{ brand: 'acme', orderId: 'order-1', btnRef: 'srctok-1', attempts: 0, warnings: [] },
    newest: {
      ...{ version, kind: 'cancelled', hash: 'cancelled', eventId: 'e', eventSource: 's', messageId: 'm' },
      time: now.toISOString(),
    },
    progress: { ...claim, ...(doubt && { doubt: { kind: 'unclear', hash: 'created', ...doubt } }) },
    ...(reported && {
      reported: { version, kind: 'created', hash: 'created', at: '', acceptedOnly: false, ...reported },
    }),
    ...more,
  };
}

const awaited = ended({ result: 'try-again', reason: 'http_400', isLookUp: true });
const buttonOrderId = 'btnorder-1';
const sent = { purchase_date: '2026-06-01T11:00:00Z', currency: 'USD' };

const READS = {
  'the list of its token does not show it, and ids get 404': { isUnlisted: true, isIdUnread: false },
  'the list of its token does not show it, and ids are refused': { isUnlisted: true, isIdUnread: true },
  'there is no list, and ids get 404': { isUnlisted: false, isIdUnread: false },
  'there is no list, and ids are refused': { isUnlisted: false, isIdUnread: true },
  'the list cannot be read, and ids get 404': { isUnlisted: false, isTokenUnread: true, isIdUnread: false },
  'the list does not show it, and a refusal of an id may pass': {
    ...{ isUnlisted: true, isIdUnread: true, refused: awaited },
  },
} as const satisfies Record<string, Absence>;

const RESULTS = {
  gone: { result: 'done' },
  later: { result: 'try-again', reason: 'not_found' },
  unconfirmed: { result: 'refused', reason: 'cancellation_unconfirmed' },
  awaited: awaited.result,
} as const;

type End = keyof typeof RESULTS;

/** For each row of what may have been sent, the end in the order of `READS`. */
const ENDS: readonly [string, History, readonly End[]][] = [
  ['no call can have made the order', {}, ['gone', 'gone', 'gone', 'unconfirmed', 'unconfirmed', 'gone']],
  [
    'only a cancellation was sent, and not answered',
    { doubt: { hash: 'cancelled', sentAt: minutesAgo(1) } },
    ['gone', 'gone', 'gone', 'unconfirmed', 'unconfirmed', 'gone'],
  ],
  [
    'a create, then a cancellation, were not answered 14 minutes ago',
    { doubt: { hash: 'cancelled', amongOthers: true, sentAt: minutesAgo(14) } },
    ['later', 'later', 'later', 'later', 'later', 'awaited'],
  ],
  [
    'a create was not answered 14 minutes ago',
    { doubt: { sentAt: minutesAgo(14) } },
    ['later', 'later', 'later', 'later', 'later', 'awaited'],
  ],
  [
    'a create was not answered 15 minutes ago',
    { doubt: { sentAt: minutesAgo(15) } },
    ['gone', 'unconfirmed', 'gone', 'unconfirmed', 'unconfirmed', 'awaited'],
  ],
  [
    'a create was not answered an hour ago, before the token was known',
    { doubt: { sentAt: minutesAgo(60) }, more: { tokenDue: true, sent } },
    ['gone', 'unconfirmed', 'gone', 'unconfirmed', 'unconfirmed', 'awaited'],
  ],
  [
    'Button accepted the create (202) 119 minutes ago',
    { reported: { at: minutesAgo(119), acceptedOnly: true } },
    ['later', 'later', 'later', 'later', 'later', 'awaited'],
  ],
  [
    'Button accepted the create (202) two hours ago',
    { reported: { at: minutesAgo(120), acceptedOnly: true } },
    ['gone', 'unconfirmed', 'gone', 'unconfirmed', 'unconfirmed', 'awaited'],
  ],
  [
    'Button acknowledged the order 119 minutes ago',
    { reported: { at: minutesAgo(119), buttonOrderId } },
    ['later', 'later', 'later', 'later', 'later', 'later'],
  ],
  [
    'Button acknowledged the order two hours ago',
    { reported: { at: minutesAgo(120), buttonOrderId } },
    ['gone', 'gone', 'gone', 'unconfirmed', 'unconfirmed', 'gone'],
  ],
  [
    'Button acknowledged the order two hours ago, and the token came later',
    { reported: { at: minutesAgo(120), buttonOrderId }, more: { tokenDue: true, sent } },
    ['gone', 'unconfirmed', 'gone', 'unconfirmed', 'unconfirmed', 'awaited'],
  ],
  [
    'Button acknowledged the order 14 minutes ago, and a cancellation was not answered',
    { reported: { at: minutesAgo(14), buttonOrderId }, doubt: { hash: 'cancelled' } },
    ['later', 'later', 'later', 'later', 'later', 'later'],
  ],
  [
    'Button acknowledged the order 15 minutes ago, and a cancellation was not answered',
    { reported: { at: minutesAgo(15), buttonOrderId }, doubt: { hash: 'cancelled' } },
    ['gone', 'gone', 'gone', 'unconfirmed', 'unconfirmed', 'gone'],
  ],
  [
    'Button accepted a cancellation (202) 119 minutes ago',
    { reported: { kind: 'cancelled', at: minutesAgo(119), acceptedOnly: true, buttonOrderId } },
    ['later', 'later', 'later', 'later', 'later', 'later'],
  ],
  [
    'Button acknowledged a cancellation a minute ago',
    { reported: { kind: 'cancelled', at: minutesAgo(1), buttonOrderId } },
    ['gone', 'gone', 'gone', 'gone', 'gone', 'gone'],
  ],
];

describe.each(ENDS)('a cancellation of an order that no read shows: %s', (_sent, history, ends) => {
  it.each(Object.entries(READS))('%s', (read, absence) => {
    const end = ends[Object.keys(READS).indexOf(read)] ?? 'awaited';
    const { result } = absent(cancellation(history), absence, { now });

    expect(result).toMatchObject(RESULTS[end]);
  });
});

it('if a read showed the order before, the list of its token proves that it is gone', () => {
  const accepted = cancellation({ reported: { at: minutesAgo(120), acceptedOnly: true } });
  const absence = { isUnlisted: true, isIdUnread: true };

  expect(absent(accepted, absence, { now }).result).toMatchObject(RESULTS.unconfirmed);
  expect(absent(accepted, absence, { now, wasShown: true }).result).toMatchObject(RESULTS.gone);
});

it('the list of a token that came late proves nothing if a restored ledger may have forgotten a create', () => {
  const unsent = cancellation({ more: { tokenDue: true } });
  const absence = { isUnlisted: true, isIdUnread: true };
  const verifyBefore = new Date(now.getTime() + 1).toISOString();

  expect(absent(unsent, absence, { now }).result).toMatchObject(RESULTS.gone);
  expect(absent(unsent, absence, { now, verifyBefore }).result).toMatchObject(RESULTS.unconfirmed);
});

it('the list proves nothing about an old purchase that a restored ledger may have forgotten', () => {
  const { newest, ...entry } = cancellation({});
  const forgotten = { ...entry, newest: { ...newest, cancels: sent } };
  const absence = { isUnlisted: true, isIdUnread: true };

  expect(absent(forgotten, absence, { now, verifyBefore: sent.purchase_date }).result).toMatchObject(
    RESULTS.gone,
  );
  expect(absent(forgotten, absence, { now, verifyBefore: minutesAgo(1) }).result).toMatchObject(
    RESULTS.unconfirmed,
  );
});
