import { messageDeduplicationId, messageGroupId } from '../../shared/domain/order-event.ts';
import { wakeUpMessage } from '../../shared/domain/order-report.ts';
import type { FifoMessage } from '../../shared/runtime/fifo-sender.ts';
import type { Metrics } from '../../shared/domain/metrics.ts';
import type { DueOrder, OrderReportStore } from '../../shared/store/order-report-store.ts';

/** What the sweep needs. */
export type WakeDueOrdersPorts = {
  ledger: Pick<OrderReportStore, 'listDue'>;
  /** Throws unless every message is on the queue. */
  send: (messages: readonly FifoMessage[]) => Promise<void>;
  metrics: Metrics;
  maxWakeUps: number;
  now: () => Date;
};

/**
 * Wakes the orders whose next try is due: one message each through the order queue, the longest due first. Returns how many.
 *
 * An order that is woken twice is tried once: the ledger decides. Throws if the ledger or the queue cannot be reached; the next sweep
 * does the same again.
 */
export async function wakeDueOrders({
  ledger,
  send,
  metrics,
  maxWakeUps,
  now,
}: WakeDueOrdersPorts): Promise<number> {
  const due = await ledger.listDue(now(), maxWakeUps);
  const [oldest] = due;
  const oldestAgeSeconds = oldest ? Math.max(0, (now().getTime() - Date.parse(oldest.dueAt)) / 1000) : 0;
  metrics.add({ name: 'OldestDueOrderAgeSeconds', value: oldestAgeSeconds });
  await send(due.map(toMessage));
  metrics.add({ name: 'OrdersWoken', value: due.length });
  return due.length;
}

/** The deduplication id holds one wake-up for one due time, however often the sweep finds it. */
function toMessage({ orderId, dueAt }: DueOrder): FifoMessage {
  return {
    body: wakeUpMessage(orderId),
    groupId: messageGroupId(orderId),
    deduplicationId: messageDeduplicationId({ source: 'retry-sweep', id: `${orderId} ${dueAt}` }),
  };
}
