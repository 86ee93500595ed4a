import { createHmac } from 'node:crypto';

import { WEBHOOK_SECRET } from './environment.ts';

/**
 * A transaction as Button writes it, of an order with two lines: about 1.3 KB, like the documented example.
 */
export function transactionRow(
  index: number,
  changes: Record<string, unknown> = {},
): Record<string, unknown> {
  const line = (identifier: string, total: number, quantity: number) => ({
    identifier,
    total,
    amount: total / quantity,
    quantity,
    publisher_commission: Math.round(total / 20),
    sku: identifier.toUpperCase(),
    gtin: '00042100005264',
    category: 'Apparel',
    subcategory1: 'Men',
    subcategory2: 'T-Shirts',
    description: 'Blue crew-neck T-shirt',
    attributes: { size: 'M' },
  });
  return {
    posting_rule_id: null,
    order_currency: 'USD',
    modified_date: '2026-03-14T15:09:40.512Z',
    created_date: '2026-03-14T15:09:40.512Z',
    order_line_items: [line('tee-blue-m', 4350, 2), line('pant-grey-l', 3000, 1)],
    button_id: 'static',
    campaign_id: 'camp-6e0f2b9d18c7a453',
    rate_card_id: 'ratecard-b7195ce3d04f286a',
    order_id: null,
    customer_order_id: null,
    account_id: 'acc-2f80c6d19be34a75',
    attribution_date: '2026-03-14T14:51:07Z',
    btn_ref: `srctok-8e2b6f01${hex(index)}`,
    currency: 'USD',
    pub_ref: 'campaign-spring-2026',
    status: 'pending',
    event_date: '2026-03-14T15:09:31Z',
    order_total: 7350,
    advertising_id: null,
    publisher_organization: 'org-7c41b0e2a95d3f18',
    commerce_organization: 'org-1d6e83fa50b24c97',
    amount: 368,
    button_order_id: `btnorder-5b1e0d9c${hex(index)}`,
    publisher_customer_id: `user-${index % 5000}`,
    order_purchase_date: '2026-03-14T15:09:26Z',
    id: `tx-0a7d4c92${hex(index)}`,
    order_click_channel: 'app',
    category: 'new-user-order',
    validated_date: null,
    ...changes,
  };
}

function hex(index: number): string {
  return index.toString(16).padStart(8, '0');
}

/** The exact body of a webhook. */
export function webhookBody(data: Record<string, unknown>): string {
  return JSON.stringify({
    id: `hook-${String(data['id'])}-${String(data['modified_date'])}`,
    request_id: 'attempt-c40d7e91a2b86f35',
    event_type: `tx-${String(data['status'])}`,
    data,
  });
}

/** The signature that Button would send with a body. */
export function signatureOf(body: string): string {
  return createHmac('sha256', WEBHOOK_SECRET).update(body).digest('hex');
}

/** A webhook as API Gateway's HTTP API passes it to a function (payload format 2.0). */
export function webhookEvent(data: Record<string, unknown>) {
  const body = webhookBody(data);
  const path = '/webhooks/button';
  return {
    version: '2.0',
    routeKey: `POST ${path}`,
    rawPath: path,
    rawQueryString: '',
    headers: {
      'content-type': 'application/json',
      'user-agent': 'Button/1.0',
      'x-button-signature': signatureOf(body),
    },
    requestContext: {
      accountId: '111122223333',
      apiId: 'api',
      domainName: 'api.execute-api.eu-west-1.amazonaws.com',
      domainPrefix: 'api',
      http: { method: 'POST', path, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'Button/1.0' },
      requestId: 'request',
      routeKey: `POST ${path}`,
      stage: '$default',
      time: '14/Mar/2026:15:09:41 +0000',
      timeEpoch: 1773500981000,
    },
    body,
    isBase64Encoded: false,
  };
}

/** An order of two lines, as a commerce system sends it. */
function orderOf(orderId: string, total: number) {
  const line = (identifier: string, lineTotal: number) => ({
    identifier,
    total: lineTotal,
    quantity: 1,
    sku: identifier,
    upc: '042100005264',
    category: ['Clothes'],
    description: 'T-shirts',
    attributes: { size: 'M' },
  });
  return {
    total,
    currency: 'USD',
    order_id: orderId,
    purchase_date: '2026-07-25T08:23:52Z',
    btn_ref: 'fakesrctok-abcdef0123456789',
    customer: {
      id: 'mycustomer-1234',
      email_sha256: 'a85e9ca18f34935ab9b0381b25bfad2455444112b0149270fd88e3da172fe196',
      is_new: true,
    },
    customer_order_id: `shop-${orderId}`,
    partner_order_channel: 'app',
    line_items: [line('sku-1234', total - 3000), line('sku-4567', 3000)],
  };
}

/** One version of an order: the kind of its event, and its sequence. */
export type OrderVersion = {
  orderId: string;
  kind?: 'created' | 'updated' | 'cancelled';
  sequence?: number;
  /** The message group; by default the order's own. */
  group?: string;
};

let messages = 0;

/** An order message as Lambda passes it from a FIFO queue to a function. */
export function orderRecord({ orderId, kind = 'created', sequence = 1, group = orderId }: OrderVersion) {
  messages += 1;
  const event = {
    specversion: '1.0',
    type: `order.${kind}.v1`,
    id: `event-${orderId}-${sequence}`,
    source: 'https://shop.example.com/orders',
    subject: orderId,
    time: '2026-07-25T08:23:53.123Z',
    sequence: String(sequence),
    datacontenttype: 'application/json',
    ...(kind === 'cancelled' ? {} : { data: orderOf(orderId, 7000 + sequence) }),
  };
  return sqsRecord({ id: `message-${messages}`, body: JSON.stringify(event), group });
}

/** A message of a FIFO queue. */
export function sqsRecord({ id, body, group }: { id: string; body: string; group: string }) {
  return {
    messageId: id,
    receiptHandle: id,
    body,
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: String(Date.now()),
      SenderId: 'AIDAEXAMPLE',
      ApproximateFirstReceiveTimestamp: String(Date.now()),
      SequenceNumber: id,
      MessageGroupId: group,
      MessageDeduplicationId: id,
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:eu-west-1:111122223333:orders.fifo',
    awsRegion: 'eu-west-1',
  };
}
