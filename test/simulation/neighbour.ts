import { SendMessageCommand } from '@aws-sdk/client-sqs';

import { FaultRules } from '../../tooling/button-simulator/fault-rules.ts';
import type { Order } from '../../tooling/button-simulator/order-book.ts';
import { RequestLog } from '../../tooling/button-simulator/request-log.ts';
import type { BrandConfig } from '../../infra/order-reporting-config.ts';
import { QueuePoller } from './event-sources.ts';
import { createFunctions, type Functions, type FunctionsGround } from './functions.ts';
import type { Ground } from './lambda-model.ts';
import { orderMessage } from './messages.ts';
import { QUEUES, SECRETS, TABLES, urlOf } from './resources.ts';
import { SqsModel, type QueueSettings } from '../../tooling/local-aws/models/sqs-model.ts';
import { calmWeather } from './weather.ts';

/** The second brand's key and organization at Button. */
export const NEIGHBOUR = {
  id: 'bravo',
  apiKey: 'sk-bravo',
  organization: { id: 'org-bravo', name: 'Bravo' },
} as const;

/**
 * A second brand of the same stage, with its own queue, key, reporter and sweep over the same tables. It has
 * no faults of its own, so that any failure here comes from the other brand.
 */
export class Neighbour {
  readonly #ground: FunctionsGround;
  readonly #functions: Functions;
  readonly #sqs: SqsModel;

  constructor({
    seed,
    ground,
    brand,
    queues,
    lambda,
  }: {
    seed: number | string;
    ground: FunctionsGround;
    brand: BrandConfig;
    queues: readonly QueueSettings[];
    lambda: Ground;
  }) {
    const weather = calmWeather(`${seed} ${brand.id}`);
    const { exchange } = ground;
    const { clock } = lambda;
    this.#sqs = new SqsModel(queues, {
      now: () => clock.now(),
      weather: { random: weather.random, duplicates: () => 0 },
      onArrival: () => {
        poller.wake();
      },
    });
    this.#ground = {
      ...ground,
      brand,
      sqs: this.#sqs,
      secrets: new Map([[SECRETS.brandApiKey, NEIGHBOUR.apiKey]]),
      exchange: { ...exchange, faults: new FaultRules(), log: new RequestLog() },
      verifyBefore: () => undefined,
      random: () => weather.random.next(),
    };
    this.#functions = createFunctions(this.#ground, { ...lambda, weather, onMessageDone: () => undefined });
    const { batchSize, maxConcurrency } = brand;
    const poller = new QueuePoller(
      { queue: QUEUES.orders, target: this.#functions['order-reporter'], batchSize, maxConcurrency },
      { clock, weather, sqs: this.#sqs },
    );
  }

  /** Its shop reports a version of an order without a token, so that no publisher is involved. */
  send(orderId: string, { sequence, total }: { sequence: number; total: number }): void {
    const kind = sequence === 1 ? 'created' : 'updated';
    const message = orderMessage({ orderId, sequence, kind, total });
    const body = message.body.replace(/"btn_ref":"[^"]*",/, '');
    this.#sqs.execute(
      new SendMessageCommand({
        QueueUrl: urlOf(QUEUES.orders),
        MessageBody: body,
        MessageGroupId: orderId,
        MessageDeduplicationId: message.eventId,
      }),
    );
  }

  /** Runs its sweep. */
  sweep(): void {
    this.#functions['retry-sweep'].invokeAsync({});
  }

  /** Its orders at Button. */
  ordersAtButton(): Order[] {
    return this.#ground.exchange.api.orders
      .all()
      .filter(({ brandId }) => brandId === NEIGHBOUR.organization.id);
  }

  /** Whether its queues are empty. */
  isAtRest(): boolean {
    return this.#sqs.isEmpty(QUEUES.orders) && this.#sqs.isEmpty(QUEUES.orderDeadLetters);
  }

  /** Whether any of its messages is in quarantine. */
  hasRefusals(): boolean {
    return this.#ground.dynamodb
      .items(TABLES.orderQuarantine)
      .some(({ kind }) => kind?.S === `order#${this.#ground.brand.id}`);
  }
}
