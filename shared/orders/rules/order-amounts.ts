import { asJsonObject, readJson } from '@button-serverless/validation/json';
import { minorUnitDecimals } from '@button-serverless/validation/orders';
import { valueOf, type LedgerEntry, type OrderValue } from './order-ledger.ts';

/** What a write to the ledger changed: amounts in minor units, negative for a decrease. */
export type LedgerChange = {
  /** The value of the order that Button holds. */
  reported: OrderValue[];
  /** Whether the order waits to be reported: 1 if it begins to wait, -1 if it stops. */
  waitingOrders: number;
  /** The value of what waits to be reported. */
  waiting: OrderValue[];
};

/**
 * The change in value from one state of an order to the next. All changes add up to the value of the last
 * state, so nothing counts twice, however often the order is tried. Pure.
 */
export function ledgerChange(before: LedgerEntry | undefined, after: LedgerEntry): LedgerChange {
  const waitedFor = before && waitingValue(before);
  const waitsFor = waitingValue(after);
  return {
    reported: difference(before?.reported?.value, after.reported?.value),
    waitingOrders: Number(isWaiting(after)) - Number(before !== undefined && isWaiting(before)),
    waiting: difference(waitedFor, waitsFor),
  };
}

/** The amount at stake with the newest version: its value, or that of the order that it cancels. Pure. */
export function valueAtStake({
  newest,
  reported,
}: Pick<LedgerEntry, 'newest' | 'reported'>): OrderValue | undefined {
  return valueOf(newest) ?? reported?.value;
}

/**
 * The value of the order that a message states, however wrong the rest of the message is; undefined if it
 * cannot be read. Never throws.
 */
export function readMessageValue(body: string): OrderValue | undefined {
  const reading = readJson(body);
  const data = reading.ok ? asJsonObject(asJsonObject(reading.value)?.['data']) : undefined;
  const { total, currency } = data ?? {};
  const isAmount = typeof total === 'number' && Number.isSafeInteger(total);
  const isCurrency = typeof currency === 'string' && minorUnitDecimals(currency) !== undefined;
  return isAmount && isCurrency ? { amountMinor: total, currency } : undefined;
}

/**
 * A claimed order that the sweep would have to retry has been tried before. A version that Button is known to
 * hold does not wait; nor does one in quarantine because Button keeps failing on it.
 */
function isWaiting({ newest, reported, progress, failingSince }: LedgerEntry): boolean {
  const isUnfinished =
    progress.state === 'waiting' ||
    progress.state === 'in-doubt' ||
    (progress.state === 'claimed' && progress.retryAt !== undefined);
  return isUnfinished && failingSince === undefined && reported?.hash !== newest.hash;
}

function waitingValue(entry: LedgerEntry): OrderValue | undefined {
  return isWaiting(entry) ? valueAtStake(entry) : undefined;
}

/** One change, or two if the currency has changed; none that is zero. */
function difference(before: OrderValue | undefined, after: OrderValue | undefined): OrderValue[] {
  const isSameCurrency = before !== undefined && before.currency === after?.currency;
  const changes = isSameCurrency
    ? [{ currency: before.currency, amountMinor: after.amountMinor - before.amountMinor }]
    : [...(before ? [{ ...before, amountMinor: -before.amountMinor }] : []), ...(after ? [after] : [])];
  return changes.filter(({ amountMinor }) => amountMinor !== 0);
}
