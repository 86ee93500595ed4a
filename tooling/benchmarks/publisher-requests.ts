import * as z from 'zod';

import { transactionRow, webhookEvent } from './events.ts';
import { runOnce, startHandler } from './handler-process.ts';
import type { Laboratory } from './laboratory.ts';
import { countOperations, type Counted } from './operations.ts';

/** How many transactions a shopper has: as usual, and after years. */
export const HISTORIES = [10, 1000] as const;
export type History = (typeof HISTORIES)[number];

/** What can be asked of the publisher API about a shopper; what the function uses of API Gateway's event. */
export const REQUESTS = {
  'a page of 10': (history: History) => pageRequest(history, { limit: '10' }),
  'a balance': (history: History) => ({
    routeKey: 'GET /v1/rewards',
    rawQueryString: new URLSearchParams({ shopper: shopperWith(history) }).toString(),
  }),
  'one transaction': (history: History) => ({
    routeKey: 'GET /v1/transaction',
    rawQueryString: new URLSearchParams({ id: String(rowOf(history, 0)['button_order_id']) }).toString(),
  }),
} as const;

export type Request = keyof typeof REQUESTS;

function pageRequest(history: History, parameters: Readonly<Record<string, string>>) {
  const query = new URLSearchParams({ shopper: shopperWith(history), ...parameters });
  return { routeKey: 'GET /v1/transactions', rawQueryString: query.toString() };
}

function shopperWith(history: History): string {
  return `user-with-${history}`;
}

function rowOf(history: History, index: number) {
  const created = new Date(Date.UTC(2026, 0, 1) + index * 3_600_000).toISOString();
  const dates = { created_date: created, modified_date: created };
  return transactionRow(history * 10 + index, { publisher_customer_id: shopperWith(history), ...dates });
}

/** Empties the tables, and lets the webhook receiver store the transactions of a shopper of each kind. */
export async function storeHistories({ aws, bundles, env }: Laboratory): Promise<void> {
  await aws.resetTables();
  const events = HISTORIES.flatMap((history) =>
    Array.from({ length: history }, (_, index) => webhookEvent(rowOf(history, index))),
  );
  await runOnce({ file: bundles.ours('webhook-receiver').entry, env }, events);
}

/** Counts what `times` requests use; another one before them opens connections. */
export function countRequests(
  laboratory: Laboratory,
  { request, history, times }: { request: Request; history: History; times: number },
): Promise<Counted> {
  const event = REQUESTS[request](history);
  const events = Array.from({ length: times }, () => event);
  return countOperations(laboratory, publisherApi(laboratory), { before: [event], events });
}

/** How to start the publisher API. */
export function publisherApi({ bundles, env }: Laboratory) {
  return { file: bundles.ours('publisher-api').entry, env };
}

const AnswerSchema = z.object({ statusCode: z.literal(200), body: z.string() });
const PageSchema = z.object({ transactions: z.array(z.unknown()), nextPage: z.string().nullable() });

/** Follows the pages of a whole history; counts them, their transactions and what they used. */
export async function walkPages(laboratory: Laboratory, history: History, limit: number) {
  const api = await startHandler(publisherApi(laboratory));
  laboratory.aws.resetUsage();
  let [pages, transactions] = [0, 0];
  let next: string | null | undefined;
  while (next !== null) {
    const page = next === undefined ? {} : { page: next };
    const { results } = await api.handle([pageRequest(history, { limit: String(limit), ...page })]);
    const answer = PageSchema.parse(JSON.parse(AnswerSchema.parse(results[0]).body));
    pages += 1;
    transactions += answer.transactions.length;
    next = answer.nextPage;
  }
  await api.end();
  return { pages, transactions, ...laboratory.aws.usage() };
}
