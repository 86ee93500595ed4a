import { reportOrder, type ReportOutcome } from '../../../functions/order-reporter/report-order.ts';
import type { OrderApi, OrderApiAnswer } from '../../../shared/button/order-api.ts';
import type { OrderEventSettings } from '../../../shared/validation/orders/order-event.ts';
import type { Order } from '../../../shared/validation/orders/order.ts';
import { createOrderSender, type OrderEventToSend } from '../../../shared/order-sender/order-sender.ts';
import type { SendResult } from '../../../shared/order-sender/send-result.ts';
import { CLOSED_BREAKER } from '../../fakes/closed-breaker.ts';
import {
  createInMemoryLedger,
  createInMemoryQuarantine,
  type InMemoryLedger,
} from '../../fakes/in-memory-stores.ts';
import { createFakeQueue, FAKE_QUEUE_URL } from '../../shared/order-sender/fake-queue.ts';

/** A shop with the client, the queue, the reporter of its brand, and a Button that accepts everything. */
export type ShopToButton = {
  /** The client's result, and the reporter's outcome for each message on the queue since the last call. */
  send: (event: OrderEventToSend) => Promise<{ result: SendResult; outcomes: ReportOutcome[] }>;
  /** Reports a message that was not written by the client. */
  report: (body: string) => Promise<ReportOutcome>;
  /** The orders that Button received, and `cancelled` for each cancellation. */
  sent: (Order | 'cancelled')[];
  /** The codes of the refusals in quarantine. */
  refusals: () => string[];
  ledger: InMemoryLedger;
  clock: { now: Date };
};

const ALLOWS_TEST_TOKENS: OrderEventSettings = {
  orderBy: 'sequence',
  testTokens: 'allow',
  allowFinalizationDate: false,
};

/** `ofClient` are the client's settings. By default they are the brand's, as they should be. */
export function createShopToButton(
  settings: OrderEventSettings = ALLOWS_TEST_TOKENS,
  ofClient: OrderEventSettings = settings,
): ShopToButton {
  const queue = createFakeQueue();
  const ledger = createInMemoryLedger();
  const quarantine = createInMemoryQuarantine();
  const clock = { now: new Date('2026-06-01T12:00:00.000Z') };
  const sent: ShopToButton['sent'] = [];
  let ids = 0;
  const source = 'https://shop.example/orders';
  const client = createOrderSender({
    client: queue.client,
    queueUrl: FAKE_QUEUE_URL,
    source,
    brandSettings: ofClient,
  });
  const take = (order: Order | 'cancelled') => {
    sent.push(order);
    return Promise.resolve<OrderApiAnswer>({ answer: 'done', acceptedOnly: false });
  };
  const orderApi: OrderApi = {
    create: take,
    update: (_id, order) => take(order),
    cancel: () => take('cancelled'),
    get: () => Promise.resolve({ answer: 'not-found' }),
    getByToken: () => Promise.resolve({ answer: 'not-found' }),
  };
  const report = (body: string) =>
    reportOrder(
      { messageId: `message-${(ids += 1)}`, body, sentAt: clock.now },
      {
        ...{ brand: 'acme', settings, ledger, quarantine, orderApi },
        policy: { quietTimeMs: 60_000, retryBaseMs: 1000, retryMaxMs: 900_000, jitter: () => 1 },
        breaker: CLOSED_BREAKER,
        metrics: { add: () => undefined },
        now: () => clock.now,
        claimant: () => ({ owner: `run-${ids}`, leaseMs: 30_000 }),
      },
    );
  return {
    async send(event) {
      const [result] = await client.sendOrderEvents([event]);
      if (!result) throw new Error('the client said nothing');
      const outcomes: ReportOutcome[] = [];
      for (const { body } of queue.taken.splice(0)) outcomes.push(await report(body));
      return { result, outcomes };
    },
    report,
    sent,
    refusals: () =>
      [...quarantine.entries.values()].flatMap(({ reasons }) => reasons.map(({ code }) => code)),
    ledger,
    clock,
  };
}
