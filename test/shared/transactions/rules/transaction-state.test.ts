import { describe, expect, it } from 'vitest';

import {
  finalsOf,
  isSame,
  stateOf,
  toWholeSecond,
  withoutOldVersions,
} from '../../../../shared/transactions/rules/transaction-state.ts';
import type { SeenVersion, Transaction } from '../../../../shared/validation/webhooks/transaction.ts';
import { minute, transaction } from '../../../fakes/observation.ts';

/** A version that a webhook brought, or that a read showed: `shownAt`. */
function version(
  changes: Partial<Transaction> = {},
  { seenAt = minute(0), shownAt, payload = {} }: Partial<SeenVersion> = {},
): SeenVersion {
  return {
    transaction: transaction(changes),
    ...{ payload, source: shownAt === undefined ? 'webhook:hook-1' : `api:${shownAt}`, seenAt },
    ...(shownAt === undefined ? {} : { shownAt }),
  };
}

const shown = (at: number, changes: Partial<Transaction> = {}): SeenVersion =>
  version(changes, { seenAt: minute(at), shownAt: minute(at) });

const at = (time: string) => ({ modifiedDate: `2026-01-01T${time}Z` });
const validated = { status: 'validated' } as const;
const declined = { status: 'declined' } as const;

function permutations<Item>(items: readonly Item[]): Item[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, index) =>
    permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]),
  );
}

/** The state of these versions, which must be the same in any order. */
function stateIn(seen: readonly SeenVersion[]) {
  const states = permutations(seen).map((order) => stateOf(order, undefined));
  for (const state of states) expect(state).toEqual(states[0]);
  return states[0];
}

/** The fields of each candidate that are named here. */
function candidates(seen: readonly SeenVersion[], ...fields: (keyof Transaction)[]): unknown[][] {
  return (stateIn(seen)?.candidates ?? []).map(({ transaction }) => fields.map((one) => transaction[one]));
}

describe('final versions of one id that contradict each other', () => {
  const other = version({ ...declined, ...at('09:00:00') });
  const status = (seen: readonly SeenVersion[]) => candidates(seen, 'status', 'modifiedDate');

  it('are all candidates, the latest first', () => {
    const seen = [version({ ...validated, ...at('11:00:00') }), other];

    expect(stateIn(seen)?.cause).toBe('contradiction');
    expect(status(seen)).toEqual([
      ['validated', '2026-01-01T11:00:00Z'],
      ['declined', '2026-01-01T09:00:00Z'],
    ]);
  });

  it('count once if one says everything that another says, and more, even if it is earlier', () => {
    const full = version({ ...validated, ...at('11:00:00'), pubRef: 'ref' });
    const less = version({ ...validated, ...at('12:00:00') });

    expect(status([full, less, other])).toEqual([
      ['validated', '2026-01-01T11:00:00Z'],
      ['declined', '2026-01-01T09:00:00Z'],
    ]);
  });

  it('count once, with the later date, if they say the same', () => {
    const [first, second] = ['11:00:00', '12:00:00'].map((time) => version({ ...validated, ...at(time) }));
    if (!first || !second) throw new Error('two versions');

    expect(status([first, second, other])).toEqual([
      ['validated', '2026-01-01T12:00:00Z'],
      ['declined', '2026-01-01T09:00:00Z'],
    ]);
  });

  it('count separately if each says something that the other leaves out', () => {
    const byShopper = version({ ...validated, ...at('11:00:00'), pubRef: 'ref' });
    const byDate = version({ ...validated, ...at('12:00:00'), purchaseDate: '2026-01-01T08:00:00Z' });

    expect(status([byShopper, byDate, other])).toHaveLength(3);
  });
});

describe('versions that agree', () => {
  it('have the fields of the others, the latest first, in the one that counts', () => {
    const seen = [
      version({ ...at('10:00:00'), pubRef: 'first', attributionDate: '2026-01-01T08:00:00Z' }),
      version({ ...at('11:00:00'), pubRef: 'second' }),
      version({ ...at('12:00:00') }),
    ];

    expect(candidates(seen, 'modifiedDate', 'pubRef', 'attributionDate')).toEqual([
      ['2026-01-01T12:00:00Z', 'second', '2026-01-01T08:00:00Z'],
    ]);
  });

  it('have the amounts of another version if the one that counts leaves them out', () => {
    const seen = [
      version(at('10:00:00')),
      version({ ...at('11:00:00'), amountMinor: null, orderTotalMinor: null }),
    ];

    expect(candidates(seen, 'modifiedDate', 'amountMinor', 'orderTotalMinor')).toEqual([
      ['2026-01-01T11:00:00Z', 600, 6000],
    ]);
  });

  it('have the date of their validation from versions of the same status only', () => {
    const date = '2026-01-01T11:30:00Z';
    const first = version({ ...validated, ...at('11:00:00'), validatedDate: date });
    const second = version({ ...validated, ...at('12:00:00') });
    const refused = shown(9, { ...declined, ...at('13:00:00') });

    expect(candidates([first, second], 'modifiedDate', 'validatedDate')).toEqual([
      ['2026-01-01T11:00:00Z', date],
    ]);
    expect(candidates([first, second, refused], 'status', 'validatedDate')).toEqual([['declined', null]]);
    const again = shown(9, { ...validated, ...at('13:00:00'), pubRef: 'ref' });
    expect(candidates([first, second, again], 'pubRef', 'validatedDate')).toEqual([['ref', date]]);
  });

  it('are the same version in every field but milliseconds of one second', () => {
    const whole = version({ ...at('10:00:01'), purchaseDate: '2026-01-01T09:00:00Z' });
    const exact = (time: string, changes: Partial<Transaction> = {}) => version({ ...at(time), ...changes });

    const same = [
      exact('10:00:01.001'),
      exact('10:00:01.999', { purchaseDate: '2026-01-01T09:00:00.5Z' }),
      exact('10:00:01', { pubRef: 'ref' }),
    ];
    const others = [
      exact('10:00:00.999'),
      exact('10:00:02'),
      exact('10:00:01', { amountMinor: 100 }),
      exact('10:00:01', { purchaseDate: '2026-01-01T09:00:01.5Z' }),
      exact('10:00:01', validated),
    ];
    expect(same.map((one) => [isSame(whole, one), isSame(one, whole)])).toEqual(same.map(() => [true, true]));
    expect(others.map((one) => [isSame(whole, one), isSame(one, whole)])).toEqual(
      others.map(() => [false, false]),
    );
    expect(isSame(exact('10:00:01.001'), exact('10:00:01.002'))).toBe(false);
    expect(
      isSame(version({ ...validated, ...at('10:00:01') }), version({ ...validated, ...at('11:00:00') })),
    ).toBe(true);
  });
});

describe('a read', () => {
  const first = version({ amountMinor: 100 }, { seenAt: minute(5) });

  it.each([
    ['overrules what was seen before it', shown(6), [[600]]],
    ['does not overrule what was seen when it started', shown(5), [[100]]],
    ['does not overrule what was seen after it', shown(4), [[100]]],
  ])('%s', (_what, read, expected) => {
    const later = { ...first, transaction: { ...first.transaction, ...at('11:00:00') } };

    expect(candidates([later, read], 'amountMinor')).toEqual(expected);
  });

  it('does not overrule what a read showed at the same time or later', () => {
    const both = (firstAt: number) => [
      version({ amountMinor: 100, ...at('11:00:00') }, { seenAt: minute(0), shownAt: minute(firstAt) }),
      version({}, { seenAt: minute(0), shownAt: minute(6) }),
    ];

    expect(candidates(both(5), 'amountMinor')).toEqual([[600]]);
    expect(candidates(both(6), 'amountMinor')).toEqual([[100]]);
    expect(candidates(both(7), 'amountMinor')).toEqual([[100]]);
  });

  it('counts for a version as a whole: the first time and the last of all its forms', () => {
    const cut = version({ amountMinor: 100, ...at('11:00:01') }, { seenAt: minute(9), shownAt: minute(9) });
    const exact = version({ amountMinor: 100, ...at('11:00:01.5') }, { seenAt: minute(1) });

    expect(candidates([exact, shown(5)], 'amountMinor')).toEqual([[600]]);
    expect(candidates([exact, cut, shown(5)], 'amountMinor')).toEqual([[100]]);
    expect(candidates([exact, cut, shown(12)], 'amountMinor')).toEqual([[600]]);
    const late = version({ amountMinor: 100, ...at('11:00:01') }, { seenAt: minute(9) });
    expect(candidates([exact, late, shown(5)], 'amountMinor')).toEqual([[600]]);
  });

  it('that shows a pending version overrules no final one', () => {
    expect(candidates([version(validated), shown(9)], 'status')).toEqual([['validated']]);
  });
});

describe('pending versions of several ids', () => {
  const other = { id: 'tx-2' };

  it('contradict each other if the latest differ, and that is said', () => {
    const state = stateIn([
      version(at('11:00:00')),
      version({ ...other, ...at('11:00:00'), amountMinor: 100 }),
    ]);

    expect(state?.cause).toBe('several_transactions');
    expect(state?.candidates).toHaveLength(2);
  });

  it('are one if the latest agree', () => {
    const state = stateIn([version(at('11:00:00')), version({ ...other, ...at('11:00:00'), pubRef: 'ref' })]);

    expect(state?.cause).toBeUndefined();
    expect(state?.candidates.map(({ transaction }) => transaction.id)).toEqual(['tx-2']);
  });

  it('of one id contradict each other even if another id is earlier', () => {
    const state = stateIn([
      version(at('11:00:00')),
      version({ ...at('11:00:00'), amountMinor: 100 }),
      version({ ...other, ...at('10:00:00') }),
    ]);

    expect(state?.cause).toBe('contradiction');
    expect(state?.candidates).toHaveLength(2);
  });

  it('are ordered by milliseconds, with a row at the end of its second and a webhook where it says', () => {
    const exact = version({ ...at('11:00:00.500'), amountMinor: 100 });
    const webhook = version({ ...other, ...at('11:00:00') });
    const row = shown(0, { ...other, ...at('11:00:00') });
    const rowOfAnother = shown(0, { ...other, ...at('10:00:00') });

    expect(candidates([exact, webhook], 'amountMinor')).toEqual([[100]]);
    expect(candidates([exact, row], 'amountMinor')).toEqual([[600]]);
    expect(candidates([exact, webhook, rowOfAnother], 'amountMinor')).toEqual([[100]]);
    const exactRow = shown(0, { ...other, ...at('11:00:00.400') });
    expect(candidates([exact, exactRow], 'amountMinor')).toEqual([[100]]);
  });
});

describe('final versions of several ids', () => {
  const first = version({ ...validated, ...at('11:00:00') });
  const other = (changes: Partial<Transaction>) => version({ id: 'tx-2', ...at('10:00:00'), ...changes });

  it('count once, with the latest, if they are worth the same', () => {
    const seen = [first, other({ ...validated, pubRef: 'ref' })];

    expect(stateIn(seen)?.cause).toBeUndefined();
    expect(candidates(seen, 'id', 'pubRef')).toEqual([['tx-1', 'ref']]);
  });

  it('are a conflict that names its cause if they differ', () => {
    const seen = [first, other({ ...validated, amountMinor: 100 })];

    expect(stateIn(seen)?.cause).toBe('several_transactions');
    expect(candidates(seen, 'id', 'pubRef')).toEqual([
      ['tx-1', null],
      ['tx-2', null],
    ]);
  });

  it('are a conflict of one id alone if that contradicts itself', () => {
    const seen = [first, other(validated), other(declined)];

    expect(stateIn(seen)?.cause).toBe('contradiction');
    expect(candidates(seen, 'id')).toEqual([['tx-2'], ['tx-2']]);
  });

  it('beat every pending version', () => {
    expect(candidates([first, other(at('12:00:00'))], 'id')).toEqual([['tx-1']]);
  });
});

describe('the shopper of a purchase', () => {
  it('is named by any version of any id, the latest first', () => {
    const named = (time: string, publisherCustomerId: string | null, pubRef: string | null) =>
      version({ id: `tx-${time}`, ...at(time), publisherCustomerId, pubRef });
    const seen = [
      named('12:00:00', null, null),
      named('11:00:00', 'user-2', 'b'),
      named('10:00:00', 'user-1', 'a'),
    ];

    expect(candidates(seen, 'publisherCustomerId', 'pubRef')).toEqual([['user-2', 'b']]);
    expect(candidates(seen.slice(1), 'publisherCustomerId', 'pubRef')).toEqual([['user-2', 'b']]);
    expect(candidates(seen.slice(0, 1), 'publisherCustomerId', 'pubRef')).toEqual([[null, null]]);
  });
});

describe('one version', () => {
  it('is the state, without a cause', () => {
    expect(stateIn([version()])).toEqual({
      candidates: [{ transaction: version().transaction, payload: {} }],
    });
    expect(stateOf([], undefined)).toBeUndefined();
  });
});

describe('an operator’s decision', () => {
  it('does not count any more once another final version is there', () => {
    const about = ['["tx-1","validated",600,"USD"]', '["tx-1","declined",600,"USD"]'];
    const settlement = {
      id: 'tx-1',
      version: about[0] ?? '',
      about,
      reason: 'asked Button',
      settledAt: minute(60),
    };
    const both = [version(validated), version(declined)];

    expect(stateOf(both, settlement)?.candidates).toHaveLength(1);
    expect(stateOf([...both, version({ ...declined, amountMinor: 1 })], settlement)?.cause).toBe(
      'contradiction',
    );
  });

  it('is about final versions only, of every id', () => {
    const seen = [
      version(validated),
      version(declined),
      version({ id: 'tx-2' }),
      version({ id: 'tx-3', ...declined }),
    ];

    expect(finalsOf(seen).map(({ transaction: { id, status } }) => [id, status])).toEqual([
      ['tx-1', 'declined'],
      ['tx-1', 'validated'],
      ['tx-3', 'declined'],
    ]);
  });

  it('counts for the id and the version that it names', () => {
    const seen = [
      version(validated),
      version({ ...validated, id: 'tx-2' }),
      version({ ...declined, id: 'tx-2' }),
    ];
    const about = [
      '["tx-1","validated",600,"USD"]',
      '["tx-2","validated",600,"USD"]',
      '["tx-2","declined",600,"USD"]',
    ];
    const settled = (id: string, nth: number) =>
      stateOf(seen, { id, version: about[nth] ?? '', about, reason: 'asked Button', settledAt: minute(60) });

    const chosen = [settled('tx-1', 0), settled('tx-2', 1), settled('tx-2', 2)];
    expect(
      chosen.map((state) => state?.candidates.map(({ transaction: { id, status } }) => [id, status])),
    ).toEqual([[['tx-1', 'validated']], [['tx-2', 'validated']], [['tx-2', 'declined']]]);
    expect(settled('tx-1', 2)?.cause).toBe('contradiction');
  });
});

describe('lines', () => {
  const kept = (digest: string | null, payload: unknown, changes: Partial<Transaction> = {}, more = {}) =>
    version({ linesDigest: digest, ...changes }, { payload, ...more });
  const linesOf = (seen: readonly SeenVersion[]) =>
    (stateIn(seen)?.candidates ?? []).map(({ transaction, payload }) => [transaction.linesDigest, payload]);

  it('are those of the version that counts, with its payload', () => {
    expect(linesOf([kept('a', 'with a'), kept('b', 'with b', at('11:00:00'))])).toEqual([['b', 'with b']]);
  });

  it('come from the latest version that has some, if the one that counts has none', () => {
    const seen = [
      kept('a', 'with a'),
      kept('b', 'with b', at('11:00:00')),
      kept(null, 'without', at('12:00:00')),
    ];

    expect(linesOf(seen)).toEqual([['b', 'with b']]);
  });

  it('come with the payload of the version that counts, if no payload with them is kept', () => {
    expect(linesOf([kept('a', null), kept(null, 'without', at('11:00:00'))])).toEqual([['a', 'without']]);
    expect(linesOf([kept(null, 'without')])).toEqual([[null, 'without']]);
    expect(linesOf([kept(null, 'old'), kept(null, 'without', at('11:00:00'))])).toEqual([[null, 'without']]);
  });

  it('of one version are those that a read showed last', () => {
    const webhook = kept('a', 'with a', {}, { seenAt: minute(0) });
    const row = kept('b', 'with b', {}, { seenAt: minute(5), shownAt: minute(5) });
    const laterRow = kept('a', 'with a', {}, { seenAt: minute(0), shownAt: minute(9) });

    expect(linesOf([webhook, row])).toEqual([['b', 'with b']]);
    expect(linesOf([laterRow, row])).toEqual([['a', 'with a']]);
  });
});

describe('the versions to keep of one id', () => {
  const times = Array.from({ length: 25 }, (_, nth) => at(`11:00:${String(nth).padStart(2, '0')}`));
  const many = times.map((time, nth) => version(time, { seenAt: minute(nth) }));
  const isKept = (one: SeenVersion, others = many): boolean =>
    withoutOldVersions([one, ...others]).includes(one);

  it('are all of twenty, and of more than twenty those that were seen last', () => {
    expect(withoutOldVersions(many.slice(0, 20))).toHaveLength(20);
    expect(withoutOldVersions(many.slice(0, 20))).toEqual(many.slice(0, 20));
    expect(withoutOldVersions(many)).toEqual(many.slice(5));
  });

  it('are those that were seen last, whatever their date, and the one that counts', () => {
    const reversed = times.map((time, nth) => version(time, { seenAt: minute(25 - nth) }));

    expect(withoutOldVersions(reversed)).toEqual([...reversed.slice(0, 19), ...reversed.slice(24)]);
  });

  it('are those with the last sign of life: the first sight, or the last read', () => {
    const read = (seenAt: number, shownAt: number) =>
      version(at('09:00:00'), { seenAt: minute(seenAt), shownAt: minute(shownAt) });
    const latest = shown(90, at('08:00:00'));

    expect(isKept(read(0, 60), [latest, ...many])).toBe(true);
    expect(isKept(read(60, 0), [latest, ...many])).toBe(true);
    expect(isKept(read(0, 1), [latest, ...many])).toBe(false);
  });

  it('are final ones before pending ones, even if a read has overruled them', () => {
    const finals = times
      .slice(0, 10)
      .map((time, nth) => version({ ...validated, ...time, amountMinor: nth }, { seenAt: minute(0) }));
    const pending = times.map((time) => version(time, { seenAt: minute(50) }));
    const kept = withoutOldVersions([...pending, ...finals, shown(1, declined)]);

    expect(kept.filter(({ transaction }) => transaction.status !== 'pending')).toHaveLength(11);
    expect(kept).toHaveLength(20);
  });

  it('are counted for each id', () => {
    const others = many.map((one) => ({ ...one, transaction: { ...one.transaction, id: 'tx-2' } }));

    expect(withoutOldVersions([...many, ...others])).toEqual([...many.slice(5), ...others.slice(5)]);
    expect(withoutOldVersions([...many.slice(0, 15), ...others.slice(0, 15)])).toHaveLength(30);
  });

  it.each<[string, SeenVersion]>([
    ['the only one that names a field', version({ pubRef: 'ref' })],
    ['the only one with the date of a validation', version({ ...validated, validatedDate: minute(0) })],
    ['a final one', version(declined)],
    ['the latest that a read showed', version({}, { shownAt: minute(0) })],
    ['one that a read showed long after it was seen', version({}, { shownAt: minute(99) })],
  ])('include %s, however old it is', (_which, one) => {
    expect(isKept(one)).toBe(true);
    expect(isKept(version())).toBe(false);
  });

  it('include the latest read of a final version, beside later reads of pending ones', () => {
    const finals = times.map((time, nth) =>
      version({ ...validated, ...time, amountMinor: nth }, { seenAt: minute(99) }),
    );
    const row = shown(0, { ...declined, ...at('08:00:00') });
    const pending = shown(50, at('09:00:00'));

    expect(isKept(row, [pending, ...finals])).toBe(true);
    expect(isKept(pending, [row, ...finals])).toBe(true);
    expect(isKept(shown(0, at('08:00:00')), [pending, ...finals])).toBe(false);
  });

  it('include a date of validation for each status', () => {
    const dated = version({ ...declined, ...at('08:00:00'), validatedDate: minute(0) });
    const finals = times.map((time, nth) =>
      version(
        { ...validated, ...time, amountMinor: nth, validatedDate: minute(nth) },
        { seenAt: minute(99) },
      ),
    );

    expect(isKept(dated, finals)).toBe(true);
    expect(isKept(version({ ...declined, ...at('08:00:00') }), finals)).toBe(false);
  });
});

describe('an instant without its milliseconds', () => {
  it.each([
    ['2026-01-01T10:00:00.123Z', '2026-01-01T10:00:00Z'],
    ['2026-01-01T10:00:00Z', '2026-01-01T10:00:00Z'],
    [null, null],
  ])('%s is %s', (instant, whole) => {
    expect(toWholeSecond(instant)).toBe(whole);
  });
});
