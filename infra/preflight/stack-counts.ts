import type { StageConfig } from '../config.ts';

/** How many resources of a kind a stack creates. */
export type StackCounts = { roles: number; rules: number };

/** What each stack of a stage creates, by the end of the stack's name. Pure. */
export function stackCounts({ orderReporting, transactions }: StageConfig): ReadonlyMap<string, StackCounts> {
  const counts = new Map<string, StackCounts>([['Alarms', { roles: 2, rules: 1 }]]);
  if (orderReporting) counts.set('OrderReporting', { roles: 2, rules: 0 });
  for (const { id, audit } of orderReporting?.brands ?? [])
    counts.set(`Brand-${id}`, { roles: audit ? 5 : 3, rules: 1 });
  if (transactions) {
    const deliveries = transactions.rewardQueue?.deliverTo ? 1 : 0;
    const apis = transactions.publisherApi ? 1 : 0;
    counts.set('Transactions', { roles: 8 + apis + deliveries, rules: 2 + deliveries });
  }
  return counts;
}
