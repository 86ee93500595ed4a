import { minorUnitDecimals } from '@button-serverless/validation/orders';
import { recordStatus, type TransactionRecord } from '@button-serverless/validation/webhooks';

/** An amount in minor units for people, such as `USD 70.00`. */
export function formatAmount(amountMinor: number, currency: string): string {
  const decimals = minorUnitDecimals(currency) ?? 0;
  return `${currency} ${(amountMinor / 10 ** decimals).toFixed(decimals)}`;
}

/** The current state of a transaction, for people. */
export function readReward(record: TransactionRecord): string {
  const { amountMinor, currency } = record.candidates[0].transaction;
  const amount =
    amountMinor === null || currency === null ? 'no amount' : formatAmount(amountMinor, currency);
  return `${recordStatus(record)}, commission ${amount}, version ${record.version}`;
}
