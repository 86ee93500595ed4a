import type { Versioned } from '../../shared/dynamodb/versioned-item.ts';
import { isPaused, type Breaker } from '../../shared/orders/rules/breaker.ts';
import { drainOrders } from './drain-orders.ts';
import { probeHold, type Probe } from './probe-hold.ts';
import { sendProbe } from './send-probe.ts';
import type { SweepPorts } from './sweep-ports.ts';

/**
 * Retries the orders whose next try is due: one message each on the order queue, the longest due first, as
 * fast as Button accepts them. While the brand's breaker is open, it sends only one probe a minute, unless
 * that probe closes the breaker. It does the same while a `Retry-After` holds back the waiting orders. For a
 * paused brand it sends nothing, and does not measure how long its orders wait: they are meant to wait.
 * Returns how many retry messages were sent.
 *
 * An order that is retried twice is tried once: the ledger decides. Throws if the ledger or the queue cannot
 * be reached; the next sweep does the same again.
 */
export async function retryDueOrders(ports: SweepPorts): Promise<number> {
  const { breaker, metrics } = ports;
  const stored = await breaker.read();
  const isBrandPaused = isPaused(stored?.value);
  const isOpen = stored?.value.state === 'open' && !isBrandPaused;
  metrics.add({ name: 'BreakerOpen', value: isOpen ? 1 : 0 });
  metrics.add({ name: 'BrandPaused', value: isBrandPaused ? 1 : 0 });
  if (isBrandPaused) return 0;
  const startedAt = ports.now();
  const probe = isOpen ? await probeBreaker(stored, ports) : await probeHold(stored, ports);
  const { current } = probe;
  const isStillOpen = current?.value.state === 'open';
  const retried = probe.sent + (isStillOpen ? 0 : await drainOrders(current, ports, startedAt));
  metrics.add({ name: 'OrderRetriesSent', value: retried });
  return retried;
}

/**
 * A probe takes a few seconds at most. If it succeeds, the waiting orders should not wait for the next sweep.
 */
const PROBE_POLLS = 5;
const POLL_MS = 2000;

/**
 * Sends the probe. Returns the breaker once the probe has closed it, or the open breaker after ten seconds.
 */
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
