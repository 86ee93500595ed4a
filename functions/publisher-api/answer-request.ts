import type * as z from 'zod';

import { rewardsOf } from '../../shared/transactions/rules/shopper-rewards.ts';
import type { TableAccess } from '../../shared/dynamodb/table-access.ts';
import {
  shopperPage,
  shopperTransactions,
  type ShopperTransaction,
} from '../../shared/transactions/store/shopper-index.ts';
import type { TransactionStore } from '../../shared/transactions/store/transaction-store.ts';
import {
  RewardsQuerySchema,
  TransactionQuerySchema,
  TransactionsQuerySchema,
  type ApiError,
  type Rewards,
  type Transaction,
  type Transactions,
} from './api-schemas.ts';
import { readPageToken, writePageToken } from './page-token.ts';
import { findTransaction } from './find-transaction.ts';
import { toSummary, toTransaction } from './to-answer.ts';

/** A request from the HTTP API; `query` is encoded as in the URL. */
export type ApiRequest = { routeKey: string; query: string };

/** The response and its status. */
export type ApiAnswer =
  | { status: 200; body: Rewards | Transactions | Transaction }
  | { status: 400 | 404; body: ApiError };

/** What answering a request needs. */
export type ApiPorts = {
  access: TableAccess;
  transactions: Pick<TransactionStore, 'read'>;
  /** How long a transaction keeps its shopper. */
  personalDataDays: number;
  now: () => Date;
};

const DAY_MS = 86_400_000;

/** Answers a request of the publisher API. Throws if the table cannot be reached. */
export async function answerRequest({ routeKey, query }: ApiRequest, ports: ApiPorts): Promise<ApiAnswer> {
  const given = Object.fromEntries(new URLSearchParams(query));
  switch (routeKey) {
    case 'GET /v1/rewards':
      return whenValid(RewardsQuerySchema, given, ({ shopper }) => answerRewards(shopper, ports));
    case 'GET /v1/transactions':
      return whenValid(TransactionsQuerySchema, given, (asked) => answerTransactions(asked, ports));
    case 'GET /v1/transaction':
      return whenValid(TransactionQuerySchema, given, ({ id }) => answerTransaction(id, ports));
    default:
      return { status: 404, body: { error: 'not_found', problems: [] } };
  }
}

async function whenValid<Schema extends z.ZodType>(
  schema: Schema,
  given: Readonly<Record<string, string>>,
  answer: (query: z.output<Schema>) => Promise<ApiAnswer>,
): Promise<ApiAnswer> {
  const query = schema.safeParse(given);
  if (query.success) return answer(query.data);
  return badRequest(
    query.error.issues.map(({ path, message }) => ({ parameter: path.join('.'), problem: message })),
  );
}

function badRequest(problems: ApiError['problems']): ApiAnswer {
  return { status: 400, body: { error: 'bad_request', problems } };
}

async function answerRewards(
  shopper: string,
  { access, personalDataDays, now }: ApiPorts,
): Promise<ApiAnswer> {
  const transactions: ShopperTransaction[] = [];
  for await (const transaction of shopperTransactions(access, shopper)) transactions.push(transaction);
  const completeSince = new Date(now().getTime() - personalDataDays * DAY_MS).toISOString();
  return { status: 200, body: { completeSince, ...rewardsOf(transactions) } };
}

async function answerTransactions(
  { shopper, page, from, before, ...filter }: z.output<typeof TransactionsQuerySchema>,
  { access }: ApiPorts,
): Promise<ApiAnswer> {
  const after = page === undefined ? undefined : readPageToken(page);
  if (after === 'invalid')
    return badRequest([{ parameter: 'page', problem: 'must be nextPage of the page before' }]);
  const { transactions, next } = await shopperPage(access, shopper, {
    ...filter,
    from: toUtc(from),
    before: toUtc(before),
    after,
  });
  return {
    status: 200,
    body: { transactions: transactions.map(toSummary), nextPage: next ? writePageToken(next) : null },
  };
}

function toUtc(instant: string | undefined): string | undefined {
  return instant === undefined ? undefined : new Date(instant).toISOString();
}

async function answerTransaction(id: string, { transactions }: ApiPorts): Promise<ApiAnswer> {
  const record = await findTransaction(id, transactions);
  return record
    ? { status: 200, body: toTransaction(record) }
    : {
        status: 404,
        body: { error: 'not_found', problems: [{ parameter: 'id', problem: 'No transaction has this id' }] },
      };
}
