import { createHmac } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import type { OrderMessage, Stage } from '../tour/stage.ts';
import { orderMessage, sampleOrder, type SampleOrder } from '../tour/sample-order.ts';
import type { SimulatorControl } from '../tour/simulator-control.ts';
import { until } from '../tour/until.ts';
import type { Phase } from '@button-serverless/dashboards';

/** What the traffic needs. */
export type TrafficStage = Pick<
  Stage,
  'sendOrder' | 'ledgerEntry' | 'quarantined' | 'postWebhook' | 'reconcile'
> & {
  simulator: SimulatorControl;
  webhook: { url: string; secret: string };
};

/** How much to play. */
export type TrafficOptions = {
  /** Without the outage of Button, which takes more than a minute. */
  quick: boolean;
  print: (line: string) => void;
};

/** The time between two orders of the background traffic. */
const ORDER_INTERVAL_MS = 900;

/** The breaker lets one order be tried a minute after it has opened, and the next sweep has to run. */
const RECOVERY_LIMIT_MS = 100_000;

/** One party's order, and what has been sent of it. */
type Sent = { order: SampleOrder; sequence: number };

/**
 * Plays orders, webhooks and faults of all kinds on a running system, one after the other above a steady flow
 * of orders, and returns when each was played. Throws if the system fails: every valid order must be reported
 * in the end.
 */
export async function playTraffic(stage: TrafficStage, options: TrafficOptions): Promise<Phase[]> {
  const phases: Phase[] = [];
  const sent: Sent[] = [];
  const play = async (title: string, act: () => Promise<void>): Promise<void> => {
    options.print(title);
    const fromMs = Date.now();
    await act();
    phases.push({ title, fromMs, untilMs: Date.now() });
  };

  const ending = new AbortController();
  const current = keepOrdering(stage, sent, ending.signal);
  try {
    for (const { title, act } of scenes(stage, sent, options)) await play(title, act);
  } finally {
    ending.abort();
    await current;
  }
  await play('Until every order is reported', () => untilAllReported(stage, sent));
  await delay(2000);
  return phases;
}

type Scene = { title: string; act: () => Promise<void> };

function scenes(stage: TrafficStage, sent: Sent[], { quick }: TrafficOptions): Scene[] {
  const calm: Scene = { title: 'Orders in two currencies', act: () => delay(quick ? 2000 : 6000) };
  const everyday: Scene[] = [
    { title: 'Some orders are adjusted, cancelled or finalized', act: () => changeOrders(stage, sent) },
    { title: 'Repeated and outdated messages', act: () => repeatMessages(stage, sent) },
    { title: 'Bad messages', act: () => sendBadOrders(stage) },
    { title: 'Forged webhooks', act: () => forgeWebhooks(stage) },
    { title: 'Webhooks that Button loses, found by the reconciler', act: () => loseWebhooks(stage, sent) },
  ];
  const outage: Scene[] = [
    { title: 'Button is down', act: () => breakButton(stage) },
    { title: 'Button signs with a wrong secret', act: () => signWrongly(stage) },
    { title: 'Transactions validated and declined', act: () => finalize(stage, sent) },
    { title: 'Button is back; a probe notices it within a minute', act: () => recover(stage, sent) },
    { title: 'Calm again', act: () => delay(5000) },
  ];
  return quick ? [calm, ...everyday] : [calm, ...everyday, ...outage];
}

/** Until the signal: an order at intervals, in two currencies in turn. */
async function keepOrdering(stage: TrafficStage, sent: Sent[], until: AbortSignal): Promise<void> {
  for (let count = 0; !until.aborted; count += 1) {
    const currency = count % 3 === 2 ? 'EUR' : 'USD';
    await sendNew(stage, sent, { currency, times: 1 + (count % 4) });
    await delay(ORDER_INTERVAL_MS, undefined, { signal: until }).catch(() => undefined);
  }
}

async function sendNew(
  stage: TrafficStage,
  sent: Sent[],
  { currency, times }: { currency: string; times: number },
): Promise<SampleOrder> {
  const order = scaled({ ...sampleOrder(`board-${Date.now()}-${sent.length}`), currency }, times);
  await stage.sendOrder(orderMessage('order.created.v1', 1, order));
  sent.push({ order, sequence: 1 });
  return order;
}

function scaled(order: SampleOrder, times: number): SampleOrder {
  const lines = order.line_items.slice(0, 1 + (times % 2));
  return { ...order, line_items: lines, total: lines.reduce((total, line) => total + line.total, 0) };
}

async function changeOrders(stage: TrafficStage, sent: Sent[]): Promise<void> {
  for (let count = sent.length; count < 8; count += 1)
    await sendNew(stage, sent, { currency: 'USD', times: 1 + (count % 4) });
  const known = sent.slice(0, 8);
  await untilReported(stage, known);
  // Button's dates have whole seconds: a change must not fall into the second of its order.
  await delay(1100);
  for (const [index, one] of known.entries()) {
    if (index % 4 === 3) await stage.simulator.finalize(one.order.order_id);
    else await change(stage, one, index % 4 === 2 ? 'order.cancelled.v1' : 'order.updated.v1');
  }
  await untilReported(stage, known);
}

async function change(stage: TrafficStage, one: Sent, type: OrderMessage['type']): Promise<void> {
  const [line] = one.order.line_items;
  one.sequence += 1;
  if (line) {
    const oneOfTwo = { ...line, quantity: 1, amount: 2000, total: 2000 };
    one.order = { ...one.order, line_items: [oneOfTwo], total: oneOfTwo.total };
  }
  await stage.sendOrder(orderMessage(type, one.sequence, one.order));
}

/** Other messages with the same versions: the queue cannot recognise them, the ledger does. */
async function repeatMessages(stage: TrafficStage, sent: Sent[]): Promise<void> {
  for (const { order, sequence } of sent.slice(0, 4)) {
    const again = orderMessage('order.created.v1', 1, order);
    await stage.sendOrder({ ...again, id: `${again.id}-again`, sequence: String(sequence === 1 ? 1 : 0) });
  }
  await delay(1000);
}

async function sendBadOrders(stage: TrafficStage): Promise<void> {
  for (const [index, bad] of [
    { total: 6999.5 },
    { currency: 'DOLLARS' },
    { btn_ref: 'not a token' },
  ].entries()) {
    const order = { ...sampleOrder(`board-bad-${Date.now()}-${index}`), ...bad };
    const messageId = await stage.sendOrder(orderMessage('order.created.v1', 1, order));
    await until('the bad order to be in quarantine', () => stage.quarantined(messageId));
  }
}

async function forgeWebhooks(stage: TrafficStage): Promise<void> {
  for (let count = 0; count < 5; count += 1) {
    const body = JSON.stringify({ id: `forged-${count}`, event_type: 'tx-validated', data: { id: 'tx-1' } });
    await stage.postWebhook(body, createHmac('sha256', 'not the secret').update(body).digest('hex'));
    await delay(300);
  }
}

/** At least two orders are behind the two lost webhooks, so that there is something to find. */
async function loseWebhooks(stage: TrafficStage, sent: Sent[]): Promise<void> {
  await stage.simulator.addFault({ on: 'webhook', effect: 'lose', times: 2 });
  const first = sent.length;
  for (const currency of ['USD', 'EUR']) await sendNew(stage, sent, { currency, times: 2 });
  await untilReported(stage, sent.slice(first));
  await stage.simulator.addFault({ on: 'webhook', effect: 'duplicate', times: 2 });
  await delay(2 * ORDER_INTERVAL_MS);
  await stage.reconcile();
  await delay(500);
}

/** Long enough for five calls in a row to fail, which opens the breaker. */
async function breakButton(stage: TrafficStage): Promise<void> {
  await stage.simulator.addFault({
    on: 'api',
    match: { path: '^/v1/order' },
    times: 'unlimited',
    answer: { status: 503 },
  });
  await delay(9000);
  await stage.simulator.clearFaults();
}

/**
 * As after a change of the secret at Button that nobody entered here. Button sends refused webhooks again.
 */
async function signWrongly({ simulator, webhook }: TrafficStage): Promise<void> {
  await simulator.setWebhookEndpoint({ ...webhook, secret: 'changed at Button only' });
  for (const amount of [120, 340, 560, 780]) await simulator.injectTransaction(appInstall(amount));
  await delay(2000);
  await simulator.setWebhookEndpoint(webhook);
}

async function finalize(stage: TrafficStage, sent: Sent[]): Promise<void> {
  const reported: Sent[] = [];
  for (const one of sent.slice(8))
    if ((await stage.ledgerEntry(one.order.order_id))?.reported) reported.push(one);
  for (const { order } of reported.slice(0, 8)) {
    await stage.simulator.finalize(order.order_id);
    await delay(700);
  }
}

/**
 * Until every order is reported. Meanwhile other commission arrives, and the reconciler reads at intervals.
 */
async function recover(stage: TrafficStage, sent: readonly Sent[]): Promise<void> {
  const recovered = new AbortController();
  const meanwhile = keepEarning(stage, recovered.signal);
  try {
    await untilAllReported(stage, sent);
  } finally {
    recovered.abort();
    await meanwhile;
  }
}

async function keepEarning({ simulator, reconcile }: TrafficStage, until: AbortSignal): Promise<void> {
  for (let count = 1; !until.aborted; count += 1) {
    await delay(4000, undefined, { signal: until }).catch(() => undefined);
    const transaction = appInstall(100 * count);
    await simulator.injectTransaction(transaction);
    if (count % 2 === 0) await simulator.injectTransaction({ ...transaction, status: 'validated' });
    if (count % 5 === 0) await reconcile();
  }
}

/** A commission without an order of ours. */
function appInstall(amount: number): { id: string } & Record<string, unknown> {
  return {
    id: `tx-board-${Date.now()}-${amount}`,
    status: 'pending',
    category: 'app-install',
    amount,
    currency: 'USD',
    publisher_customer_id: 'somebody',
  };
}

async function untilAllReported(stage: TrafficStage, sent: readonly Sent[]): Promise<void> {
  await untilReported(stage, [...sent]);
}

/** Until Button holds the newest version of each. */
async function untilReported(stage: TrafficStage, some: readonly Sent[]): Promise<void> {
  for (const { order, sequence } of some) {
    await until(
      `order ${order.order_id} to be reported`,
      async () => {
        const entry = await stage.ledgerEntry(order.order_id);
        const version = entry?.reported?.version;
        return version?.by === 'sequence' && Number(version.sequence) >= sequence ? entry : undefined;
      },
      RECOVERY_LIMIT_MS,
    );
  }
}
