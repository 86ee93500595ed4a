import { asJsonObject } from './json/json-object.ts';
import { buildMessageSchemas } from './orders/order-event-schema.ts';
import { buildCheckoutSchema } from './webhooks/checkout-schema.ts';
import { CHECKOUT_EVENT_TYPE } from './webhooks/checkout.ts';
import { buildEventSchemas, TRANSACTION_EVENT_SOURCE } from './webhooks/transaction-changed.ts';

const SUMMARIES: Readonly<Record<string, string>> = {
  'order.created.v1': 'A new order.',
  'order.updated.v1': 'The whole current version of an order.',
  'order.cancelled.v1': 'The cancellation of a whole order.',
  'transaction.created': 'A transaction was seen for the first time, and is pending.',
  'transaction.adjusted': 'A pending transaction has changed.',
  'transaction.validated': 'A transaction is final, and its commission is earned.',
  'transaction.declined': 'A transaction is final, and nothing is earned.',
  'transaction.conflict': 'Versions contradict each other: take any reward back until the next event.',
  'checkout.received': 'A purchase was just made; reward nothing yet.',
};

/**
 * The AsyncAPI 3.0 document of what this system takes in and publishes, from its own view: it receives order
 * messages and sends events. `docs/schemas/asyncapi.json` holds the same.
 *
 * Each payload is the JSON Schema of the message in full, so that the document stands alone. Source: AsyncAPI
 * Specification 3.0.0.
 */
export function buildAsyncApi(): Record<string, unknown> {
  const orders: Record<string, unknown> = buildMessageSchemas();
  const events: Record<string, unknown> = {
    ...buildEventSchemas(),
    [CHECKOUT_EVENT_TYPE]: buildCheckoutSchema(TRANSACTION_EVENT_SOURCE),
  };
  const deliveries = Object.fromEntries(
    Object.keys(events).map((name) => [`${name}.delivery`, delivery(name)]),
  );
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Button Serverless',
      version: '1.0.0',
      description:
        'Orders that a brand reports to Button, and the events about the transactions of a publisher.',
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/json',
    channels: {
      orders: {
        address: '{orderQueue}',
        title: 'The order queue of a brand',
        description:
          'An SQS FIFO queue. One CloudEvent in JSON is one message; docs/order-messages.md says how its group and its deduplication id are made.',
        parameters: { orderQueue: { description: 'The output OrderQueueUrl of the stack of the brand.' } },
        messages: references(orders, '#/components/messages/'),
      },
      events: {
        address: '{eventBus}',
        title: 'The event bus of a publisher',
        description:
          'An EventBridge bus. A consumer gets the events by a rule; functions/event-publisher/README.md says how it counts them.',
        parameters: { eventBus: { description: 'The output EventBusName of the stack Transactions.' } },
        messages: references(events, '#/components/messages/'),
      },
      deliveries: {
        address: '{url}',
        title: 'The URL of a publisher',
        description:
          'Each event by HTTP POST, signed as Standard Webhooks specifies; functions/event-delivery/README.md says how it is tried again.',
        parameters: { url: { description: 'The setting transactions.rewardQueue.deliverTo.url.' } },
        messages: references(deliveries, '#/components/messages/'),
      },
    },
    operations: {
      receiveOrders: operation('receive', 'orders', orders),
      sendEvents: operation('send', 'events', events),
      deliverEvents: operation('send', 'deliveries', deliveries),
    },
    components: {
      messages: {
        ...Object.fromEntries(
          Object.entries({ ...orders, ...events }).map(([name, schema]) => [name, message(name, schema)]),
        ),
        ...deliveries,
      },
    },
  };
}

function references(schemas: Readonly<Record<string, unknown>>, to: string): Record<string, unknown> {
  return Object.fromEntries(Object.keys(schemas).map((name) => [name, { $ref: `${to}${name}` }]));
}

function operation(action: 'send' | 'receive', channel: string, schemas: Readonly<Record<string, unknown>>) {
  const messages = references(schemas, `#/channels/${channel}/messages/`);
  return { action, channel: { $ref: `#/channels/${channel}` }, messages: Object.values(messages) };
}

/** An event as it is delivered to a URL: its detail is that of the event on the bus. */
function delivery(event: string): Record<string, unknown> {
  const text = { type: 'string' };
  return {
    name: `${event}.delivery`,
    title: `${event}, delivered to a URL`,
    summary: SUMMARIES[event],
    contentType: 'application/json',
    headers: {
      type: 'object',
      properties: {
        'webhook-id': { ...text, description: 'The id of the event, the same in every try.' },
        'webhook-timestamp': { ...text, description: 'When it was sent, in seconds since 1970.' },
        'webhook-signature': {
          ...text,
          description:
            'For each signing secret v1, and the HMAC-SHA256 of id.timestamp.body in base64, separated by spaces. The key is what stands in base64 behind whsec_.',
        },
      },
      required: ['webhook-id', 'webhook-timestamp', 'webhook-signature'],
    },
    payload: {
      type: 'object',
      properties: {
        type: { type: 'string', const: event },
        timestamp: { type: 'string', format: 'date-time', description: 'The time of the event.' },
        data: { $ref: `#/components/messages/${event}/payload/properties/detail` },
      },
      required: ['type', 'timestamp', 'data'],
    },
  };
}

/** AsyncAPI's own schema object is a superset of JSON Schema, and names no `$schema`. */
function message(name: string, schema: unknown): Record<string, unknown> {
  const { $schema: _draft, ...payload } = asJsonObject(schema) ?? {};
  return { name, title: name, summary: SUMMARIES[name], contentType: 'application/json', payload };
}
