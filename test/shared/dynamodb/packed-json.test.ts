import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { packJson, packText, unpackJson, unpackText } from '../../../shared/dynamodb/packed-json.ts';

describe('packJson', () => {
  it('returns any JSON value unchanged', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(unpackJson(packJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('still reads what it packed when the first items were stored (F8)', () => {
    // A changed dictionary makes every stored item unreadable. Add a new one instead.
    const stored = Buffer.from('AUOrtWKxOgJX/IGDw1CpFgA=', 'base64');

    expect(unpackJson(stored)).toEqual({
      candidates: [],
      status: 'pending',
      publisher_customer_id: 'user-1',
    });
  });

  it('refuses bytes of a dictionary it does not know (F8)', () => {
    expect(() => unpackJson(Uint8Array.of(3, 0, 0))).toThrow('newer version');
  });
});

describe('packText', () => {
  it('returns any bytes unchanged', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(new Uint8Array(unpackText(packText(bytes)))).toEqual(bytes);
      }),
    );
  });
});
