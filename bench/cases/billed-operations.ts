import {
  COUNTED,
  countOrders,
  countWebhooks,
  type OrderSituation,
  type WebhookSituation,
} from '../counts.ts';
import type { Laboratory } from '../laboratory.ts';
import type { Figure, Measurement } from '../measurement.ts';
import type { Counted } from '../operations.ts';

type Both = { ours: Counted; straightforward: Counted };
type Counts = { webhooks: Record<WebhookSituation, Both>; orders: Record<OrderSituation, Both> };

/** Billed operations per webhook and order, counted by the stand-in (B8), and log lines and bytes (B11). */
export async function measureBilledOperations(laboratory: Laboratory): Promise<Measurement> {
  const { bundles } = laboratory;
  const webhooks = async (situation: WebhookSituation): Promise<Both> => ({
    ours: await countWebhooks(laboratory, bundles.ours('webhook-receiver').entry, situation),
    straightforward: await countWebhooks(laboratory, bundles.peer('webhook-everything').entry, situation),
  });
  const orders = async (situation: OrderSituation): Promise<Both> => ({
    ours: await countOrders(laboratory, bundles.ours('order-reporter').entry, { situation }),
    straightforward: await countOrders(laboratory, bundles.peer('orders-straightforward').entry, {
      situation,
    }),
  });
  return describe({
    webhooks: {
      new: await webhooks('new'),
      repeated: await webhooks('repeated'),
      'next version': await webhooks('next version'),
      'older version': await webhooks('older version'),
    },
    orders: {
      created: await orders('created'),
      updated: await orders('updated'),
      cancelled: await orders('cancelled'),
      repeated: await orders('repeated'),
    },
  });
}

function describe({ webhooks, orders }: Counts): Measurement {
  const figures: Figure[] = [
    ...Object.entries(webhooks).flatMap(([situation, counted]) =>
      figuresOf(`webhook, ${situation}`, counted),
    ),
    ...Object.entries(orders).flatMap(([situation, counted]) => figuresOf(`order, ${situation}`, counted)),
  ];
  const each = (total: number): number => total / COUNTED;
  return {
    id: 'billed-operations',
    title: 'Billed operations, log lines and bytes',
    explanation: `Counted by the stand-in, for one webhook and for one order of a batch of ten, each an order of its own; the shopper index is on, as by default, and takes one write unit. The straightforward design keeps an idempotency record and the whole payload.`,
    figures,
    bars: [
      // With the shopper index; without it one unit.
      { claim: 'write units of a new webhook', value: each(webhooks.new.ours.writeUnits), atMost: 2 },
      { claim: 'read units of a new webhook', value: each(webhooks.new.ours.readUnits), atMost: 0.5 },
      {
        claim: 'write units of a repeated webhook',
        value: each(webhooks.repeated.ours.writeUnits),
        atMost: 0,
      },
      { claim: 'write units of a created order', value: each(orders.created.ours.writeUnits), atMost: 2 },
      { claim: 'read units of a created order', value: each(orders.created.ours.readUnits), atMost: 0 },
      {
        claim: 'calls to Button of a created order',
        value: each(orders.created.ours.buttonCalls),
        atMost: 1,
      },
      {
        claim: 'write units of a new webhook, ours / straightforward',
        value: webhooks.new.ours.writeUnits / webhooks.new.straightforward.writeUnits,
        atMost: 0.5,
      },
      {
        claim: 'write units of a created order, ours / straightforward',
        value: orders.created.ours.writeUnits / orders.created.straightforward.writeUnits,
        atMost: 0.67,
      },
      { claim: 'log bytes of a new webhook', value: each(webhooks.new.ours.logBytes), atMost: 450 },
      {
        claim: 'log bytes of a new webhook, ours / straightforward',
        value: webhooks.new.ours.logBytes / webhooks.new.straightforward.logBytes,
        atMost: 0.35,
      },
      {
        claim: 'log bytes of a batch of created orders, ours / straightforward',
        value: orders.created.ours.logBytes / orders.created.straightforward.logBytes,
        atMost: 0.25,
      },
    ],
  };
}

function figuresOf(subject: string, counted: Both): Figure[] {
  const valuesOf = ({ readUnits, writeUnits, calls, buttonCalls, logLines, logBytes }: Counted) => ({
    'calls to AWS': Object.values(calls).reduce((sum, number) => sum + number, 0) / COUNTED,
    'read units': readUnits / COUNTED,
    'write units': writeUnits / COUNTED,
    'calls to Button': buttonCalls / COUNTED,
    'log lines': logLines / COUNTED,
    'log bytes': logBytes / COUNTED,
  });
  return [
    { subject: `${subject}: ours`, values: valuesOf(counted.ours) },
    { subject: `${subject}: straightforward`, values: valuesOf(counted.straightforward) },
  ];
}
