// The typical stack: middy, zod, the SDK, Powertools' logger and metrics; bundled as NodejsFunction does by default.
import { createHmac, timingSafeEqual } from 'node:crypto';

import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import { ConditionalCheckFailedException, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import middy from '@middy/core';

import { Webhook } from './webhook-schema.mjs';

const dynamodb = new DynamoDBClient({});
const secretsManager = new SecretsManagerClient({});
const logger = new Logger({ serviceName: 'webhooks' });
const metrics = new Metrics({ namespace: 'Webhooks', serviceName: 'webhooks' });
let secret;

export const handler = middy(async ({ body, headers }) => {
  secret ??= JSON.parse(
    (await secretsManager.send(new GetSecretValueCommand({ SecretId: process.env.WEBHOOK_SECRETS_ID })))
      .SecretString,
  )[0].secret;
  const expected = createHmac('sha256', secret).update(body).digest();
  if (!timingSafeEqual(expected, Buffer.from(headers['x-button-signature'], 'hex')))
    return { statusCode: 401 };
  const { id, data } = Webhook.parse(JSON.parse(body));
  try {
    await dynamodb.send(
      new PutItemCommand({
        TableName: process.env.PLAIN_TABLE,
        Item: {
          pk: { S: data.button_order_id },
          eventId: { S: id },
          status: { S: data.status },
          amount: { N: String(data.amount) },
          modifiedDate: { S: data.modified_date },
          raw: { S: body },
        },
        ConditionExpression: 'attribute_not_exists(pk) OR modifiedDate < :modified',
        ExpressionAttributeValues: { ':modified': { S: data.modified_date } },
      }),
    );
    metrics.addMetric('WebhooksApplied', MetricUnit.Count, 1);
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    metrics.addMetric('WebhooksUnchanged', MetricUnit.Count, 1);
  }
  logger.info('webhook applied', { eventId: id });
  return { statusCode: 200, body: '{}' };
})
  .use(injectLambdaContext(logger))
  .use(logMetrics(metrics));
