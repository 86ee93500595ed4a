/**
 * The categories for which users are rewarded unless a setting names others (Transactions API guide,
 * "Ingestion Logic").
 */
const REWARDABLE_CATEGORIES: readonly string[] = ['new-user-order', 'existing-user-order'];

/** Why nobody may be rewarded for the current version of a transaction. */
export const NOT_REWARDABLE_REASONS = [
  /** It is part of another purchase, and counts there. */
  'merged',
  /** The shopper's data has been erased. */
  'erased',
  'conflict',
  'declined',
  /** An older system may have rewarded it. */
  'historical',
  'app_install',
  /** Its category is in no setting: nobody is rewarded until somebody decides. */
  'category_unknown',
] as const;

/** One of the reasons. */
export type NotRewardableReason = (typeof NOT_REWARDABLE_REASONS)[number];

/** The fields of a transaction that decide about a reward. */
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

/** However it is written: nobody is ever rewarded for an install. Pure. */
export function isAppInstall(category: string): boolean {
  return /^app(?:lication)?installs?$/.test(category.toLowerCase().replaceAll(/[^a-z]/g, ''));
}
