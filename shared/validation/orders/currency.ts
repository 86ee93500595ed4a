/**
 * The active codes of ISO 4217 by the number of decimals of their minor unit: List One as of amendment 180,
 * effective 2026-01-01 (SIX Financial Information, the maintenance agency; BGN removed). Codes without a
 * minor unit (gold, XDR, XXX, test codes) are not included, because no order can be in them. Intl is no
 * substitute: it keeps withdrawn codes and uses CLDR's own decimals.
 */
const CODES_BY_DECIMALS: readonly (readonly [decimals: number, codes: string])[] = [
  [0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'],
  [
    2,
    `AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP
     CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD
     KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR
     PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU
     UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG`,
  ],
  [3, 'BHD IQD JOD KWD LYD OMR TND'],
  [4, 'CLF UYW'],
];

/**
 * The codes that ISO 4217 has withdrawn since 2014, with the decimals of their minor unit and the last month
 * in which an order could be made in them (year and month). Button began in 2014, so it cannot hold an order
 * in an older currency.
 *
 * Sources: ISO 4217 List Three (codes and months of withdrawal; the month itself still counts, because two
 * currencies circulate in it), for ANG the end of its legal tender; List One as of the last amendment that
 * held the code (minor units).
 */
const WITHDRAWN: readonly (readonly [code: string, decimals: number, lastMonth: string])[] = [
  ['LVL', 2, '2014-01'],
  ['LTL', 2, '2014-12'],
  ['BYR', 0, '2017-01'],
  ['MRO', 2, '2017-12'],
  ['STD', 2, '2017-12'],
  ['VEF', 2, '2018-08'],
  ['CUC', 2, '2021-06'],
  ['HRK', 2, '2023-01'],
  ['SLL', 2, '2023-12'],
  ['ZWL', 2, '2024-09'],
  ['ANG', 2, '2025-06'],
  ['BGN', 2, '2026-01'],
];

const ACTIVE_DECIMALS: ReadonlyMap<string, number> = new Map(
  CODES_BY_DECIMALS.flatMap(([decimals, codes]) =>
    codes.split(/\s+/).map((code) => [code, decimals] as const),
  ),
);
const WITHDRAWN_DECIMALS: ReadonlyMap<string, number> = new Map(
  WITHDRAWN.map(([code, decimals]) => [code, decimals]),
);
const LAST_MONTHS: ReadonlyMap<string, string> = new Map(
  WITHDRAWN.map(([code, , lastMonth]) => [code, lastMonth]),
);

/** Every active ISO 4217 code that has a minor unit, in alphabetical order. */
export const CURRENCY_CODES: readonly string[] = [...ACTIVE_DECIMALS.keys()].sort();

/**
 * Every code that ISO 4217 has withdrawn since 2014, in alphabetical order: orders made in it can still be
 * changed.
 */
export const WITHDRAWN_CURRENCY_CODES: readonly string[] = [...WITHDRAWN_DECIMALS.keys()].sort();

/**
 * How many decimals the currency's minor unit has (2 for USD, 0 for JPY, 3 for KWD); undefined if the code is
 * neither an active one nor one of `WITHDRAWN_CURRENCY_CODES`.
 */
export function minorUnitDecimals(currency: string): number | undefined {
  return ACTIVE_DECIMALS.get(currency) ?? WITHDRAWN_DECIMALS.get(currency);
}

/**
 * The currency's code for a counter or a dimension; `unknown` for any other value of the field, so that no
 * new ones can appear without limit.
 */
export function currencyName(currency: string | null | undefined): string {
  return typeof currency === 'string' && minorUnitDecimals(currency) !== undefined ? currency : 'unknown';
}

/**
 * Whether an order made on `date` (ISO 8601, in UTC) can be in this currency: it is active, or was active
 * when the order was made.
 */
export function isCurrencyOn(currency: string, date: string): boolean {
  const lastMonth = LAST_MONTHS.get(currency);
  return ACTIVE_DECIMALS.has(currency) || (lastMonth !== undefined && date.slice(0, 7) <= lastMonth);
}
