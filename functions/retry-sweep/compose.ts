import type { ComposedFunction, Runtime } from '../../shared/runtime/runtime.ts';
import { parseEnvironment } from '../../shared/runtime/env.ts';
import { createFifoSender } from '../../shared/runtime/fifo-sender.ts';
import { createBreakerStore } from '../../shared/orders/store/breaker-store.ts';
import { createOrderLedger } from '../../shared/orders/store/order-ledger-store.ts';
import { reportUnreadable } from '../../shared/dynamodb/unreadable-item.ts';
import { EnvironmentSchema } from './env.ts';
import { retryDueOrders } from './retry-due-orders.ts';

/** Composes the scheduled function that sends a retry message for each order that is due. */
export function composeRetrySweep({
  env: variables,
  aws,
  metrics,
  now,
  wait,
}: Runtime<'dynamodb' | 'sqs'>): ComposedFunction<unknown, { retried: number }> {
  const env = parseEnvironment(EnvironmentSchema, variables);
  const brandTable = { client: aws.dynamodb(), table: env.ORDER_LEDGER_TABLE, brand: env.BRAND_ID };
  const ports = {
    ledger: createOrderLedger(brandTable),
    breaker: createBreakerStore({
      ...brandTable,
      onUnreadable: reportUnreadable(metrics, 'UnreadableLedgerItems'),
    }),
    send: createFifoSender({ client: aws.sqs(), queueUrl: env.ORDER_QUEUE_URL }),
    metrics,
    maxRetriesPerSweep: env.MAX_RETRIES_PER_SWEEP,
    now,
    wait,
  };
  return { handle: async () => ({ retried: await retryDueOrders(ports) }) };
}
