import { randomBytes } from 'node:crypto';

import { readReward } from './amounts.ts';
import { EVENTS_PUBLISHED, forgedWebhook, rewardsShown, userRewarded } from './publisher-steps.ts';
import type { Stage } from './stage.ts';
import { pause, type Step } from './step.ts';
import { until } from './until.ts';

/** One purchase: Button's order, and who bought. */
type Purchase = { button_order_id: string; publisher_customer_id: string; currency: 'USD' };

/** The story of a publisher without a brand of its own, with new purchases each time. */
export function createPublisherStory(): Step[] {
  const run = randomBytes(4).toString('hex');
  const shopper = `shopper-${run}`;
  const purchase = (name: string): Purchase => ({
    button_order_id: `btnorder-${name}-${run}`,
    publisher_customer_id: shopper,
    currency: 'USD',
  });
  return [
    ...keptPurchase(purchase('kept')),
    declinedPurchase(purchase('declined')),
    forgedWebhook(run),
    lostWebhook(purchase('lost')),
    rewardsShown({ shopper }),
    EVENTS_PUBLISHED,
    userRewarded({ shopper }),
  ];
}

function keptPurchase(purchase: Purchase): Step[] {
  return [
    {
      id: 'transaction-pending',
      title: 'A shopper buys; Button sends a signed webhook: a pending transaction',
      needsSimulator: true,
      play: (stage) => change(stage, purchase, { status: 'pending', amount: 700 }),
    },
    {
      id: 'transaction-adjusted',
      after: ['transaction-pending'],
      title: 'The shopper returns a part: the transaction follows, with less commission',
      needsSimulator: true,
      play: (stage) => change(stage, purchase, { status: 'pending', amount: 400 }),
    },
    {
      id: 'transaction-validated',
      after: ['transaction-adjusted'],
      title: 'The time for returns is over: the transaction is validated, which is final',
      needsSimulator: true,
      play: (stage) => change(stage, purchase, { status: 'validated', amount: 400 }),
    },
  ];
}

function declinedPurchase(purchase: Purchase): Step {
  return {
    id: 'transaction-declined',
    title: 'Another purchase is cancelled: its transaction is declined',
    needsSimulator: true,
    play: async (stage) => {
      await change(stage, purchase, { status: 'pending', amount: 300 });
      return change(stage, purchase, { status: 'declined', amount: 300 });
    },
  };
}

function lostWebhook(purchase: Purchase): Step {
  return {
    id: 'lost-webhook-repaired',
    title: 'Button "loses" a webhook; the reconciler finds the transaction in the Transactions API',
    needsSimulator: true,
    play: async (stage) => {
      const id = purchase.button_order_id;
      await stage.simulator?.injectTransaction({
        ...purchase,
        status: 'pending',
        amount: 250,
        webhook: false,
      });
      const record = await until('the reconciler to find the transaction', async () => {
        await stage.reconcile();
        return stage.transaction(id);
      });
      return [`${id}: no webhook arrived; found and stored as ${readReward(record)}`];
    },
  };
}

/** Changes the transaction at Button, and waits until its webhook has changed the table. */
async function change(
  stage: Stage,
  purchase: Purchase,
  { status, amount }: { status: string; amount: number },
): Promise<string[]> {
  const id = purchase.button_order_id;
  await pause();
  await stage.simulator?.injectTransaction({ ...purchase, status, amount });
  const record = await until(`the transaction of ${id} to be ${status}`, async () => {
    const known = await stage.transaction(id);
    const isThere = known?.candidates.every(
      ({ transaction: it }) => it.status === status && it.amountMinor === amount,
    );
    return isThere === true ? known : undefined;
  });
  return [`${id}: ${readReward(record)}`];
}
