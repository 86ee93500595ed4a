import { isAppInstall } from '@button-serverless/validation/webhooks';

/** The state of a transaction's reward, for the shopper. */
export const REWARD_GROUPS = ['pending', 'confirmed', 'declined', 'historical', 'none'] as const;

/**
 * `pending` is expected, `confirmed` is final, `declined` was expected and is not paid. `historical` was
 * created before this system took over: an older system may have paid it. `none` means that nobody is
 * rewarded: for an app install, a conflict, an unknown category, or a transaction that counts under another
 * purchase.
 */
export type RewardGroup = (typeof REWARD_GROUPS)[number];

/** The fields of a transaction that decide about its reward. */
export type RewardedTransaction = {
  status: 'pending' | 'validated' | 'declined' | 'conflict';
  amountMinor?: number | null | undefined;
  currency?: string | null | undefined;
  category: string;
  delivery: 'live' | 'historical';
  notRewardableReason?: string | undefined;
};

/** Minor units of one currency (null if Button names none), and the number of transactions. */
export type RewardTotal = { currency: string | null; amountMinor: number; transactions: number };

/** A shopper's rewards. Nothing counts in two groups. */
export type ShopperRewards = Record<Exclude<RewardGroup, 'none'>, RewardTotal[]> & {
  /** How many transactions have no reward. */
  notRewarded: number;
};

/** The state of a transaction's reward. Pure. */
export function rewardGroup(transaction: RewardedTransaction): RewardGroup {
  const { status, category, delivery, notRewardableReason: reason } = transaction;
  const isReward = reason === undefined || reason === 'declined' || reason === 'historical';
  if (!isReward || status === 'conflict' || isAppInstall(category)) return 'none';
  if (delivery === 'historical') return 'historical';
  return status === 'validated' ? 'confirmed' : status;
}

/** A shopper's rewards by group and currency, the currencies in alphabetical order. Pure. */
export function rewardsOf(transactions: readonly RewardedTransaction[]): ShopperRewards {
  const groups = Map.groupBy(transactions, rewardGroup);
  const totals = (group: RewardGroup): RewardTotal[] => totalsByCurrency(groups.get(group) ?? []);
  return {
    pending: totals('pending'),
    confirmed: totals('confirmed'),
    declined: totals('declined'),
    historical: totals('historical'),
    notRewarded: groups.get('none')?.length ?? 0,
  };
}

function totalsByCurrency(transactions: readonly RewardedTransaction[]): RewardTotal[] {
  const byCurrency = Map.groupBy(transactions, ({ currency }) => currency ?? null);
  return [...byCurrency]
    .map(([currency, all]) => ({
      currency,
      amountMinor: all.reduce((sum, { amountMinor }) => sum + (amountMinor ?? 0), 0),
      transactions: all.length,
    }))
    .toSorted((one, other) => ((one.currency ?? '') < (other.currency ?? '') ? -1 : 1));
}
