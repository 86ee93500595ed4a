// The straightforward design with every utility that the tutorials recommend: tracer, idempotency, parser,
// lib-dynamodb, three log lines.
import { createHmac, timingSafeEqual } from 'node:crypto';

import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import { parse } from '@aws-lambda-powertools/parser';
import { ApiGatewayV2Envelope } from '@aws-lambda-powertools/parser/envelopes/api-gatewayv2';
import { JSONStringified } from '@aws-lambda-powertools/parser/helpers';
import { Tracer } from '@aws-lambda-powertools/tracer';
import { captureLambdaHandler } from '@aws-lambda-powertools/tracer/middleware';
import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import middy from '@middy/core';
import httpErrorHandler from '@middy/http-error-handler';

import { Webhook } from './webhook-schema.mjs';

const logger = new Logger({ serviceName: 'webhooks' });
const metrics = new Metrics({ namespace: 'Webhooks', serviceName: 'webhooks' });
const tracer = new Tracer({ serviceName: 'webhooks' });
const dynamodb = tracer.captureAWSv3Client(new DynamoDBClient({}));
const documents = DynamoDBDocumentClient.from(dynamodb);
const secretsManager = tracer.captureAWSv3Client(new SecretsManagerClient({}));
let secret;

const apply = makeIdempotent(
  async ({ id, data }) => {
    logger.info('applying webhook', { eventId: id, transactionId: data.id });
    try {
      await documents.send(
        new PutCommand({
          TableName: process.env.PLAIN_TABLE,
          Item: { pk: data.button_order_id, eventId: id, ...data, receivedAt: new Date().toISOString() },
          ConditionExpression: 'attribute_not_exists(pk) OR modified_date < :modified',
          ExpressionAttributeValues: { ':modified': data.modified_date },
        }),
      );
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
    return { applied: true };
  },
  {
    persistenceStore: new DynamoDBPersistenceLayer({
      tableName: process.env.IDEMPOTENCY_TABLE,
      awsSdkV3Client: dynamodb,
    }),
    config: new IdempotencyConfig({ eventKeyJmesPath: 'id', expiresAfterSeconds: 86_400 }),
  },
);

export const handler = middy(async (event, context) => {
  secret ??= JSON.parse(
    (await secretsManager.send(new GetSecretValueCommand({ SecretId: process.env.WEBHOOK_SECRETS_ID })))
      .SecretString,
  )[0].secret;
  const expected = createHmac('sha256', secret).update(event.body).digest();
  if (!timingSafeEqual(expected, Buffer.from(event.headers['x-button-signature'], 'hex')))
    return { statusCode: 401 };
  logger.info('webhook received', { length: event.body.length });
  const webhook = parse(event, ApiGatewayV2Envelope, JSONStringified(Webhook));
  await apply(webhook, context);
  metrics.addMetric('WebhooksApplied', MetricUnit.Count, 1);
  logger.info('webhook applied', { eventId: webhook.id });
  return { statusCode: 200, body: '{}' };
})
  .use(injectLambdaContext(logger))
  .use(logMetrics(metrics))
  .use(captureLambdaHandler(tracer))
  .use(httpErrorHandler());
