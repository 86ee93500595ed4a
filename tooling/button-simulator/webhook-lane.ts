import type { PostResult } from './post-webhook.ts';
import type { TransactionRow } from './transaction-rows.ts';

/** An event for the Publisher. */
export type WebhookEvent = {
  eventType: string;
  /** Events with the same key are sent one after the other. */
  transactionKey: string;
  orderId: string | null;
  data: TransactionRow;
};

/** One try to deliver an event: the response, or how it failed. */
type Attempt = { requestId: string; atMs: number; result: PostResult };

/** One event on its way to one endpoint. */
export type Delivery = WebhookEvent & {
  readonly hookId: string;
  readonly endpoint: string;
  readonly createdMs: number;
  readonly attempts: Attempt[];
  /**
   * `refused` is a 400; `dropped` is given up after three days, or without an endpoint; `lost` is a fault.
   */
  state: 'waiting' | 'acknowledged' | 'refused' | 'dropped' | 'lost';
  /** The time before which it is not sent. */
  dueMs: number;
  /** Sends that follow the acknowledged one. */
  repeats: number;
  /** How many of its attempts do not count for the pause of an endpoint: those before it was resumed. */
  forgivenAttempts: number;
};

/** The events that are sent one after the other: those of one transaction, to one endpoint. */
export type Lane = {
  readonly endpoint: string;
  readonly queue: Delivery[];
  /** Taken out of its order: sent after the next one is delivered. */
  readonly held: Delivery[];
  sending: boolean;
  abandoned: boolean;
  callOff: (() => void) | undefined;
};

/** An empty lane to an endpoint. */
export function newLane(endpoint: string): Lane {
  return { endpoint, queue: [], held: [], sending: false, abandoned: false, callOff: undefined };
}

/** Ends a delivery; those that it had overtaken follow, the last one first. */
export function leave(lane: Lane, delivery: Delivery, state: Delivery['state']): void {
  delivery.state = state;
  lane.queue.splice(lane.queue.indexOf(delivery), 1);
  lane.queue.unshift(...lane.held.splice(0).reverse());
}

/** Sends nothing of the lane until it is started again. */
export function rest(lane: Lane): void {
  lane.callOff?.();
  lane.callOff = undefined;
}

/** Gives up everything that is left in the lane. */
export function abandon(lane: Lane): void {
  rest(lane);
  lane.abandoned = true;
  for (const delivery of [...lane.queue, ...lane.held]) delivery.state = 'dropped';
}
