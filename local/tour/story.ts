import { randomBytes } from 'node:crypto';

import { readReward, formatAmount } from './amounts.ts';
import { EVENTS_PUBLISHED, forgedWebhook, rewardsShown, userRewarded } from './publisher-steps.ts';
import { createPublisherStory } from './publisher-story.ts';
import { orderMessage, sampleOrder } from './sample-order.ts';
import type { Stage, TokenPrefix } from './stage.ts';
import { pause, type Step } from './step.ts';
import { until } from './until.ts';

type SampleOrder = ReturnType<typeof sampleOrder>;

/** The people and orders of one story. */
type Cast = {
  /** Distinguishes this story's ids from those of another. */
  run: string;
  shopper: string;
  /** The orders: one that is adjusted and validated, one that is cancelled, and one whose webhook is lost. */
  kept: SampleOrder;
  cancelled: SampleOrder;
  lost: SampleOrder;
};

/** The story of the flows that are deployed, with new orders each time. */
export function createStory({ flows, tokenPrefix }: Pick<Stage, 'flows' | 'tokenPrefix'>): Step[] {
  if (!flows.orders) return createPublisherStory();
  const story = createWholeStory(tokenPrefix);
  // What only the simulator can do in this story shows on the publisher's side.
  return flows.transactions ? story : story.filter((step) => !step.needsSimulator && !step.needsPublisher);
}

function createWholeStory(tokenPrefix: TokenPrefix): Step[] {
  const run = randomBytes(4).toString('hex');
  const cast = {
    run,
    shopper: `shopper-${run}`,
    kept: sampleOrder(`1994-${run}`, tokenPrefix),
    cancelled: sampleOrder(`1995-${run}`, tokenPrefix),
    lost: sampleOrder(`1996-${run}`, tokenPrefix),
  };
  return [
    ...keptOrder(cast),
    ...cancelledOrder(cast),
    ...refusals(cast),
    lostWebhook(cast),
    rewardsShown(cast),
    EVENTS_PUBLISHED,
    userRewarded(cast),
  ];
}

function keptOrder({ shopper, kept, cancelled, lost }: Cast): Step[] {
  const [shirts] = kept.line_items;
  const adjusted = { ...kept, total: shirts?.total ?? 0, line_items: shirts ? [shirts] : [] };
  return [
    {
      id: 'order-reported',
      title: "A commerce system puts an order on the queue; the system reports it to Button's Order API",
      play: async (stage) => {
        for (const { btn_ref: btnRef } of [kept, cancelled, lost])
          await stage.simulator?.setShopper(btnRef, shopper);
        await stage.sendOrder(orderMessage('order.created.v1', 1, kept));
        const entry = await untilReported(stage, kept.order_id, 1);
        const buttonOrderId = entry.reported?.buttonOrderId;
        return [
          `Order ${kept.order_id}: ${formatAmount(kept.total, 'USD')} in ${kept.line_items.length} lines`,
          `Button knows it as ${buttonOrderId ?? 'accepted, without an id yet'}`,
        ];
      },
    },
    {
      id: 'transaction-pending',
      after: ['order-reported'],
      title: 'Button sends the publisher a signed webhook: a pending transaction',
      needsSimulator: true,
      play: async (stage) => [await untilTransaction(stage, kept.order_id, { status: 'pending' })],
    },
    {
      id: 'order-adjusted',
      after: ['order-reported'],
      title: 'The shopper returns one line: the order is updated',
      play: async (stage) => {
        await pause();
        await stage.sendOrder(orderMessage('order.updated.v1', 2, adjusted));
        await untilReported(stage, kept.order_id, 2);
        return [`Now ${formatAmount(adjusted.total, 'USD')} in ${adjusted.line_items.length} line`];
      },
    },
    {
      id: 'transaction-adjusted',
      after: ['transaction-pending', 'order-adjusted'],
      title: 'The transaction follows, still pending, with less commission',
      needsSimulator: true,
      play: async (stage) => [
        await untilTransaction(stage, kept.order_id, { status: 'pending', changes: 2 }),
      ],
    },
    {
      id: 'transaction-validated',
      after: ['transaction-pending'],
      title: 'The time for returns is over: the transaction is validated, which is final',
      needsSimulator: true,
      play: async (stage) => {
        await pause();
        await stage.simulator?.finalize(kept.order_id);
        return [await untilTransaction(stage, kept.order_id, { status: 'validated' })];
      },
    },
  ];
}

function cancelledOrder({ cancelled }: Cast): Step[] {
  return [
    {
      id: 'order-cancelled',
      title: 'Another order is reported, then cancelled as a whole',
      play: async (stage) => {
        await stage.sendOrder(orderMessage('order.created.v1', 1, cancelled));
        await untilReported(stage, cancelled.order_id, 1);
        await pause();
        await stage.sendOrder(orderMessage('order.cancelled.v1', 2, cancelled));
        await untilReported(stage, cancelled.order_id, 2);
        return [`Order ${cancelled.order_id}: Button has deleted it, and nothing is sent for it any more`];
      },
    },
    {
      id: 'transaction-declined',
      after: ['order-cancelled'],
      title: 'Its transaction is declined',
      needsSimulator: true,
      play: async (stage) => [await untilTransaction(stage, cancelled.order_id, { status: 'declined' })],
    },
  ];
}

function refusals({ run }: Cast): Step[] {
  return [
    {
      id: 'bad-order-refused',
      title: 'A bad order is refused before it reaches Button, with every reason at once',
      play: async (stage) => {
        const bad = { ...sampleOrder(`1997-${run}`, stage.tokenPrefix), total: 6999.5, currency: 'DOLLARS' };
        const messageId = await stage.sendOrder(orderMessage('order.created.v1', 1, bad));
        const reasons = await until('the bad order to be in quarantine', () => stage.quarantined(messageId));
        return reasons.map(({ code, problem }) => `${code}: ${problem}`);
      },
    },
    forgedWebhook(run),
  ];
}

function lostWebhook({ lost }: Cast): Step {
  return {
    id: 'lost-webhook-repaired',
    title: 'Button "loses" a webhook; the reconciler finds the transaction in the Transactions API',
    needsSimulator: true,
    play: async (stage) => {
      await stage.simulator?.loseNextWebhook(lost.order_id);
      await stage.sendOrder(orderMessage('order.created.v1', 1, lost));
      const { reported } = await untilReported(stage, lost.order_id, 1);
      const buttonOrderId = reported?.buttonOrderId ?? '';
      if (await stage.transaction(buttonOrderId)) throw new Error('The webhook was not lost');
      const record = await until('the reconciler to find the transaction', async () => {
        await stage.reconcile();
        return stage.transaction(buttonOrderId);
      });
      return [`${buttonOrderId}: no webhook arrived; found and stored as ${readReward(record)}`];
    },
  };
}

/**
 * Waits until the ledger says that Button holds this version. Throws at once if the ledger says that it never
 * will.
 */
function untilReported(stage: Stage, orderId: string, sequence: number) {
  let current = 'the ledger does not know it';
  return until(
    () => `order ${orderId} to be reported (${current})`,
    async () => {
      const entry = await stage.ledgerEntry(orderId);
      if (!entry) return undefined;
      const { progress, reported } = entry;
      current = 'reason' in progress ? `${progress.state}: ${progress.reason}` : progress.state;
      if (progress.state === 'refused') throw new Error(`Order ${orderId} was not reported (${current})`);
      const version = reported?.version;
      return version?.by === 'sequence' && version.sequence === String(sequence) ? entry : undefined;
    },
  );
}

async function untilTransaction(
  stage: Stage,
  orderId: string,
  { status, changes = 1 }: { status: string; changes?: number },
): Promise<string> {
  const entry = await stage.ledgerEntry(orderId);
  const buttonOrderId = entry?.reported?.buttonOrderId ?? '';
  const record = await until(`the transaction of order ${orderId} to be ${status}`, async () => {
    const known = await stage.transaction(buttonOrderId);
    const isThere =
      known &&
      known.changes >= changes &&
      known.candidates.every(({ transaction: it }) => it.status === status);
    return isThere ? known : undefined;
  });
  return `${buttonOrderId}: ${readReward(record)}`;
}
