import type { NotRewardableReason } from '@button-serverless/validation/webhooks';
import { validationDates, type OverduePolicy } from '../../shared/transactions/rules/stale-pending.ts';
import { money } from './words.ts';

/** The fields of a transaction that say where its reward is. */
export type RewardState = {
  status: 'pending' | 'validated' | 'declined' | 'conflict';
  amountMinor?: number | null | undefined;
  currency?: string | null | undefined;
  /** ISO 8601. */
  createdDate: string;
  validatedDate?: string | null | undefined;
  commerceOrganization?: string | null | undefined;
  notRewardableReason?: string | undefined;
};

const DAY_MS = 86_400_000;

/** The state of a reward, with its reason. Pure. */
export function rewardAnswer(state: RewardState, overdue: OverduePolicy): string {
  const worth = money(state.amountMinor, state.currency);
  const reason = state.notRewardableReason;
  if (isKnownReason(reason) && reason !== 'declined' && reason !== 'conflict')
    return `Nobody is rewarded for it (${state.status}, ${worth}): ${WHY_NOT[reason]}.`;
  switch (state.status) {
    case 'pending':
      return `Pending: ${worth} is expected. ${untilWhen(state, overdue)}`;
    case 'validated':
      return `Validated${onDay(state.validatedDate)}: ${worth} is final, and the shopper may be rewarded.`;
    case 'declined':
      return `Declined by Button: no commission is paid (it was ${worth}).`;
    case 'conflict':
      return 'In conflict: versions contradict each other. Nobody is rewarded until that is settled.';
  }
}

/**
 * When it should be validated, by the brand's window or by the usual one if that is not known; and from when
 * on to ask.
 */
function untilWhen(state: RewardState, overdue: OverduePolicy): string {
  const { expectedMs, overdueMs, isBrands } = validationDates(state, overdue);
  const nowMs = Date.parse(overdue.at);
  const days = Math.floor((nowMs - Date.parse(state.createdDate)) / DAY_MS);
  const window = isBrands ? "the brand's window" : 'the usual window';
  const age = `It was created ${days} days ago and is expected by ${dayOf(expectedMs)} (${window})`;
  return nowMs < overdueMs
    ? `${age}; from ${dayOf(overdueMs)} on it is overdue.`
    : `${age}; it has been overdue since ${dayOf(overdueMs)}: ask your Button contact.`;
}

function dayOf(instantMs: number): string {
  return new Date(instantMs).toISOString().slice(0, 10);
}

function onDay(instant: string | null | undefined): string {
  return instant === null || instant === undefined ? '' : ` on ${instant.slice(0, 10)}`;
}

const WHY_NOT: Readonly<Record<NotRewardableReason, string>> = {
  merged: 'it is part of another purchase, and counts there',
  erased: "the shopper's data has been erased",
  conflict: 'versions contradict each other',
  declined: 'Button declined it',
  historical: 'it was created before this system took over, so an older system may have rewarded it',
  app_install: 'it is an app install',
  category_unknown: 'its category is not in transactions.rewardableCategories: somebody has to decide',
};

function isKnownReason(reason: string | undefined): reason is NotRewardableReason {
  return reason !== undefined && Object.hasOwn(WHY_NOT, reason);
}
