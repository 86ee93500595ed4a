import { currencyName } from '@button-serverless/validation/orders';
import type { PublishedState } from '@button-serverless/validation/webhooks';

/**
 * The change of the commission in a status, in minor units of the currency; for `declined`, the commission
 * that is lost.
 */
export type CommissionChange = {
  status: 'pending' | 'validated' | 'declined';
  /** ISO 4217, or `unknown`. */
  currency: string;
  amountMinor: number;
};

/**
 * What a new version of a transaction changes. Over all versions of a transaction, the changes of `pending`
 * and of `validated` sum up to the current commission in that status. A contradiction has no status, and a
 * decline loses what was expected before it. Pure.
 */
export function commissionChanges(
  before: PublishedState | undefined,
  after: PublishedState,
): CommissionChange[] {
  const changes = [
    ...(before ? amountsOf(before).map((one) => ({ ...one, amountMinor: -one.amountMinor })) : []),
    ...amountsOf(after),
    ...(after.status === 'declined' && before?.status !== 'declined' ? [declined(before, after)] : []),
  ];
  const byPlace = Map.groupBy(changes, ({ status, currency }) => `${status} ${currency}`);
  return [...byPlace.values()].flatMap((same) => {
    const amountMinor = same.reduce((sum, one) => sum + one.amountMinor, 0);
    const [first] = same;
    return first && amountMinor !== 0 ? [{ ...first, amountMinor }] : [];
  });
}

function amountsOf(state: PublishedState): CommissionChange[] {
  const { status, mergedInto } = state;
  // A record that has given way counts under the other key.
  if (mergedInto !== undefined) return [];
  return status === 'pending' || status === 'validated' ? [{ status, ...commission(state) }] : [];
}

/** Whether Button leaves the amount on a declined transaction is not documented. */
function declined(before: PublishedState | undefined, after: PublishedState): CommissionChange {
  return { status: 'declined', ...commission(before?.status === 'pending' ? before : after) };
}

function commission({ amountMinor = 0, currency = '' }: PublishedState): {
  currency: string;
  amountMinor: number;
} {
  return { currency: currencyName(currency), amountMinor };
}
