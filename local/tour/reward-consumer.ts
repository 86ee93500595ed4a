import {
  DeleteMessageCommand,
  ReceiveMessageCommand,
  type Message,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import {
  countingEntries,
  creditReward,
  type RewardEntry,
  type TransactionChangedDetail,
} from '@button-serverless/validation/webhooks';
import * as z from 'zod';

/** What a user has coming, in one currency and in minor units. */
export type UserReward = { currency: string; pendingMinor: number; payableMinor: number };

/** A consumer as a publisher writes it, with its ledger in memory. */
export type RewardConsumer = {
  /** Takes what is on the queue; returns the rewards of a user. */
  rewardsOf: (user: string) => Promise<UserReward[]>;
};

const EventSchema = z.object({
  // The schema of the event was checked before it was published.
  detail: z.custom<TransactionChangedDetail>((value) => typeof value === 'object' && value !== null),
});

/** Takes events off the reward queue with the SQS client, and counts them as the package does. */
export function createRewardConsumer({
  sqs,
  queueUrl,
}: {
  sqs: SQSClient;
  queueUrl: string;
}): RewardConsumer {
  const ledger = new Map<string, RewardEntry>();
  const receive = async (): Promise<Message[]> => {
    const { Messages: messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10 }),
    );
    return messages;
  };
  return {
    rewardsOf: async (user) => {
      for (let messages = await receive(); messages.length > 0; messages = await receive()) {
        for (const { Body: body = '', ReceiptHandle } of messages) {
          const { detail } = EventSchema.parse(JSON.parse(body));
          for (const [key, entry] of creditReward(ledger, detail).entries) ledger.set(key, entry);
          await sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }));
        }
      }
      return rewardsIn(countingEntries(ledger).filter((entry) => entry.user === user));
    },
  };
}

function rewardsIn(entries: readonly RewardEntry[]): UserReward[] {
  const rewards = new Map<string, UserReward>();
  for (const { currency, creditMinor, isFinal } of entries) {
    const reward = rewards.get(currency) ?? { currency, pendingMinor: 0, payableMinor: 0 };
    rewards.set(currency, {
      currency,
      pendingMinor: reward.pendingMinor + (isFinal ? 0 : creditMinor),
      payableMinor: reward.payableMinor + (isFinal ? creditMinor : 0),
    });
  }
  return [...rewards.values()];
}
