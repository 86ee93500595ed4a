import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { canonicalJson } from '../../../../shared/validation/json/canonical-json.ts';

describe('canonicalJson', () => {
  it('sorts names at every depth and leaves out what is undefined', () => {
    const value = { b: [{ d: 1, c: 'x' }], a: null, e: undefined };

    expect(canonicalJson(value)).toBe('{"a":null,"b":[{"c":"x","d":1}]}');
  });

  it('keeps the order of lists', () => {
    expect(canonicalJson([2, 1])).not.toBe(canonicalJson([1, 2]));
  });

  it('writes JSON of an equal value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('writes the same text for the same fields in any order', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).toReversed());

        expect(canonicalJson(reversed)).toBe(canonicalJson(value));
      }),
    );
  });
});
