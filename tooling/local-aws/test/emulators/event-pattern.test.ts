import { describe, expect, it } from 'vitest';
import { readEventPattern } from '../../emulators/event-pattern.ts';

const EVENT = {
  source: 'button.transactions',
  'detail-type': 'transaction.validated',
  detail: {
    status: 'validated',
    amountMinor: 400,
    final: true,
    user: null,
    tags: ['a', 'b'],
    currency: 'USD',
  },
};

// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
describe('an event pattern', () => {
  it.each([
    [{ source: ['button.transactions'] }],
    [{ 'detail-type': ['transaction.created', 'transaction.validated'] }],
    [{ detail: { amountMinor: [400], final: [true], user: [null] } }],
    [{ detail: { tags: ['b', 'c'] } }],
    [{ 'detail-type': [{ prefix: 'transaction.' }] }],
    [{ 'detail-type': [{ suffix: '.validated' }] }],
    [{ detail: { currency: [{ 'equals-ignore-case': 'usd' }] } }],
    [{ detail: { status: [{ 'anything-but': ['declined', 'conflict'] }] } }],
    [{ detail: { mergedInto: [{ exists: false }], status: [{ exists: true }] } }],
    [{ detail: { status: ['declined', { prefix: 'val' }] } }],
  ])('matches: %j', (pattern) => {
    expect(readEventPattern(pattern)(EVENT)).toBe(true);
  });

  it.each([
    [{ source: ['button.transaction'] }],
    [{ source: ['button.transactions'], 'detail-type': ['transaction.created'] }],
    [{ detail: { amountMinor: ['400'] } }],
    [{ detail: { tags: ['c'] } }],
    [{ detail: { missing: ['x'] } }],
    [{ detail: { missing: [{ 'anything-but': 'x' }] } }],
    [{ detail: { missing: { deeper: ['x'] } } }],
    [{ detail: { amountMinor: [{ prefix: '4' }] } }],
    [{ detail: { status: [{ 'anything-but': 'validated' }] } }],
    [{ detail: { status: [{ exists: false }] } }],
  ])('does not match: %j', (pattern) => {
    expect(readEventPattern(pattern)(EVENT)).toBe(false);
  });

  it.each([
    [{ source: 'button' }, 'pattern.source'],
    [{ source: [] }, 'pattern.source'],
    [{}, 'pattern'],
    [{ detail: { amountMinor: [{ numeric: ['>', 0] }] } }, 'pattern.detail.amountMinor'],
    [{ $or: [{ source: ['a'] }] }, 'pattern.$or'],
  ])('is refused if it is not understood: %j', (pattern, place) => {
    expect(() => readEventPattern(pattern)).toThrow(place);
  });
});
