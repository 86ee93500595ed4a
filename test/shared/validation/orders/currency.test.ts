import { describe, expect, it } from 'vitest';

import {
  CURRENCY_CODES,
  isCurrencyOn,
  currencyName,
  minorUnitDecimals,
  WITHDRAWN_CURRENCY_CODES,
} from '../../../../shared/validation/orders/currency.ts';

const KNOWN_TO_INTL = new Set(Intl.supportedValuesOf('currency'));

// Codes, mainly of funds, that ISO 4217 lists and Intl does not.
const UNKNOWN_TO_INTL = [
  'BOV',
  'CHE',
  'CHW',
  'CLF',
  'COU',
  'MXV',
  'USN',
  'UYI',
  'UYW',
  'VED',
  'XAD',
  'XCG',
  'ZWG',
];

// Listed by Intl, but without a minor unit.
const WITHOUT_MINOR_UNIT = ['XAG', 'XAU', 'XDR', 'XSU', 'XTS', 'XUA', 'XXX'];

// CLDR shows these with fewer decimals than ISO 4217 defines.
const SHORTER_IN_INTL = 'AFN ALL COP HUF IDR IQD IRR KPW LAK LBP MGA MMK PKR RSD SOS SYP UZS YER'.split(' ');

describe('the table of currencies', () => {
  it('has no code that Intl does not know, except those of funds and the newest', () => {
    const strange = CURRENCY_CODES.filter((code) => !KNOWN_TO_INTL.has(code));

    expect(UNKNOWN_TO_INTL).toEqual(expect.arrayContaining(strange));
  });

  it('has every code that Intl knows, except those without a minor unit', () => {
    const missing = [...KNOWN_TO_INTL].filter((code) => minorUnitDecimals(code) === undefined);

    expect(WITHOUT_MINOR_UNIT).toEqual(expect.arrayContaining(missing));
  });

  it('gives the decimals that Intl gives, except if CLDR shows fewer than ISO 4217 says', () => {
    const different = CURRENCY_CODES.filter((code) => KNOWN_TO_INTL.has(code)).filter((currency) => {
      const { maximumFractionDigits } = new Intl.NumberFormat('en', {
        style: 'currency',
        currency,
      }).resolvedOptions();
      return maximumFractionDigits !== minorUnitDecimals(currency);
    });

    expect(SHORTER_IN_INTL).toEqual(expect.arrayContaining(different));
  });

  it.each([
    ['USD', 2],
    ['EUR', 2],
    ['JPY', 0],
    ['KRW', 0],
    ['KWD', 3],
    ['TND', 3],
    ['CLF', 4],
    ['HUF', 2],
    ['ISK', 0],
    ['UGX', 0],
  ])('gives %s %i decimals', (code, decimals) => {
    expect(minorUnitDecimals(code)).toBe(decimals);
  });

  it.each([...WITHOUT_MINOR_UNIT, 'DEM', 'constructor'])('does not contain %s', (code) => {
    expect(minorUnitDecimals(code)).toBeUndefined();
    expect(isCurrencyOn(code, '2001-01-01')).toBe(false);
  });

  it.each([
    ['BGN', '2025-12-31T23:59:59Z', '2026-02-01T00:00:00Z', 2],
    ['HRK', '2022-12-31T23:00:00Z', '2023-02-01T00:00:00Z', 2],
    ['BYR', '2016-12-31T00:00:00Z', '2017-02-01T00:00:00Z', 0],
  ])('contains %s, which was withdrawn, for orders from before', (code, before, after, decimals) => {
    expect(WITHDRAWN_CURRENCY_CODES).toContain(code);
    expect(CURRENCY_CODES).not.toContain(code);
    expect(minorUnitDecimals(code)).toBe(decimals);
    expect([isCurrencyOn(code, before), isCurrencyOn(code, after)]).toEqual([true, false]);
  });

  it('accepts an active currency on every day', () => {
    expect(CURRENCY_CODES.every((code) => isCurrencyOn(code, '9999-12-31T00:00:00Z'))).toBe(true);
  });

  it('lists each code once, three capital letters each, in alphabetical order', () => {
    expect(CURRENCY_CODES).toEqual([...new Set(CURRENCY_CODES)].sort());
    expect(CURRENCY_CODES.filter((code) => !/^[A-Z]{3}$/.test(code))).toEqual([]);
    expect(CURRENCY_CODES).toHaveLength(165);
  });
});

describe('transactions, requirement 14: counters and dimensions name currencies by one rule', () => {
  it.each([
    ['USD', 'USD'],
    ['BGN', 'BGN'],
    ['XXQ', 'unknown'],
    ['usd', 'unknown'],
    ['', 'unknown'],
    [null, 'unknown'],
  ])('%j is %s', (currency, name) => {
    expect(currencyName(currency)).toBe(name);
  });
});
