import { createHmac } from 'node:crypto';

import { formatAmount } from './amounts.ts';
import type { Step } from './step.ts';
import { until } from './until.ts';

/** A webhook that Button did not sign. `run` distinguishes it from those of other tours. */
export function forgedWebhook(run: string): Step {
  return {
    id: 'forged-webhook-refused',
    needsPublisher: true,
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
  };
}

export function rewardsShown({ shopper }: { shopper: string }): Step {
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

export const EVENTS_PUBLISHED: Step = {
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

export function userRewarded({ shopper }: { shopper: string }): Step {
  return {
    id: 'user-rewarded',
    after: ['transaction-validated', 'lost-webhook-repaired'],
    title: "A consumer of the publisher's own takes the events off its queue and rewards the shopper",
    needsSimulator: true,
    play: async ({ rewardConsumer }) => {
      if (!rewardConsumer)
        return [
          '(transactions.rewardQueue makes a queue for your own consumer; with deliverTo, its events are sent to your URL)',
        ];
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
