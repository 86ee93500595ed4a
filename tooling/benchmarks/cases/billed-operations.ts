import {
  COUNTED,
  countOrders,
  countWebhooks,
  type OrderSituation,
  type WebhookSituation,
} from '../counts.ts';
import { ASSUMED, callsToAws, perMillion } from '../duration-model.ts';
import type { Laboratory } from '../laboratory.ts';
import type { Bar, Figure, Measurement } from '../measurement.ts';
import { weighted, type Counted } from '../operations.ts';
import { dollarsOf, type Quantities } from '../prices.ts';
import { namesOf } from '../statistics.ts';

type Both = { ours: Counted; straightforward: Counted };
type Counts = { webhooks: Record<WebhookSituation, Both>; orders: Record<OrderSituation, Both> };

const TWO_MORE_UNITS =
  'the alias, by which a purchase is found by its order and by Button’s id, and the shopper index take a unit each; the straightforward design finds it by neither.';

/** The shares of everyday traffic, in which a repeat is one of a first version, the dearest kind. */
const MIX = { new: 0.6, 'next version': 0.3, repeated: 0.1 } as const;

const mixOf = (webhooks: Counts['webhooks']): Both => {
  const of = (design: keyof Both): Counted =>
    weighted(namesOf(MIX).map((situation) => [webhooks[situation][design], MIX[situation]]));
  return { ours: of('ours'), straightforward: of('straightforward') };
};

/** Orders of one invocation. */
const BATCH = 10;

/**
 * Billed operations per webhook and order, counted by the stand-in (B8), log lines and bytes (B11), and
 * dollars (B12).
 */
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

function describe(counts: Counts): Measurement {
  const { webhooks, orders } = counts;
  const figures: Figure[] = [
    ...Object.entries({ ...webhooks, 'the mix': mixOf(webhooks) }).flatMap(
      ([situation, { ours, straightforward }]) => [
        figureOf(`webhook, ${situation}: ours`, ours, webhookDollars),
        figureOf(`webhook, ${situation}: straightforward`, straightforward, webhookDollars),
      ],
    ),
    ...Object.entries(orders).flatMap(([situation, { ours, straightforward }]) => [
      figureOf(`order, ${situation}: ours`, ours, atOnceDollars),
      figureOf(`order, ${situation}: straightforward`, straightforward, inTurnDollars),
    ]),
  ];
  return {
    id: 'billed-operations',
    title: 'Billed operations, log lines and bytes',
    explanation: `Counted by the stand-in, for one webhook and for one order of a batch of ten, each an order of its own; the shopper index is on, as by default, and takes one write unit. The straightforward design keeps an idempotency record and the whole payload, and reports one order after the other. Dollars are for a million, at list prices (\`tooling/benchmarks/prices.ts\`): the function, the gateway or the queue, DynamoDB and logs, without the gateway's access log; the time that a function waits is the model of docs/costs.md. The mix is 60% new webhooks, 30% next versions and 10% repeats of first versions. A first version is written without a read: that saves every new webhook a call and half a read unit, and costs a repeat of one a write unit instead. So it pays as long as fewer than one in five first versions is a repeat. Every other version is read first.`,
    figures,
    bars: [...unitBars(counts), ...comparisonBars(counts)],
  };
}

/** What one webhook and one order take. */
function unitBars({ webhooks, orders }: Counts): Bar[] {
  return [
    // The item takes two units, its alias one and the shopper index one.
    { claim: 'write units of a new webhook', value: each(webhooks.new.ours.writeUnits), atMost: 4 },
    { claim: 'read units of a new webhook', value: each(webhooks.new.ours.readUnits), atMost: 0 },
    {
      claim: 'write units of a repeated webhook',
      value: each(webhooks.repeated.ours.writeUnits),
      atMost: 1,
      goal: {
        value: 0,
        obstacle:
          'a first version is written without a read, because most are new; a repeat of one costs a refused write. Reading first would cost every new webhook a call.',
      },
    },
    { claim: 'write units of a created order', value: each(orders.created.ours.writeUnits), atMost: 2 },
    { claim: 'read units of a created order', value: each(orders.created.ours.readUnits), atMost: 0 },
    {
      claim: 'calls to Button of a created order',
      value: each(orders.created.ours.buttonCalls),
      atMost: 1,
    },
  ];
}

/** Against the straightforward design. */
function comparisonBars({ webhooks, orders }: Counts): Bar[] {
  return [
    {
      claim: 'write units of a new webhook, ours / straightforward',
      value: webhooks.new.ours.writeUnits / webhooks.new.straightforward.writeUnits,
      atMost: 1,
      goal: {
        value: 0.5,
        obstacle: TWO_MORE_UNITS,
      },
    },
    {
      claim: 'write units of a created order, ours / straightforward',
      value: orders.created.ours.writeUnits / orders.created.straightforward.writeUnits,
      atMost: 0.67,
    },
    {
      claim: '$ of a million new webhooks, ours / straightforward',
      value: webhookDollars(webhooks.new.ours) / webhookDollars(webhooks.new.straightforward),
      atMost: 0.88,
      goal: { value: 0.65, obstacle: TWO_MORE_UNITS },
    },
    {
      claim: '$ of a million webhooks of the mix, ours / straightforward',
      value: webhookDollars(mixOf(webhooks).ours) / webhookDollars(mixOf(webhooks).straightforward),
      // What it was before first versions were written without a read.
      atMost: 0.88,
    },
    {
      claim: '$ of a million created orders, ours / straightforward',
      value: atOnceDollars(orders.created.ours) / inTurnDollars(orders.created.straightforward),
      atMost: 0.5,
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
  ];
}

function each(total: number): number {
  return total / COUNTED;
}

function figureOf(subject: string, counted: Counted, dollars: (counted: Counted) => number): Figure {
  return {
    subject,
    values: {
      'calls to AWS': callsToAws(counted) / COUNTED,
      'read units': counted.readUnits / COUNTED,
      'write units': counted.writeUnits / COUNTED,
      'calls to Button': counted.buttonCalls / COUNTED,
      'log lines': counted.logLines / COUNTED,
      'log bytes': counted.logBytes / COUNTED,
      '$ a million': dollars(counted),
    },
  };
}

function webhookDollars(counted: Counted): number {
  const waitMs = (callsToAws(counted) / COUNTED) * ASSUMED.awsCallMs;
  return dollars(counted, { invocations: COUNTED, waitMs }, { httpApiRequest: 1e6 });
}

/** The orders of a batch side by side: it takes as long as one of them. */
function atOnceDollars(counted: Counted): number {
  return batchDollars(counted, waitOfOne(counted));
}

function inTurnDollars(counted: Counted): number {
  return batchDollars(counted, BATCH * waitOfOne(counted));
}

function waitOfOne(counted: Counted): number {
  return (counted.buttonCalls * ASSUMED.buttonOrderMs + callsToAws(counted) * ASSUMED.awsCallMs) / COUNTED;
}

function batchDollars(counted: Counted, waitMs: number): number {
  // Each order is sent alone, and received and deleted with its batch.
  return dollars(
    counted,
    { invocations: COUNTED / BATCH, waitMs },
    { sqsFifoRequest: 1e6 + (2 * 1e6) / BATCH },
  );
}

function dollars(
  counted: Counted,
  timing: { invocations: number; waitMs: number },
  intake: Quantities,
): number {
  const cpuMs = counted.cpuMs / COUNTED;
  return dollarsOf({ ...perMillion(counted, { items: COUNTED, cpuMs, ...timing }), ...intake }).total;
}
