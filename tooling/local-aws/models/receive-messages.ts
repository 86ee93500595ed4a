import { EventEmitter, once } from 'node:events';
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { queueNameOf } from './sqs-model.ts';
import type { SqsModel } from './sqs-model.ts';
import { ReceivedSchema, toWire } from './sqs-wire.ts';

type ReceiveRequest = {
  QueueUrl: string;
  MaxNumberOfMessages?: number | undefined;
  VisibilityTimeout?: number | undefined;
};

/** Receives messages, and waits for some. */
export type Receiver = {
  /** A message can be received. */
  wake(queue: string): void;
  /**
   * What the queue gives, as soon as it gives something; nothing once the time to wait is over, or the caller
   * has gone.
   *
   * Source:
   * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
   */
  receive(
    model: SqsModel,
    request: ReceiveRequest,
    wait: { waitSeconds: number; signal: AbortSignal },
  ): Promise<object>;
};

/** Nobody waits yet. */
export function createReceiver(): Receiver {
  const arrivals = new EventEmitter({ captureRejections: false }).setMaxListeners(0);

  /** Until a message comes, comes back from being hidden, or `untilMs`. */
  const rest = async (ms: number, queue: string, signal: AbortSignal): Promise<void> => {
    const over = AbortSignal.any([signal, AbortSignal.timeout(Math.max(1, ms))]);
    await once(arrivals, queue, { signal: over }).catch(() => undefined);
  };

  return {
    wake: (queue) => {
      arrivals.emit(queue);
    },
    async receive(model, { QueueUrl, MaxNumberOfMessages, VisibilityTimeout }, { waitSeconds, signal }) {
      const queue = queueNameOf(QueueUrl);
      const request = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages, VisibilityTimeout });
      const untilMs = Date.now() + waitSeconds * 1000;
      for (;;) {
        const { Messages: messages } = ReceivedSchema.parse(model.execute(request));
        if (messages.length > 0) return { Messages: messages.map(toWire) };
        const leftMs = untilMs - Date.now();
        if (leftMs <= 0) return {};
        const nextMs = (model.nextVisibleMs(queue) ?? Infinity) - Date.now();
        await rest(Math.min(leftMs, nextMs), queue, signal);
        if (signal.aborted) return {};
      }
    },
  };
}
