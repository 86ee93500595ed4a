import type { OrderState } from '../../shared/orders/rules/order-ledger.ts';
import type { QuarantineSummary } from '../../shared/quarantine/quarantine-review.ts';
import type { Versioned } from '../../shared/dynamodb/versioned-item.ts';

/** What is stored about an entry and its order. */
export type Stored = {
  entry: Pick<QuarantineSummary, 'id' | 'refusals' | 'refusedAgainAs'> | undefined;
  order: Versioned<OrderState> | undefined;
};

/** The result of a replay so far; `waits` may still become any of the others. */
export type ReplayResult =
  | { result: 'reported' }
  | { result: 'refused'; entry: string }
  | { result: 'waits'; reason: string };

/** The result of a replay, from what is stored before it and after it. Pure. */
export function replayResult(before: Stored, after: Stored): ReplayResult {
  const id = after.entry?.id ?? before.entry?.id ?? '';
  const again = after.entry?.refusedAgainAs;
  if (again !== undefined && again !== before.entry?.refusedAgainAs)
    return { result: 'refused', entry: again };
  if ((after.entry?.refusals ?? 0) > (before.entry?.refusals ?? 0)) return { result: 'refused', entry: id };
  const { order } = after;
  const isWritten = order !== undefined && order.revision > (before.order?.revision ?? 0);
  const state = isWritten ? order.value : undefined;
  if (!state?.newest || state.newest.replayOf !== id) return { result: 'waits', reason: 'on the queue' };
  const { progress, newest } = state;
  if (progress.state === 'settled') return { result: 'reported' };
  if (progress.state === 'refused') return { result: 'refused', entry: newest.messageId };
  return { result: 'waits', reason: 'reason' in progress ? progress.reason : progress.state };
}
