import * as z from 'zod';
import { OrderSchema } from './order-book.ts';
import { ShopperSchema } from './shoppers.ts';
import { TransactionVersionSchema } from './transaction-rows.ts';
import { WorldSchema } from './world.ts';

/**
 * Everything that a simulator stores, as plain JSON, for another one. It contains no webhook that is still to
 * be sent.
 */
export const SimulatorStateSchema = z.object({
  orders: z.array(OrderSchema),
  transactions: z.array(z.array(TransactionVersionSchema).readonly()),
  shoppers: z.record(z.string(), ShopperSchema),
  world: WorldSchema,
});
export type SimulatorState = z.infer<typeof SimulatorStateSchema>;
