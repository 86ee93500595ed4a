import type { DueOrder } from '../../shared/orders/store/order-ledger-store.ts';
import type { SweepPorts } from './sweep-ports.ts';

/**
 * How old the oldest of these orders is, since the first message with content that Button does not hold yet.
 * These are the orders that have been due longest. No order is much older: an older order that failed since
 * then was due again within the longest wait between two tries. What waited for a paused brand counts from
 * `resumedAt`, when an operator resumed it, unless the operator's clock was so wrong that this is to come.
 */
export function measureAge(
  due: readonly DueOrder[],
  { metrics, now }: Pick<SweepPorts, 'metrics' | 'now'>,
  resumedAt = '1970-01-01',
): void {
  const nowMs = now().getTime();
  const resumedMs = Date.parse(resumedAt);
  const countsFromMs = resumedMs > nowMs ? 0 : resumedMs;
  const sinceMs = due
    .map(({ dueAt, receivedAt = dueAt }) => Date.parse(receivedAt))
    .filter((ms) => !Number.isNaN(ms))
    .map((ms) => Math.max(ms, countsFromMs));
  const ageMs = sinceMs.length === 0 ? 0 : nowMs - Math.min(...sinceMs);
  metrics.add({ name: 'OldestDueOrderAgeSeconds', value: Math.max(0, ageMs / 1000) });
}
