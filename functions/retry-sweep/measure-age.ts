import type { DueOrder } from '../../shared/orders/store/order-ledger-store.ts';
import type { SweepPorts } from './sweep-ports.ts';

/**
 * How old the oldest of these orders is, since the first message that brought what Button does not hold yet.
 * They are the longest due: no order is much older, because an order that is older and failed since was due
 * again within the longest wait between two tries.
 */
export function measureAge(
  due: readonly DueOrder[],
  { metrics, now }: Pick<SweepPorts, 'metrics' | 'now'>,
): void {
  const sinceMs = due
    .map(({ dueAt, receivedAt = dueAt }) => Date.parse(receivedAt))
    .filter((ms) => !Number.isNaN(ms));
  const ageMs = sinceMs.length === 0 ? 0 : now().getTime() - Math.min(...sinceMs);
  metrics.add({ name: 'OldestDueOrderAgeSeconds', value: Math.max(0, ageMs / 1000) });
}
