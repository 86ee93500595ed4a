import type { ComposedFunction, Runtime } from '../../shared/lambda/runtime.ts';
import { parseEnvironment } from '../../shared/runtime/env.ts';
import { createFifoSender } from '../../shared/runtime/fifo-sender.ts';
import { createBreakerStore } from '../../shared/store/breaker-store.ts';
import { createOrderReportStore } from '../../shared/store/order-report-store.ts';
import { EnvironmentSchema } from './env.ts';
import { wakeDueOrders } from './wake-due-orders.ts';

/** Composes the scheduled function that wakes a brand's waiting orders. It returns how many it has woken. */
export function composeRetrySweep({
  env: variables,
  aws,
  metrics,
  now,
}: Runtime<'dynamodb' | 'sqs'>): ComposedFunction<unknown, { woken: number }> {
  const env = parseEnvironment(EnvironmentSchema, variables);
  const ofBrand = { client: aws.dynamodb(), table: env.ORDER_REPORTS_TABLE, brand: env.BRAND_ID };
  const ports = {
    ledger: createOrderReportStore(ofBrand),
    breaker: createBreakerStore(ofBrand),
    send: createFifoSender({ client: aws.sqs(), queueUrl: env.ORDER_QUEUE_URL }),
    metrics,
    maxWakeUps: env.MAX_WAKE_UPS,
    now,
  };
  return { handle: async () => ({ woken: await wakeDueOrders(ports) }) };
}
