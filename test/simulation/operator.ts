import { pauseBrand, resumeBrand, type Breaker } from '../../shared/orders/rules/breaker.ts';
import { createBreakerStore } from '../../shared/orders/store/breaker-store.ts';
import { TABLES } from './resources.ts';
import type { SimulatedWorld } from './world.ts';

/** An operator's client, without faults. */
export function clientOf(model: { execute: (command: unknown) => object }): { send: never } {
  return { send: ((command: unknown) => Promise.resolve(command).then((it) => model.execute(it))) as never };
}

type OperatedWorld = Pick<SimulatedWorld, 'clock' | 'dynamodb'>;

/** Pauses the brand, as `ops brand-pause` does. */
export function pause(world: OperatedWorld): Promise<void> {
  return changeBreaker(world, (breaker, now) => pauseBrand(breaker, 'wrong prices', now));
}

/** Resumes the brand, if it is paused, as `ops brand-resume` does. */
export function resume(world: OperatedWorld): Promise<void> {
  return changeBreaker(world, resumeBrand);
}

async function changeBreaker(
  world: OperatedWorld,
  change: (breaker: Breaker | undefined, now: Date) => Breaker | undefined,
): Promise<void> {
  const { clock, dynamodb } = world;
  const client = clientOf(dynamodb);
  const store = createBreakerStore({ client, table: TABLES.orderLedger, brand: 'acme' });
  const stored = await store.read();
  const changed = change(stored?.value, new Date(clock.now()));
  if (!changed || changed === stored?.value) return;
  const { ok: written } = await store.write(changed, stored?.revision ?? 0);
  if (!written) await changeBreaker(world, change);
}
