/**
 * The active codes of ISO 4217 by the number of decimals of their minor unit: List One as of amendment 180, effective 2026-01-01
 * (SIX Financial Information, the maintenance agency; BGN removed). Codes without a minor unit (gold, XDR, XXX, test codes) are no
 * currencies an order can be in and are left out. Intl is no substitute: it keeps withdrawn codes and follows CLDR's own decimals.
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

const DECIMALS: ReadonlyMap<string, number> = new Map(
  CODES_BY_DECIMALS.flatMap(([decimals, codes]) =>
    codes.split(/\s+/).map((code) => [code, decimals] as const),
  ),
);

/** Every active ISO 4217 code that has a minor unit, in alphabetical order. */
export const CURRENCY_CODES: readonly string[] = [...DECIMALS.keys()].sort();

/** How many decimals the currency's minor unit has (2 for USD, 0 for JPY, 3 for KWD); undefined if the code is not an active one. */
export function minorUnitDecimals(currency: string): number | undefined {
  return DECIMALS.get(currency);
}
