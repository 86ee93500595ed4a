import { setTimeout as delay } from 'node:timers/promises';

import { listen, type Certificate } from './server.ts';

/** What the stand-in's Transactions API lists. */
export type TransactionList = { count: number; rowAt: (index: number) => object };

/** Button on this machine: it accepts every order and lists the transactions that it is given. */
export type ButtonStandIn = {
  url: string;
  /** Delays all answers by this time. */
  setLatency: (milliseconds: number) => void;
  setTransactions: (list: TransactionList) => void;
  /** The bodies of the orders in the order of their arrival, and the requests since the last `reset`. */
  orders: () => string[];
  requests: () => number;
  reset: () => void;
  close: () => Promise<void>;
};

/** Starts the stand-in. */
export async function startButtonStandIn(certificate: Certificate | undefined): Promise<ButtonStandIn> {
  let latencyMs = 0;
  let list: TransactionList = { count: 0, rowAt: () => ({}) };
  let orders: string[] = [];
  let requests = 0;

  const answer = async (
    method: string,
    path: string,
    body: string,
  ): Promise<{ status: number; content: object }> => {
    requests += 1;
    if (latencyMs > 0) await delay(latencyMs);
    const url = new URL(path, 'https://localhost');
    if (url.pathname.startsWith('/v1/affiliation/')) return { status: 200, content: listPage(url, list) };
    const orderId = orderIdOf(url, body).replace(/^btnorder-/, '');
    orders.push(`${method} ${orderId}`);
    return {
      status: 200,
      content: {
        meta: { status: 'ok' },
        object: { button_order_id: `btnorder-${orderId}`, order_id: orderId },
      },
    };
  };
  const server = await listen(certificate, async ({ method, path, body }) => {
    const { status, content } = await answer(method, path, body);
    return { status, body: JSON.stringify(content) };
  });
  return {
    url: server.url,
    setLatency: (milliseconds) => {
      latencyMs = milliseconds;
    },
    setTransactions: (transactions) => {
      list = transactions;
    },
    orders: () => orders,
    requests: () => requests,
    reset: () => {
      orders = [];
      requests = 0;
      latencyMs = 0;
    },
    close: server.close,
  };
}

/** A cursor is the number of the first row of its page. */
function listPage(url: URL, { count, rowAt }: TransactionList): object {
  if (url.pathname.endsWith('/accounts')) {
    return { meta: { status: 'ok' }, objects: [{ id: 'acc-1', currency: 'USD' }] };
  }
  const first = Number(url.searchParams.get('cursor') ?? 0);
  const length = Math.max(0, Math.min(Number(url.searchParams.get('page_size') ?? 50), count - first));
  const next = first + length;
  return {
    meta: { status: 'ok', next: next < count ? `https://localhost${url.pathname}?cursor=${next}` : null },
    objects: Array.from({ length }, (_, index) => rowAt(first + index)),
  };
}

function orderIdOf({ pathname }: URL, body: string): string {
  const inPath = /^\/v1\/order\/(.+)$/.exec(pathname)?.[1];
  if (inPath !== undefined) return decodeURIComponent(inPath);
  const order: unknown = JSON.parse(body);
  return typeof order === 'object' && order !== null && 'order_id' in order ? String(order.order_id) : '';
}
