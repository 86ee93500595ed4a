// The straightforward design for orders: Powertools' FIFO processor, idempotency, fetch, one state item,
// three log lines per order.
import { processPartialResponse, SqsFifoPartialProcessorAsync } from '@aws-lambda-powertools/batch';
import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import middy from '@middy/core';
import { z } from 'zod';

const OrderMessage = z.object({
  id: z.string(),
  type: z.string(),
  subject: z.string(),
  sequence: z.string(),
  data: z
    .looseObject({
      order_id: z.string(),
      total: z.number().int(),
      currency: z.string().length(3),
      purchase_date: z.iso.datetime({ offset: true }),
      btn_ref: z.string(),
      line_items: z.array(z.looseObject({ identifier: z.string(), total: z.number().int() })).optional(),
    })
    .optional(),
});

const dynamodb = new DynamoDBClient({});
const documents = DynamoDBDocumentClient.from(dynamodb);
const secretsManager = new SecretsManagerClient({});
const logger = new Logger({ serviceName: 'orders' });
const metrics = new Metrics({ namespace: 'Orders', serviceName: 'orders' });
let apiKey;

const report = makeIdempotent(
  async ({ type, subject, data, id }) => {
    logger.info('reporting order', { eventId: id });
    const isCreate = type.startsWith('order.created');
    const path = isCreate ? '/v1/order' : `/v1/order/${encodeURIComponent(subject)}`;
    const response = await fetch(`${process.env.BUTTON_API_URL}${path}`, {
      method: type.startsWith('order.cancelled') ? 'DELETE' : 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${apiKey}:`).toString('base64')}`,
        'content-type': 'application/json',
      },
      body: data && JSON.stringify(data),
    });
    if (!response.ok) throw new Error(`Button answered ${response.status}`);
    const { object } = await response.json();
    await documents.send(
      new PutCommand({
        TableName: process.env.PLAIN_TABLE,
        Item: {
          pk: subject,
          status: type,
          buttonOrderId: object?.button_order_id,
          order: data,
          reportedAt: new Date().toISOString(),
        },
      }),
    );
    return { reported: true };
  },
  {
    persistenceStore: new DynamoDBPersistenceLayer({
      tableName: process.env.IDEMPOTENCY_TABLE,
      awsSdkV3Client: dynamodb,
    }),
    config: new IdempotencyConfig({ eventKeyJmesPath: '[subject, sequence]', expiresAfterSeconds: 86_400 }),
  },
);

export const handler = middy(async (event, context) => {
  apiKey ??= (
    await secretsManager.send(new GetSecretValueCommand({ SecretId: process.env.API_KEY_SECRET_ID }))
  ).SecretString;
  const handleRecord = async ({ body, messageId }) => {
    logger.info('order received', { messageId });
    await report(OrderMessage.parse(JSON.parse(body)), context);
    metrics.addMetric('OrdersReported', MetricUnit.Count, 1);
    logger.info('order reported', { messageId });
  };
  return processPartialResponse(event, handleRecord, new SqsFifoPartialProcessorAsync(), {
    context,
    throwOnFullBatchFailure: false,
  });
}).use(logMetrics(metrics));
