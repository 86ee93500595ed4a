import type { Versioned } from '../../shared/dynamodb/versioned-item.ts';
import type { Breaker } from '../../shared/orders/rules/breaker.ts';
import { drainOrders } from './drain-orders.ts';
import { probeHold, type Probe } from './probe-hold.ts';
import { sendProbe } from './send-probe.ts';
import type { SweepPorts } from './sweep-ports.ts';

/**
 * Retries the orders whose next try is due: one message each through the order queue, the longest due first,
 * as fast as Button accepts them. While the brand's breaker is open it sends one probe a minute, and nothing
 * else, unless that probe closes it; so it does while a `Retry-After` holds back what waits. Returns how many
 * retry messages were sent.
 *
 * An order that is retried twice is tried once: the ledger decides. Throws if the ledger or the queue can't
 * be reached; the next sweep does the same again.
 */
export async function retryDueOrders(ports: SweepPorts): Promise<number> {
  const { breaker, metrics } = ports;
  const stored = await breaker.read();
  const isOpen = stored?.value.state === 'open';
  metrics.add({ name: 'BreakerOpen', value: isOpen ? 1 : 0 });
  const startedAt = ports.now();
  const probe = isOpen ? await probeBreaker(stored, ports) : await probeHold(stored, ports);
  const { current } = probe;
  const isStillOpen = current?.value.state === 'open';
  const retried = probe.sent + (isStillOpen ? 0 : await drainOrders(current, ports, startedAt));
  metrics.add({ name: 'OrderRetriesSent', value: retried });
  return retried;
}

/**
 * A probe takes a few seconds at most; what waits should not wait for the next sweep once it has succeeded.
 */
const PROBE_POLLS = 5;
const POLL_MS = 2000;

/** Sends the probe. The breaker as soon as that has closed it, or still open after ten seconds. */
async function probeBreaker(open: Versioned<Breaker>, ports: SweepPorts): Promise<Probe> {
  const { breaker, wait } = ports;
  const sent = await sendProbe(open, ports);
  let current: Versioned<Breaker> | undefined = open;
  for (let poll = 0; poll < PROBE_POLLS && current?.value.state === 'open'; poll += 1) {
    await wait(POLL_MS);
    current = await breaker.read();
  }
  return { current, sent };
}
