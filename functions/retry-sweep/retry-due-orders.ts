import { drainOrders } from './drain-orders.ts';
import { sendProbe } from './send-probe.ts';
import type { SweepPorts } from './sweep-ports.ts';

/**
 * Retries the orders whose next try is due: one message each through the order queue, the longest due first, as
 * fast as Button accepts them. While the brand's breaker is open it sends one probe a minute, and nothing
 * else. Returns how many retry messages were sent.
 *
 * An order that is retried twice is tried once: the ledger decides. Throws if the ledger or the queue can't be
 * reached; the next sweep does the same again.
 */
export async function retryDueOrders(ports: SweepPorts): Promise<number> {
  const { breaker, metrics } = ports;
  const stored = await breaker.read();
  const isOpen = stored?.value.state === 'open';
  metrics.add({ name: 'BreakerOpen', value: isOpen ? 1 : 0 });
  const retried = isOpen ? await sendProbe(stored, ports) : await drainOrders(stored, ports);
  metrics.add({ name: 'OrderRetriesSent', value: retried });
  return retried;
}
