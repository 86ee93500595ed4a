import { createHmac, randomBytes } from 'node:crypto';

import { readReward, formatAmount } from './amounts.ts';
import { orderMessage, sampleOrder } from './sample-order.ts';
import type { Stage } from './stage.ts';
import { until } from './until.ts';

/** A step of the story. `play` returns what to print, and throws if it failed. */
export type Step = {
  id: string;
  title: string;
  /** Needs the simulator: only there can a webhook be lost, or an order be finalized on request. */
  needsSimulator?: true;
  /** Steps that must succeed before this one can. */
  after?: readonly string[];
  play: (stage: Stage) => Promise<string[]>;
};

/** Button's dates have whole seconds: two changes within one would contradict each other. */
const NEXT_SECOND_MS = 1100;

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

/** The story, with new orders each time. */
export function createStory(): Step[] {
  const run = randomBytes(4).toString('hex');
  const cast = {
    run,
    shopper: `shopper-${run}`,
    kept: sampleOrder(`1994-${run}`),
    cancelled: sampleOrder(`1995-${run}`),
    lost: sampleOrder(`1996-${run}`),
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
        const bad = { ...sampleOrder(`1997-${run}`), total: 6999.5, currency: 'DOLLARS' };
        const messageId = await stage.sendOrder(orderMessage('order.created.v1', 1, bad));
        const reasons = await until('the bad order to be in quarantine', () => stage.quarantined(messageId));
        return reasons.map(({ code, problem }) => `${code}: ${problem}`);
      },
    },
    {
      id: 'forged-webhook-refused',
      title: 'A forged webhook is refused and changes nothing',
      play: async (stage) => {
        const body = JSON.stringify({
          id: 'hook-forged',
          event_type: 'tx-validated',
          data: { id: `tx-forged-${run}` },
        });
        const signature = createHmac('sha256', 'not the secret').update(body).digest('hex');
        const status = await stage.postWebhook(body, signature);
        if (status !== 401) throw new Error(`The forged webhook was answered with ${status} instead of 401`);
        return ['Answered with 401: its signature matches no secret'];
      },
    },
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

function rewardsShown({ shopper }: Cast): Step {
  return {
    id: 'rewards-shown',
    after: ['transaction-validated', 'transaction-declined', 'lost-webhook-repaired'],
    title: "The shopper's rewards, summed from the transactions",
    needsSimulator: true,
    play: async (stage) => {
      const { totals, completeSince } = await until('the totals', async () => {
        const balance = await stage.shopperTotals(shopper);
        const isThere = (it: string): boolean => balance.totals.some(({ status }) => status === it);
        return ['pending', 'validated', 'declined'].every(isThere) ? balance : undefined;
      });
      const label = { pending: 'pending', validated: 'confirmed', declined: 'declined (not paid)' };
      const lines = Object.entries(label).flatMap(([status, name]) =>
        totals
          .filter((total) => total.status === status)
          .map(({ amountMinor, currency }) => `${shopper}: ${formatAmount(amountMinor, currency)} ${name}`),
      );
      return [
        ...lines,
        `Complete since ${completeSince.slice(0, 10)}: personal data that is older has expired`,
      ];
    },
  };
}

const EVENTS_PUBLISHED: Step = {
  id: 'events-published',
  after: ['transaction-adjusted', 'transaction-validated', 'transaction-declined'],
  title: "Every change is an event on the publisher's bus, one for each version",
  needsSimulator: true,
  play: async ({ events }) => {
    if (!events) return ['(events go to the bus; add a rule there to see them)'];
    const expected = ['created', 'adjusted', 'validated', 'declined'].map((name) => `transaction.${name}`);
    const types = await until('the events on the bus', () => {
      const seen = events().map((event) => event['detail-type']);
      return Promise.resolve(expected.every((type) => seen.includes(type)) ? seen : undefined);
    });
    return [types.join(', ')];
  },
};

function userRewarded({ shopper }: Cast): Step {
  return {
    id: 'user-rewarded',
    after: ['transaction-validated', 'lost-webhook-repaired'],
    title: "A consumer of the publisher's own takes the events off its queue and rewards the shopper",
    needsSimulator: true,
    play: async ({ rewardConsumer }) => {
      if (!rewardConsumer) return ['(set transactions.rewardQueue to have a queue for your own consumer)'];
      const rewards = await until('the events on the reward queue', async () => {
        const found = await rewardConsumer.rewardsOf(shopper);
        const isThere = found.some(({ pendingMinor, payableMinor }) => pendingMinor > 0 && payableMinor > 0);
        return isThere ? found : undefined;
      });
      return rewards.map(({ currency, pendingMinor, payableMinor }) => {
        const [payable, pending] = [payableMinor, pendingMinor].map((minor) => formatAmount(minor, currency));
        return `${shopper}: ${payable ?? ''} can be paid out, ${pending ?? ''} is pending`;
      });
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

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, NEXT_SECOND_MS));
}
