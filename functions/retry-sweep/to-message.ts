import { messageDeduplicationId, messageGroupId } from '@button-serverless/validation/orders';
import { retryMessage } from '../../shared/orders/rules/retry-message.ts';
import type { DueOrder } from '../../shared/orders/store/order-ledger-store.ts';
import type { FifoMessage } from '../../shared/runtime/fifo-sender.ts';

/**
 * The retry message of an order.
 *
 * The deduplication id stays the same for one due time and one state of the breaker, however often a sweep
 * finds the order, so that retry messages do not pile up behind a slow reporter. Two events change it. An
 * order that was retried without success while the breaker was open is retried as soon as the breaker is
 * closed. And if a reporter whose clock is behind took a retry for too early, the order is retried a minute
 * later, then after two, four minutes and so on.
 */
export function toMessage({ orderId, dueAt }: DueOrder, breakerSince: string, now: Date): FifoMessage {
  const minutesDue = Math.max(0, now.getTime() - Date.parse(dueAt)) / 60_000;
  const renewal = Math.floor(Math.log2(1 + minutesDue));
  return {
    body: retryMessage({ orderId, isProbe: false }),
    groupId: messageGroupId(orderId),
    deduplicationId: messageDeduplicationId({
      source: 'retry-sweep',
      id: `${orderId} ${dueAt} ${breakerSince} ${renewal}`,
    }),
  };
}
