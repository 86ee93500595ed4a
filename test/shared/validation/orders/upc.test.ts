import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { expandUpcE, isGtin, normalizeUpc } from '../../../../shared/validation/orders/upc.ts';

const digit = fc.integer({ min: 0, max: 9 });

/**
 * The check digit over 11 digits: three times the odd positions plus the even ones, subtracted from the next
 * multiple of ten.
 */
function checkDigit(digits: string): number {
  const sum = Array.from(digits).reduce(
    (total, each, index) => total + Number(each) * (index % 2 === 0 ? 3 : 1),
    0,
  );
  return (10 - (sum % 10)) % 10;
}

/** Zero suppression as a label printer does it: the first rule that fits the UPC-A. */
function suppressZeros(upcA: string): string | undefined {
  const [system, maker, product, check] = [
    upcA.slice(0, 1),
    upcA.slice(1, 6),
    upcA.slice(6, 11),
    upcA.slice(11),
  ];
  if (/^..[012]00$/.test(maker) && product.startsWith('00')) {
    return `${system}${maker.slice(0, 2)}${product.slice(2)}${maker.slice(2, 3)}${check}`;
  }
  if (maker.endsWith('00') && product.startsWith('000'))
    return `${system}${maker.slice(0, 3)}${product.slice(3)}3${check}`;
  if (maker.endsWith('0') && product.startsWith('0000'))
    return `${system}${maker.slice(0, 4)}${product.slice(4)}4${check}`;
  return /^0000[5-9]$/.test(product) ? `${system}${maker}${product.slice(4)}${check}` : undefined;
}

describe('expandUpcE', () => {
  it.each([
    ['04252614', '042100005264'],
    ['01234505', '012000003455'],
    ['01234514', '012100003454'],
    ['01234523', '012200003453'],
    ['01234531', '012300000451'],
    ['01234543', '012340000053'],
    ['01234558', '012345000058'],
    ['01234565', '012345000065'],
    ['01234572', '012345000072'],
    ['01234589', '012345000089'],
    ['01234596', '012345000096'],
  ])('expands %s to %s', (upcE, upcA) => {
    expect(expandUpcE(upcE)).toBe(upcA);
  });

  it('is the inverse of zero suppression', () => {
    const rule = fc.constantFrom(
      'MM000 00PPP',
      'MM100 00PPP',
      'MM200 00PPP',
      'MMM00 000PP',
      'MMMM0 0000P',
      'MMMMM 0000L',
    );
    const system = fc.constantFrom('0', '1');

    fc.assert(
      fc.property(
        system,
        rule,
        fc.array(digit, { minLength: 10, maxLength: 10 }),
        (number, pattern, digits) => {
          const filled = pattern
            .replace(' ', '')
            .replace(/[MP]/g, (_letter, index: number) => String(digits[index % 10]))
            .replace('L', String(5 + ((digits[0] ?? 0) % 5)));
          const upcA = `${number}${filled}${checkDigit(number + filled)}`;
          const upcE = suppressZeros(upcA);

          expect(expandUpcE(upcE ?? '')).toBe(upcA);
        },
      ),
    );
  });

  it('gives 12 digits and keeps the check digit, right or wrong', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[01]\d{7}$/), (upcE) => {
        const upcA = expandUpcE(upcE);

        expect(upcA).toMatch(/^\d{12}$/);
        expect(upcA?.at(-1)).toBe(upcE.at(-1));
      }),
    );
  });

  it.each(['', '4252614', '042526140', '24252614', '0425261X', '042100005264', '٠٤٢٥٢٦١٤'])(
    'does not expand %j, which is not a UPC-E',
    (text) => {
      expect(expandUpcE(text)).toBeUndefined();
    },
  );
});

describe('orders, requirement 12: product codes that represent a UPC', () => {
  const upcA = fc
    .array(digit, { minLength: 11, maxLength: 11 })
    .map((digits) => digits.join(''))
    .map((digits) => `${digits}${checkDigit(digits)}`);

  it('removes the zeros from a GTIN-13 or GTIN-14 that is a UPC with leading zeros', () => {
    fc.assert(
      fc.property(upcA, fc.constantFrom('', '0', '00'), (upc, zeros) => {
        expect(normalizeUpc(`${zeros}${upc}`)).toBe(upc);
      }),
    );
  });

  it('expands a UPC-E of number system 0 or 1 if and only if its check digit is right', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9]{8}$/), (upcE) => {
        const expanded = expandUpcE(upcE);
        const isRight = expanded?.endsWith(String(checkDigit(expanded.slice(0, 11)))) ?? false;

        expect(normalizeUpc(upcE)).toBe(isRight ? expanded : upcE);
      }),
    );
    expect(normalizeUpc('04252614')).toBe('042100005264');
    expect(normalizeUpc('04252615')).toBe('04252615');
  });

  it.each([
    '',
    '400000000001',
    '4006381333931',
    '04006381333931',
    '96385074',
    'T-SHIRT-1',
    '00012345',
    '٠'.repeat(13),
  ])('leaves %j unchanged', (code) => {
    expect(normalizeUpc(code)).toBe(code);
  });

  it('leaves a normalized code unchanged', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9]{0,15}$/), (code) => {
        expect(normalizeUpc(normalizeUpc(code))).toBe(normalizeUpc(code));
      }),
    );
  });
});

describe('isGtin', () => {
  it.each(['96385074', '042100005264', '4006381333931', '10614141000415'])('recognizes %s', (code) => {
    expect(isGtin(code)).toBe(true);
  });

  it.each(['96385075', '4006381333932', '400638133393', '', '1', 'T-SHIRT-1'])(
    'does not recognize %j',
    (code) => {
      expect(isGtin(code)).toBe(false);
    },
  );
});
