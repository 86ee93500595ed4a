import * as z from 'zod';

import {
  closeBreaker,
  isPaused,
  pauseBrand,
  resumeBrand,
  type Breaker,
} from '../../shared/orders/rules/breaker.ts';
import { createBreakerStore, type BreakerStore } from '../../shared/orders/store/breaker-store.ts';
import { brandOutput } from '../brand-orders.ts';
import { brand, defineCommand, reason, type CommandContext, type CommandResult } from '../command.ts';
import { UsageError } from '../usage-error.ts';

/** Shows a brand's breaker. */
export const breakerShow = defineCommand({
  name: 'breaker-show',
  summary:
    'Shows whether calls for a brand are stopped, since when and why, and how fast waiting orders are sent.',
  usage: '--brand ID',
  options: { brand: { type: 'string' } },
  input: z.object({ arguments: z.tuple([]), brand }),
  async run({ brand: brandId }, context) {
    const stored = await openBreakerStore(brandId, context).read();
    return { outcome: 'done', found: stored ? { ...stored.value } : { state: 'closed' } };
  },
});

/** Closes a brand's breaker. */
export const breakerClose = defineCommand({
  name: 'breaker-close',
  summary: 'Closes the breaker of a brand without waiting for a probe; it opens again if Button still fails.',
  usage: '--brand ID',
  options: { brand: { type: 'string' } },
  changes: 'orders',
  recorded: ['brand'],
  input: z.object({ arguments: z.tuple([]), brand }),
  run: ({ brand: brandId }, context) =>
    changeBreaker(brandId, context, (breaker, now) => {
      if (isPaused(breaker)) throw new UsageError(`${brandId} is paused: brand-resume ends that`);
      return breaker && closeBreaker(breaker, now);
    }),
});

/** Stops reporting the orders of a brand. */
export const brandPause = defineCommand({
  name: 'brand-pause',
  summary:
    'Stops reporting the orders of a brand to Button, everywhere within a minute. They wait in the ledger, and not even a probe is sent, until brand-resume.',
  usage: '--brand ID --reason TEXT',
  options: { brand: { type: 'string' }, reason: { type: 'string' } },
  changes: 'orders',
  recorded: ['brand', 'reason'],
  input: z.object({ arguments: z.tuple([]), brand, reason }),
  run: ({ brand: brandId, reason: why }, context) =>
    changeBreaker(brandId, context, (breaker, now) => pauseBrand(breaker, why, now)),
});

/** Ends a pause. */
export const brandResume = defineCommand({
  name: 'brand-resume',
  summary: 'Reports the orders of a paused brand again: within a minute, the sweep sends what waits.',
  usage: '--brand ID',
  options: { brand: { type: 'string' } },
  changes: 'orders',
  recorded: ['brand'],
  input: z.object({ arguments: z.tuple([]), brand }),
  run: ({ brand: brandId }, context) => changeBreaker(brandId, context, resumeBrand),
});

/** Reporters and sweeps write the same item. */
const MAX_RACES = 5;

/** Writes what `change` decides about a brand's breaker, unless it stays the same. */
async function changeBreaker(
  brandId: string,
  context: CommandContext,
  change: (breaker: Breaker | undefined, now: Date) => Breaker | undefined,
): Promise<CommandResult> {
  const store = openBreakerStore(brandId, context);
  let stored = await store.read();
  const was = stateOf(stored?.value);
  for (let race = 0; race < MAX_RACES; race += 1) {
    const changed = change(stored?.value, context.now()) ?? stored?.value;
    const is = stateOf(changed);
    if (context.isDryRun) return { outcome: 'done', found: { was, wouldBe: is } };
    if (!changed || changed === stored?.value) return { outcome: 'done', found: { was, is } };
    const result = await store.write(changed, stored?.revision ?? 0);
    if (result.ok) return { outcome: 'done', found: { was, is } };
    stored = result.current;
  }
  return { outcome: 'partial', found: { was, is: 'unknown' } };
}

function stateOf(breaker: Breaker | undefined): 'closed' | 'open' | 'paused' {
  return isPaused(breaker) ? 'paused' : (breaker?.state ?? 'closed');
}

function openBreakerStore(brandId: string, { stage, clients }: CommandContext): BreakerStore {
  brandOutput(stage, 'OrderQueueUrl', brandId);
  const table = stage.output('OrderLedgerTableName');
  return createBreakerStore({ client: clients.dynamodb, table, brand: brandId });
}
