import type { Breaker } from '../../shared/orders/rules/breaker.ts';
import { heldUntilMs } from '../../shared/orders/rules/drain-pace.ts';
import type { Versioned } from '../../shared/dynamodb/versioned-item.ts';
import type { SweepPorts } from './sweep-ports.ts';
import { toMessage } from './to-message.ts';

/** The breaker after a probe, and how many retry messages that took. */
export type Probe = { current: Versioned<Breaker> | undefined; sent: number };

/** The probe is chosen among this number of the longest due orders. */
const CANDIDATES = 10;

/** By then the reporter has received the probe and called Button. */
const PROBE_POLLS = 5;
const POLL_MS = 2000;

/**
 * While a `Retry-After` holds back the waiting orders, sends one due order all the same: the one with the
 * fewest tries. The 429 may be about one order only, which must not delay the others. If Button accepts the
 * probe, the reporter lifts the hold, and the drain begins; otherwise the sweep gives up after ten seconds.
 * Throws if the ledger or the queue cannot be reached.
 */
export async function probeHold(
  stored: Versioned<Breaker> | undefined,
  { ledger, breaker, send, now, wait }: SweepPorts,
): Promise<Probe> {
  const hasToWait = (): boolean => heldUntilMs(current?.value.throttle) > now().getTime();
  let current = stored;
  if (!hasToWait()) return { current, sent: 0 };
  const due = await ledger.listDue(now(), CANDIDATES);
  const [order] = due.toSorted((one, other) => one.attempts - other.attempts);
  if (!order) return { current, sent: 0 };
  await send([toMessage(order, current?.value.since ?? '', now())]);
  for (let poll = 0; poll < PROBE_POLLS && hasToWait(); poll += 1) {
    await wait(POLL_MS);
    current = await breaker.read();
  }
  return { current, sent: 1 };
}
