import { execFileSync } from 'node:child_process';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { money, reasonsInWords, shellWord } from '../../../ops/timeline/words.ts';
import { toMinorUnits } from '../../../shared/validation/orders/money.ts';

describe('words of a timeline', () => {
  it.each([
    [1234, 'USD', 'USD 12.34'],
    [5, 'USD', 'USD 0.05'],
    [-250, 'EUR', 'EUR -2.50'],
    [100, 'JPY', 'JPY 100'],
    [1234, 'KWD', 'KWD 1.234'],
    [7, 'XYZ', '7 minor units of XYZ'],
    [null, 'USD', 'an unknown amount'],
  ])('writes %j %s as %s', (amountMinor, currency, text) => {
    expect(money(amountMinor, currency)).toBe(text);
  });

  it('writes amounts that read back as the same minor units', () => {
    fc.assert(
      fc.property(
        fc.nat(2_147_483_647),
        fc.constantFrom('USD', 'JPY', 'KWD', 'CLF'),
        (amountMinor, currency) => {
          const [, amount = ''] = money(amountMinor, currency).split(' ');
          expect(toMinorUnits(amount, currency)).toEqual({ ok: true, amountMinor });
        },
      ),
    );
  });

  it('quotes words so that a shell passes them on unchanged', () => {
    const words = ['plain', 'order#1', '#1', "it's", '$(id)', 'a b', '', '\\', '`x`', '*', '~', 'a;b', 'é\n'];

    const printed = execFileSync('sh', ['-c', `printf '%s\\0' ${words.map(shellWord).join(' ')}`]);

    expect(printed.toString().split('\0').slice(0, -1)).toEqual(words);
  });

  it('lists the first five reasons and counts the rest', () => {
    const reason = { code: 'c', path: '$', problem: 'Wrong' };

    expect(reasonsInWords(Array.from({ length: 7 }, () => reason))).toMatch(
      /^(c at \$: Wrong\. \| ){5}and 2 more$/,
    );
  });
});
