import { withPace, type Breaker } from '../../shared/orders/rules/breaker.ts';
import { adaptPace, heldUntilMs, paceOf, type DrainPace } from '../../shared/orders/rules/drain-pace.ts';
import type { DueOrder } from '../../shared/orders/store/order-ledger-store.ts';
import type { Versioned } from '../../shared/dynamodb/versioned-item.ts';
import { measureAge } from './measure-age.ts';
import type { SweepPorts } from './sweep-ports.ts';
import { toMessage } from './to-message.ts';

/**
 * A run continues for this long while more orders are due than the rate lets through: until the next run
 * begins, a minute after it.
 */
const RUN_MS = 57_000;

const STEP_MS = 1000;

/**
 * The shop's messages wait behind the retry messages on the queue. So the queue may hold at most this number
 * of seconds' worth of retry messages, and the rate does not rise while it holds half of that.
 */
const IN_FLIGHT_SECONDS = 10;
const LEAST_IN_FLIGHT = 20;

/**
 * A retry message that has changed nothing for this long is stuck behind another message, and no longer holds
 * back the others.
 */
const STUCK_AFTER_MS = 30_000;

const MAX_RACES = 5;

/**
 * Sends retry messages for due orders second by second, until none is left or the time of the run, which
 * began at `startedAt`, is over. The rate rises while Button accepts everything and falls when it answers
 * 429. A `Retry-After` is respected, unless Button accepts a call in spite of it. Between runs the rate is
 * kept in the breaker's item.
 */
export async function drainOrders(
  stored: Versioned<Breaker> | undefined,
  ports: SweepPorts,
  startedAt: Date,
): Promise<number> {
  const { ledger, breaker, send, metrics, maxRetriesPerSweep, now, wait } = ports;
  const maxPerSecond = Math.max(1, (maxRetriesPerSweep * 1000) / RUN_MS);
  const endMs = startedAt.getTime() + RUN_MS;
  const sent = trackSent(() => now().getTime());
  let current = stored;
  const firstPace = paceOf(stored?.value.pace, { maxPerSecond, now: now() });
  let pace = firstPace;
  let retried = 0;
  for (let isFirst = true; ; isFirst = false) {
    const stepMs = now().getTime();
    const heldMs = heldUntilMs(current?.value.throttle);
    const isPaused = heldMs > stepMs;
    const most = Math.max(1, Math.floor((pace.perSecond * STEP_MS) / 1000));
    const due = await ledger.listDue(now(), isPaused ? 1 : sent.size() + most + 1);
    if (isFirst) measureAge(due, ports, current?.value.resumedAt);
    const unsent = sent.update(due);
    const mostInFlight = Math.max(LEAST_IN_FLIGHT, pace.perSecond * IN_FLIGHT_SECONDS);
    const room = mostInFlight - sent.inFlight();
    const count = isPaused ? 0 : Math.max(0, Math.min(most, Math.floor(room), maxRetriesPerSweep - retried));
    const batch = unsent.slice(0, count);
    await send(batch.map((order) => toMessage(order, current?.value.since ?? '', now())));
    sent.add(batch);
    retried += batch.length;

    const nextMs = Math.max(heldMs, stepMs + STEP_MS);
    if (unsent.length <= batch.length || retried >= maxRetriesPerSweep || nextMs >= endMs) break;
    await wait(Math.max(0, nextMs - now().getTime()));
    current = await breaker.read();
    if (current?.value.state === 'open') break;
    const isLimit = batch.length === most && room >= mostInFlight / 2;
    pace = adaptPace(pace, { throttle: current?.value.throttle, isLimit, maxPerSecond, now: now() });
  }
  if (pace !== firstPace) {
    metrics.add({ name: 'DrainPacePerSecond', value: pace.perSecond });
    await rememberPace(current, pace, ports);
  }
  return retried;
}

/** Gives up if others keep writing: the next run finds the right rate again. */
async function rememberPace(
  stored: Versioned<Breaker> | undefined,
  pace: DrainPace,
  { breaker, now }: SweepPorts,
): Promise<void> {
  let current = stored;
  for (let race = 0; race < MAX_RACES; race += 1) {
    const result = await breaker.write(withPace(current?.value, pace, now()), current?.revision ?? 0);
    if (result.ok) return;
    ({ current } = result);
  }
}

/**
 * The retry messages of this run whose orders are still listed as due: they are on the queue, or being
 * handled.
 */
function trackSent(nowMs: () => number) {
  const sentAtMs = new Map<string, number>();
  const keyOf = ({ orderId, dueAt }: DueOrder): string => `${dueAt} ${orderId}`;
  return {
    size: () => sentAtMs.size,
    inFlight: () => [...sentAtMs.values()].filter((atMs) => nowMs() - atMs < STUCK_AFTER_MS).length,
    add(orders: readonly DueOrder[]): void {
      for (const order of orders) sentAtMs.set(keyOf(order), nowMs());
    },
    /** Forgets orders that are not due any more; returns those that are due and were not sent. */
    update(due: readonly DueOrder[]): DueOrder[] {
      const dueKeys = new Set(due.map(keyOf));
      for (const key of sentAtMs.keys()) if (!dueKeys.has(key)) sentAtMs.delete(key);
      return due.filter((order) => !sentAtMs.has(keyOf(order)));
    },
  };
}
