import type { DueOrder } from '../../shared/orders/store/order-ledger-store.ts';
import type { SweepPorts } from './sweep-ports.ts';

/**
 * How old the oldest of these orders is, since the first message with content that Button does not hold yet.
 * These are the orders that have been due longest. No order is much older: an older order that failed since
 * then was due again within the longest wait between two tries. What waited for a paused brand counts from
 * `resumedAt`, when an operator resumed it.
 */
export function measureAge(
  due: readonly DueOrder[],
  { metrics, now }: Pick<SweepPorts, 'metrics' | 'now'>,
  resumedAt = '1970-01-01',
): void {
  const sinceMs = due
    .map(({ dueAt, receivedAt = dueAt }) => Date.parse(receivedAt))
    .filter((ms) => !Number.isNaN(ms))
    .map((ms) => Math.max(ms, Date.parse(resumedAt)));
  const ageMs = sinceMs.length === 0 ? 0 : now().getTime() - Math.min(...sinceMs);
  metrics.add({ name: 'OldestDueOrderAgeSeconds', value: Math.max(0, ageMs / 1000) });
}
