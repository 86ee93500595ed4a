import * as z from 'zod';

import { brandName } from '../../infra/order-reporting-config.ts';
import { closeBreaker } from '../../shared/orders/rules/breaker.ts';
import { createBreakerStore, type BreakerStore } from '../../shared/orders/store/breaker-store.ts';
import { brand, defineCommand, type CommandContext } from '../command.ts';

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
  async run({ brand: brandId }, context) {
    const store = openBreakerStore(brandId, context);
    const stored = await store.read();
    const was = stored?.value.state ?? 'closed';
    if (!stored || was === 'closed' || context.isDryRun)
      return { outcome: 'done', found: { was, wouldBe: 'closed' } };
    const { ok: written } = await store.write(closeBreaker(stored.value, context.now()), stored.revision);
    return { outcome: written ? 'done' : 'partial', found: { was, is: written ? 'closed' : 'unknown' } };
  },
});

function openBreakerStore(brandId: string, { stage, clients }: CommandContext): BreakerStore {
  stage.output(`OrderQueueUrl${brandName(brandId)}`);
  const table = stage.output('OrderLedgerTableName');
  return createBreakerStore({ client: clients.dynamodb, table, brand: brandId });
}
