import * as z from 'zod';
import { OrderSchema } from './order-book.ts';
import { ShopperSchema } from './shoppers.ts';
import { TransactionVersionSchema } from './transaction-rows.ts';
import { WorldSchema } from './world.ts';

/**
 * What a Button has taken in, for a later one: plain JSON. Webhooks that are still to be sent are not in it.
 */
export const SimulatorStateSchema = z.object({
  orders: z.array(OrderSchema),
  transactions: z.array(z.array(TransactionVersionSchema).readonly()),
  shoppers: z.record(z.string(), ShopperSchema),
  world: WorldSchema,
});
export type SimulatorState = z.infer<typeof SimulatorStateSchema>;
