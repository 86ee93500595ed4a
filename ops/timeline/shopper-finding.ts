import type { OverduePolicy } from '../../shared/transactions/rules/stale-pending.ts';
import type { ShopperTransaction } from '../../shared/transactions/store/shopper-index.ts';
import { inTimeOrder, type Finding } from './finding.ts';
import { rewardAnswer } from './reward-answer.ts';
import { money, opsLine } from './words.ts';

/**
 * The value of a shopper's transactions, and the state of each reward. `shopper` is the given id; `more` if
 * there are older transactions than those. Pure.
 */
export function shopperFinding(
  shopper: string,
  {
    transactions,
    more,
    overdue,
  }: { transactions: readonly ShopperTransaction[]; more: boolean; overdue: OverduePolicy },
): Finding {
  const count = `${more ? 'the latest ' : ''}${transactions.length} transaction${transactions.length === 1 ? '' : 's'}`;
  return {
    kind: 'shopper',
    id: shopper,
    title: `Shopper ${shopper}: ${count}`,
    answer: totalsOf(transactions),
    differences: [],
    timeline: inTimeOrder(
      transactions.map((transaction) => {
        const { pk, createdDate, commerceOrganizationName: name, commerceOrganization: id } = transaction;
        const order = transaction.orderTotalMinor;
        const spent = order === undefined ? '' : ` (spent ${money(order, transaction.orderCurrency)})`;
        return {
          at: createdDate,
          what: `${pk} of ${name ?? id ?? 'an unknown brand'}${spent}: ${rewardAnswer(transaction, overdue)}`,
        };
      }),
    ),
    next: transactions.slice(0, MOST_COMMANDS).map(({ pk }) => opsLine('show', pk)),
  };
}

const MOST_COMMANDS = 5;

/** The amounts that may be rewarded, by status and currency; the rest is counted. */
function totalsOf(transactions: readonly ShopperTransaction[]): string {
  const rewardable = transactions.filter((transaction) => transaction.rewardable);
  const groups = Map.groupBy(rewardable, ({ status, currency = '' }) => `${status} ${currency}`);
  const totals = [...groups.values()].map((group) => {
    const sum = group.reduce((total, { amountMinor = 0 }) => total + amountMinor, 0);
    return `${money(sum, group[0]?.currency)} ${group[0]?.status ?? ''}`;
  });
  const rest = transactions.length - rewardable.length;
  const parts = [...totals, ...(rest > 0 ? [`${rest} for which nobody is rewarded`] : [])];
  return `${parts.join(', ')}.`;
}
