import { createHmac } from 'node:crypto';

import { FaultSchema, type FaultInput } from '../../tooling/button-simulator/fault-rules.ts';
import {
  InjectedTransactionSchema,
  type InjectedTransactionInput,
} from '../../tooling/button-simulator/injected-transaction.ts';
import type { CloudWatch } from '../../tooling/local-aws/cloudwatch/cloudwatch.ts';
import type { MetricIdentity } from '../../tooling/local-aws/cloudwatch/metric-store.ts';
import { orderMessage } from '../simulation/messages.ts';
import type { Call, Fate } from '../simulation/weather.ts';
import type { SimulatedWorld } from '../simulation/world.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/**
 * A new order every five minutes, adjusted half an hour later. Every fifth order is cancelled an hour later.
 */
function sendOrders(world: SimulatedWorld, { forMs }: { forMs: number }): void {
  const startMs = world.clock.now();
  const send = (afterMs: number, message: Parameters<typeof orderMessage>[0]): void => {
    world.clock.at(startMs + afterMs, () => world.sendOrderMessage(orderMessage(message)));
  };
  for (let number = 0; number * 5 * MINUTE_MS < forMs; number += 1) {
    const order = { orderId: `order-${startMs}-${number}`, time: new Date(startMs).toISOString() };
    const atMs = number * 5 * MINUTE_MS;
    const time = new Date(startMs + atMs).toISOString();
    send(atMs, { ...order, time, sequence: 1, kind: 'created', total: 1000 });
    const adjustedMs = atMs + HOUR_MS / 2;
    if (adjustedMs < forMs)
      send(adjustedMs, {
        ...order,
        time: new Date(startMs + adjustedMs).toISOString(),
        sequence: 2,
        kind: 'updated',
        total: 900,
      });
    if (number % 5 === 0 && atMs + HOUR_MS < forMs)
      send(atMs + HOUR_MS, {
        ...order,
        time: new Date(startMs + atMs + HOUR_MS).toISOString(),
        sequence: 3,
        kind: 'cancelled',
      });
  }
}

/** Lets time pass while orders arrive. */
export async function live(world: SimulatedWorld, ms: number): Promise<void> {
  sendOrders(world, { forMs: ms });
  await world.runFor(ms);
}

/** Button's API follows the fault as long as the world exists, or until the faults are cleared. */
export function misbehave(world: SimulatedWorld, fault: FaultInput): void {
  world.button.faults.add(FaultSchema.parse({ times: 'unlimited', ...fault }));
}

/** The fate of these calls, instead of the weather's. */
export function strike(world: SimulatedWorld, matches: (call: Call) => boolean, fate: Partial<Fate>): void {
  const { fateOf } = world.weather;
  world.weather.fateOf = (call) => (matches(call) ? { latencyMs: 5, ...fate } : fateOf(call));
}

/** A metric that an AWS service emits every minute. */
export function measureOfAws(
  { metrics }: CloudWatch,
  { metric, fromMs, forMs, value }: { metric: MetricIdentity; fromMs: number; forMs: number; value: number },
): void {
  for (let atMs = fromMs; atMs < fromMs + forMs; atMs += MINUTE_MS) metrics.put(metric, { atMs, value });
}

/** The error that the SDK throws after its tries. */
export function outage(): Error {
  return Object.assign(new Error('out of order'), {
    name: 'InternalServerError',
    $metadata: { attempts: 3 },
  });
}

export function inject(world: SimulatedWorld, row: InjectedTransactionInput): void {
  world.button.transactions.inject(InjectedTransactionSchema.parse(row));
}

/**
 * Posts one of Button's webhooks, by default signed with the secret that the receiver knows, and lets the
 * time pass that it takes.
 */
export async function postWebhook(
  world: SimulatedWorld,
  content: unknown,
  secret = 'whsec-first',
): Promise<void> {
  const body = Buffer.from(typeof content === 'string' ? content : JSON.stringify(content));
  const signature = createHmac('sha256', secret).update(body).digest('hex');
  world.clock.at(world.clock.now(), () => {
    world.clock.track(world.postWebhook({ body, signature }, 'Button'));
  });
  await world.runFor(20_000);
}
