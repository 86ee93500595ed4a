import { createHmac } from 'node:crypto';

import { messageDeduplicationId } from '@button-serverless/validation/orders';
import type { Endpoints } from './system.ts';

/** The endpoints for people, with commands to paste for an order and a signed webhook. */
export function describeEndpoints(endpoints: Endpoints): string {
  const lines = [
    ['Webhook URL', endpoints.webhookUrl],
    ['Order queue', endpoints.orderQueueUrl],
    ['Reward queue', endpoints.rewardQueueUrl],
    ['SQS', endpoints.sqsEndpoint],
    ['DynamoDB', endpoints.dynamodbEndpoint],
    ['Button', endpoints.buttonUrl],
    ['Button control', endpoints.buttonControlUrl],
    ['Reconcile now', `curl -X POST ${endpoints.reconcileUrl}`],
    ['Events', `curl ${endpoints.eventsUrl}`],
    ['Metrics', `curl ${endpoints.metricsUrl}`],
    ['Alarms', `curl ${endpoints.alarmsUrl}`],
  ].flatMap(([name = '', value]) => (value === undefined ? [] : [`  ${name.padEnd(15)}${value}`]));
  return [
    '\nEverything is running.',
    ...lines,
    ...(endpoints.orderQueueUrl === undefined
      ? []
      : ['\nSend an order:', sendOrderLine(endpoints.orderQueueUrl, endpoints)]),
    ...(endpoints.webhookUrl === undefined
      ? []
      : ['\nSend a signed webhook:', sendWebhookLine(endpoints.webhookUrl, endpoints)]),
    '\nInspect and fix it (npm run ops -- --help):',
    operationsLines(endpoints),
    '\nCtrl-C ends it.',
  ].join('\n');
}

function sendOrderLine(queueUrl: string, { sqsEndpoint }: Endpoints): string {
  const id = `my-order-${Date.now()}`;
  const event = {
    specversion: '1.0',
    id: `${id}-1`,
    source: 'https://shop.example/curl',
    type: 'order.created.v1',
    subject: id,
    sequence: '1',
    data: {
      order_id: id,
      total: 1234,
      currency: 'USD',
      purchase_date: new Date().toISOString(),
      btn_ref: 'fakesrctok-abcdef0123456789',
      line_items: [{ identifier: 'sku-1', total: 1234, quantity: 1 }],
    },
  };
  const body = {
    QueueUrl: queueUrl,
    MessageBody: JSON.stringify(event),
    MessageGroupId: id,
    MessageDeduplicationId: messageDeduplicationId(event),
  };
  const headers = "-H 'content-type: application/x-amz-json-1.0' -H 'x-amz-target: AmazonSQS.SendMessage'";
  return `  curl ${sqsEndpoint} ${headers} -d '${JSON.stringify(body)}'`;
}

function sendWebhookLine(webhookUrl: string, { webhookSecret }: Endpoints): string {
  const now = new Date().toISOString();
  const body = JSON.stringify({
    id: `hook-${Date.now()}`,
    request_id: 'attempt-1',
    event_type: 'tx-pending',
    data: {
      id: 'tx-by-hand',
      button_order_id: 'btnorder-by-hand',
      status: 'pending',
      category: 'new-user-order',
      created_date: now,
      modified_date: now,
      amount: 123,
      currency: 'USD',
      publisher_customer_id: 'me',
    },
  });
  const signature = createHmac('sha256', webhookSecret).update(body).digest('hex');
  return `  curl -i ${webhookUrl} -H 'content-type: application/json' -H 'x-button-signature: ${signature}' -d '${body}'`;
}

function operationsLines(endpoints: Endpoints): string {
  const variables = {
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodbEndpoint,
    AWS_ENDPOINT_URL_SQS: endpoints.sqsEndpoint,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoints.secretsManagerEndpoint,
    AWS_ENDPOINT_URL_EVENTBRIDGE: endpoints.eventBridgeEndpoint,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  };
  const flow = endpoints.webhookUrl === undefined ? 'orders' : 'transactions';
  const assignments = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  return [
    '  npm run ops -- doctor',
    `  export ${assignments.join(' ')}`,
    `  npm run ops -- operations-list ${flow} --outputs-file ${endpoints.outputsFile}`,
  ].join('\n');
}
