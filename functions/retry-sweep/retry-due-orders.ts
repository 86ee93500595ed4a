import { takeProbe, type Breaker } from '../../shared/domain/breaker.ts';
import { messageDeduplicationId, messageGroupId } from '../../shared/domain/order-event.ts';
import { retryMessage } from '../../shared/domain/retry-message.ts';
import type { Metrics } from '../../shared/domain/metrics.ts';
import type { FifoMessage } from '../../shared/runtime/fifo-sender.ts';
import type { BreakerStore } from '../../shared/store/breaker-store.ts';
import type { DueOrder, OrderLedger } from '../../shared/store/order-ledger-store.ts';
import type { Versioned } from '../../shared/store/versioned-item.ts';

/** What the sweep needs. */
export type RetryDueOrdersPorts = {
  ledger: Pick<OrderLedger, 'listDue'>;
  breaker: BreakerStore;
  /** Throws unless every message is on the queue. */
  send: (messages: readonly FifoMessage[]) => Promise<void>;
  metrics: Metrics;
  maxRetriesPerSweep: number;
  now: () => Date;
};

/**
 * Retries the orders whose next try is due: one message each through the order queue, the longest due first. While the brand's breaker is
 * open it retries one order a minute, as the probe, and no other. Returns how many.
 *
 * An order that is retried twice is tried once: the ledger decides. Throws if the ledger or the queue cannot be reached; the next sweep
 * does the same again.
 */
export async function retryDueOrders(ports: RetryDueOrdersPorts): Promise<number> {
  const { ledger, breaker, send, metrics, maxRetriesPerSweep, now } = ports;
  const current = await breaker.read();
  const isOpen = current?.value.state === 'open';
  metrics.add({ name: 'BreakerOpen', value: isOpen ? 1 : 0 });
  const due = await ledger.listDue(now(), isOpen ? 1 : maxRetriesPerSweep);
  const [oldest] = due;
  metrics.add({ name: 'OldestDueOrderAgeSeconds', value: oldest ? secondsSince(oldest.dueAt, now()) : 0 });
  // Nothing has been reported since the breaker opened: what opened it waits still, whenever its next try may be.
  if (isOpen && oldest)
    metrics.add({
      name: 'OldestUnreportedOrderAgeSeconds',
      value: secondsSince(current.value.since, now()),
    });

  const messages = isOpen
    ? await probeMessages(oldest, current, ports)
    : due.map((order) => toMessage(order, { isProbe: false, occasion: current?.value.since ?? '' }));
  await send(messages);
  metrics.add({ name: 'OrderRetriesSent', value: messages.length });
  return messages.length;
}

function secondsSince(instant: string, now: Date): number {
  return Math.max(0, (now.getTime() - Date.parse(instant)) / 1000);
}

/** The probe, if it is due and there is an order to make it with. Whoever moves the probe's time on makes it: of two sweeps one. */
async function probeMessages(
  oldest: DueOrder | undefined,
  current: Versioned<Breaker>,
  { breaker, now }: RetryDueOrdersPorts,
): Promise<FifoMessage[]> {
  const taken = takeProbe(current.value, now());
  if (!oldest || !taken) return [];
  const { ok: written } = await breaker.write(taken, current.revision);
  return written ? [toMessage(oldest, { isProbe: true, occasion: now().toISOString() })] : [];
}

/**
 * The deduplication id holds one retry message for one due time and state of the breaker, however often the sweep finds it: what was retried in
 * vain while the breaker was open is retried again as soon as it is closed.
 */
function toMessage(
  { orderId, dueAt }: DueOrder,
  { isProbe, occasion }: { isProbe: boolean; occasion: string },
): FifoMessage {
  return {
    body: retryMessage({ orderId, isProbe }),
    groupId: messageGroupId(orderId),
    deduplicationId: messageDeduplicationId({
      source: 'retry-sweep',
      id: `${orderId} ${dueAt} ${occasion}`,
    }),
  };
}
