import * as z from 'zod';
import type { Clock } from './clock.ts';
import type { FaultRules } from './fault-rules.ts';
import type { NewId } from './ids.ts';
import type { PostResult, WebhookPoster } from './post-webhook.ts';
import {
  abandon,
  leave,
  newLane,
  rest,
  type Delivery,
  type Lane,
  type WebhookEvent,
} from './webhook-lane.ts';
import { isTooUnreliable, nextAttemptMs } from './webhook-schedule.ts';
import type { World } from './world.ts';
import { toWireJson } from './wire-json.ts';

/** A webhook as a Publisher sets it up in Button's Dashboard. */
export const WebhookSchema = z.strictObject({
  name: z.string().min(1),
  url: z.url({ protocol: /^https?$/ }),
  secret: z.string().min(1),
});
export type Webhook = z.infer<typeof WebhookSchema>;

/** A webhook and whether Button has paused it. */
export type WebhookEndpoint = Webhook & { paused: boolean };

export type WebhookDispatcherOptions = {
  clock: Clock;
  newId: NewId;
  world: Readonly<World>;
  faults: FaultRules;
  poster: Pick<WebhookPoster, 'post'>;
};

/**
 * Button's delivery of webhooks (docs/button/webhooks.md): signed, at least once, in order for each
 * transaction, retried for three days, and paused automatically for an endpoint that fails too often.
 */
export class WebhookDispatcher {
  readonly #options: WebhookDispatcherOptions;
  readonly #endpoints = new Map<string, WebhookEndpoint>();
  readonly #lanes = new Map<string, Lane>();
  #deliveries: Delivery[] = [];

  constructor(options: WebhookDispatcherOptions) {
    this.#options = options;
  }

  /**
   * Replaces the webhooks. Those that keep their name keep what is in progress and whether they are paused.
   */
  setWebhooks(webhooks: readonly Webhook[]): void {
    const known = new Map(this.#endpoints);
    this.#endpoints.clear();
    for (const webhook of webhooks) {
      const paused = known.get(webhook.name)?.paused ?? false;
      this.#endpoints.set(webhook.name, { ...webhook, paused });
    }
    for (const lane of this.#lanes.values()) if (!this.#endpoints.has(lane.endpoint)) abandon(lane);
  }

  endpoints(): WebhookEndpoint[] {
    return [...this.#endpoints.values()].map((endpoint) => ({ ...endpoint }));
  }

  /** Every event for every endpoint, oldest first. */
  deliveries(): readonly Readonly<Delivery>[] {
    return this.#deliveries;
  }

  /** Sends an event to every endpoint, each under a separate id. */
  publish(event: WebhookEvent): void {
    for (const endpoint of this.#endpoints.keys()) this.#take(event, endpoint);
  }

  /** Collects events from now on instead of sending them. False if there is no such endpoint. */
  pause(name: string): boolean {
    const endpoint = this.#endpoints.get(name);
    if (endpoint === undefined) return false;
    endpoint.paused = true;
    for (const lane of this.#lanesOf(name)) rest(lane);
    return true;
  }

  /**
   * Sends the collected events at once. Failures before do not count any more. False if there is no such
   * endpoint.
   */
  resume(name: string): boolean {
    const endpoint = this.#endpoints.get(name);
    if (endpoint === undefined) return false;
    const nowMs = this.#options.clock.now();
    endpoint.paused = false;
    for (const delivery of this.#deliveriesTo(name)) delivery.forgivenAttempts = delivery.attempts.length;
    for (const lane of this.#lanesOf(name)) {
      const head = lane.queue[0];
      if (head !== undefined) head.dueMs = Math.min(head.dueMs, nowMs);
      this.#wake(lane);
    }
    return true;
  }

  /** Forgets every event; the endpoints stay, none of them paused. */
  clear(): void {
    for (const lane of this.#lanes.values()) abandon(lane);
    this.#lanes.clear();
    this.#deliveries = [];
    for (const endpoint of this.#endpoints.values()) endpoint.paused = false;
  }

  #take(event: WebhookEvent, endpoint: string): void {
    const nowMs = this.#options.clock.now();
    const effect = this.#options.faults.takeForWebhook({ ...event, endpoint })?.effect;
    const delivery: Delivery = {
      ...event,
      hookId: this.#options.newId('hook'),
      endpoint,
      createdMs: nowMs,
      attempts: [],
      state: effect === 'lose' ? 'lost' : 'waiting',
      dueMs: nowMs + (typeof effect === 'object' ? effect.delayMs : 0),
      repeats: effect === 'duplicate' ? 1 : 0,
      forgivenAttempts: 0,
    };
    this.#deliveries.push(delivery);
    if (effect === 'lose') return;
    const lane = this.#laneOf(delivery);
    if (effect === 'reorder') lane.held.push(delivery);
    else lane.queue.push(delivery);
    this.#wake(lane);
  }

  #laneOf({ endpoint, transactionKey }: Delivery): Lane {
    const perEndpoint = this.#options.world.webhookOrdering === 'per-endpoint';
    const key = perEndpoint ? endpoint : `${endpoint}\n${transactionKey}`;
    const known = this.#lanes.get(key);
    if (known !== undefined && !known.abandoned) return known;
    const lane = newLane(endpoint);
    this.#lanes.set(key, lane);
    return lane;
  }

  #lanesOf(endpoint: string): Lane[] {
    return [...this.#lanes.values()].filter((lane) => lane.endpoint === endpoint);
  }

  /** Makes sure that the first event of the lane is sent when it is due. */
  #wake(lane: Lane): void {
    rest(lane);
    const head = lane.queue[0];
    const endpoint = this.#endpoints.get(lane.endpoint);
    if (head === undefined || endpoint === undefined || endpoint.paused || lane.sending || lane.abandoned)
      return;
    const { clock } = this.#options;
    lane.callOff = clock.at(head.dueMs, () => {
      const current = this.#endpoints.get(lane.endpoint);
      if (current !== undefined) clock.track(this.#send(lane, head, current));
    });
  }

  async #send(lane: Lane, delivery: Delivery, { url, secret }: Webhook): Promise<void> {
    const { clock, newId, poster } = this.#options;
    const requestId = newId('attempt');
    const atMs = clock.now();
    lane.sending = true;
    const result = await poster.post(url, envelope(delivery, requestId), secret);
    lane.sending = false;
    delivery.attempts.push({ requestId, atMs, result });
    if (lane.abandoned) return;
    this.#settle(lane, delivery, result);
    this.#wake(lane);
  }

  #settle(lane: Lane, delivery: Delivery, result: PostResult): void {
    const acknowledged = isAcknowledged(result);
    if (acknowledged && delivery.repeats > 0) {
      delivery.repeats -= 1;
      return;
    }
    if (acknowledged) leave(lane, delivery, 'acknowledged');
    else if (isRefused(result)) leave(lane, delivery, 'refused');
    else this.#tryAgainLater(lane, delivery);
    if (this.#isFailure(result)) this.#pauseIfUnreliable(lane.endpoint);
  }

  #tryAgainLater(lane: Lane, delivery: Delivery): void {
    const nextMs = nextAttemptMs(delivery.attempts.map((attempt) => attempt.atMs));
    if (nextMs === undefined) leave(lane, delivery, 'dropped');
    else delivery.dueMs = nextMs;
  }

  #pauseIfUnreliable(name: string): void {
    const outcomes = this.#deliveriesTo(name).map(({ createdMs, attempts, forgivenAttempts }) => {
      const counted = attempts.slice(forgivenAttempts);
      const failed = counted.some((attempt) => this.#isFailure(attempt.result));
      return { createdMs, attempted: counted.length > 0, failed };
    });
    if (isTooUnreliable(outcomes, this.#options.clock.now())) this.pause(name);
  }

  #deliveriesTo(endpoint: string): Delivery[] {
    return this.#deliveries.filter((delivery) => delivery.endpoint === endpoint);
  }

  #isFailure(result: PostResult): boolean {
    if ('status' in result && result.status === 202) return this.#options.world.webhook202 === 'failure';
    return !isAcknowledged(result);
  }
}

function envelope(delivery: Delivery, requestId: string): Buffer {
  const { hookId, eventType, data } = delivery;
  return Buffer.from(toWireJson({ id: hookId, request_id: requestId, event_type: eventType, data }));
}

function isAcknowledged(result: PostResult): boolean {
  return 'status' in result && result.status >= 200 && result.status < 300;
}

function isRefused(result: PostResult): boolean {
  return 'status' in result && result.status === 400;
}
