import * as z from 'zod';

import { openLedger } from '../brand-orders.ts';
import { brand, defineCommand, limit } from '../command.ts';

/** Shows what the ledger holds of an order. */
export const orderShow = defineCommand({
  name: 'order-show',
  summary:
    'Shows what was reported to Button of an order, and its current state. --show-bytes prints the order itself.',
  usage: 'ORDER --brand ID [--show-bytes]',
  options: { brand: { type: 'string' }, 'show-bytes': { type: 'boolean' } },
  input: z.object({
    arguments: z.tuple([z.string().min(1)]),
    brand,
    'show-bytes': z.boolean().default(false),
  }),
  async run({ arguments: [orderId], brand: brandId, 'show-bytes': showBytes }, context) {
    const stored = await openLedger(brandId, context).read(orderId);
    if (!stored) return { outcome: 'not-found', found: {} };
    const { newest, ...entry } = stored.value;
    const { order, ...version } = newest ?? {};
    const shown = newest && { newest: showBytes ? { ...version, order } : version };
    return { outcome: 'done', found: { ...entry, ...shown, revision: stored.revision } };
  },
});

/** Later than any try. */
const THE_END = new Date('9999-12-31T23:59:59.000Z');

/** Lists the orders that Button does not hold yet. */
export const ordersWaiting = defineCommand({
  name: 'orders-waiting',
  summary: 'Lists the orders that wait for their next try, the longest due first.',
  usage: '--brand ID [--limit N]',
  options: { brand: { type: 'string' }, limit: { type: 'string' } },
  input: z.object({ arguments: z.tuple([]), brand, limit }),
  async run({ brand: brandId, limit: most }, context) {
    const orders = await openLedger(brandId, context).listDue(THE_END, most);
    return { outcome: 'done', found: { count: orders.length, more: orders.length === most, orders } };
  },
});
