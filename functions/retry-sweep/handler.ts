import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import middy from '@middy/core';

import { METRICS } from '../../shared/domain/metrics.ts';
import { parseEnvironment } from '../../shared/runtime/env.ts';
import { flushMetrics } from '../../shared/runtime/flush-metrics.ts';
import { functionMetrics } from '../../shared/runtime/function-metrics.ts';
import { createFifoSender } from '../../shared/runtime/fifo-sender.ts';
import { createBreakerStore } from '../../shared/store/breaker-store.ts';
import { createOrderReportStore } from '../../shared/store/order-report-store.ts';
import { EnvironmentSchema } from './env.ts';
import { wakeDueOrders } from './wake-due-orders.ts';

const env = parseEnvironment(EnvironmentSchema, process.env);
const metrics = functionMetrics(METRICS, process.env);
const ofBrand = { client: new DynamoDBClient(), table: env.ORDER_REPORTS_TABLE, brand: env.BRAND_ID };
const ledger = createOrderReportStore(ofBrand);
const breaker = createBreakerStore(ofBrand);
const send = createFifoSender({ client: new SQSClient(), queueUrl: env.ORDER_QUEUE_URL });

export const handler = middy<unknown, { woken: number }>()
  .use(flushMetrics(metrics))
  .handler(async () => ({
    woken: await wakeDueOrders({
      ledger,
      breaker,
      send,
      metrics,
      maxWakeUps: env.MAX_WAKE_UPS,
      now: () => new Date(),
    }),
  }));
