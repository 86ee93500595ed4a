/**
 * The categories that a user is rewarded for unless a setting names others (Transactions API guide,
 * "Ingestion Logic").
 */
const REWARDABLE_CATEGORIES: readonly string[] = ['new-user-order', 'existing-user-order'];

/** Why nobody may be rewarded for a transaction as it is now. */
export const NOT_REWARDABLE_REASONS = [
  /** It turned out to be part of another purchase, and counts there. */
  'merged',
  /** The shopper's data has been erased. */
  'erased',
  'conflict',
  'declined',
  /** An older system may have rewarded it. */
  'historical',
  'app_install',
  /** A category that no setting names: held until somebody has looked. */
  'category_unknown',
] as const;

/** One of the reasons. */
export type NotRewardableReason = (typeof NOT_REWARDABLE_REASONS)[number];

/** What of a transaction decides about a reward. */
export type RewardableState = {
  status: 'pending' | 'validated' | 'declined' | 'conflict';
  category: string;
  delivery: 'live' | 'historical';
  mergedInto?: string;
  erasedAt?: string;
};

/** Why nobody may be rewarded for it; undefined if somebody may. Pure. */
export function notRewardableReason(
  { status, category, delivery, mergedInto, erasedAt }: RewardableState,
  rewardableCategories: readonly string[] = REWARDABLE_CATEGORIES,
): NotRewardableReason | undefined {
  if (mergedInto !== undefined) return 'merged';
  if (erasedAt !== undefined) return 'erased';
  if (status === 'conflict' || status === 'declined') return status;
  if (delivery === 'historical') return 'historical';
  if (isAppInstall(category)) return 'app_install';
  return rewardableCategories.includes(category) ? undefined : 'category_unknown';
}

/** However it is spelled: nobody is ever rewarded for an install. Pure. */
export function isAppInstall(category: string): boolean {
  return /^app(?:lication)?installs?$/.test(category.toLowerCase().replaceAll(/[^a-z]/g, ''));
}
