import type { AccountBook } from './account-book.ts';
import type { ApiRequest } from './api-request.ts';
import { errorAnswer, listAnswer, onePerPage, type Answer } from './button-answer.ts';
import { problemsOf } from './problems.ts';
import type { TransactionBook } from './transaction-book.ts';
import { readCursor, writeCursor } from './transaction-cursor.ts';
import {
  pageOf,
  TransactionQuerySchema,
  type PagePosition,
  type TransactionQuery,
} from './transaction-page.ts';
import { apiRow } from './transaction-rows.ts';
import type { World } from './world.ts';

export type AffiliationApi = { accounts: AccountBook; transactions: TransactionBook; world: Readonly<World> };

/**
 * Answers the Publisher's request under /v1/affiliation (docs/button/transactions-api.md, "Endpoints");
 * undefined if there is no such endpoint. The path without `accounts`, which one document prints in
 * `meta.next`, works too.
 */
export function answerAffiliationApi(api: AffiliationApi, request: ApiRequest): Answer | undefined {
  const [, , first, second, third] = request.segments ?? [];
  const depth = request.segments?.length;
  if (request.method !== 'GET') return undefined;
  if (depth === 3 && first === 'accounts') return listAccounts(api, request);
  if (depth === 3 && first === 'transactions') return listTransactions(api, request, undefined);
  if (depth === 4 && second === 'transactions') return listTransactions(api, request, first);
  if (depth === 5 && first === 'accounts' && third === 'transactions')
    return listTransactions(api, request, second);
  return undefined;
}

/** One page, unless the world says otherwise. */
function listAccounts({ accounts, world }: AffiliationApi, request: ApiRequest): Answer {
  const all = accounts.all();
  switch (world.accountsList) {
    case 'whole':
      return listAnswer(all);
    case 'one-a-page':
      return onePerPage(all, request);
    case 'among-malformed-entries':
      return listAnswer([null, ...all, { id: 7.5 }, 'acc', {}]);
  }
}

function listTransactions(api: AffiliationApi, request: ApiRequest, accountId: string | undefined): Answer {
  const { accounts, transactions, world } = api;
  if (accountId !== undefined && !accounts.has(accountId))
    return errorAnswer(404, `Could not find ${accountId}`);
  const asked = readParameters(request.query, world);
  if ('refusal' in asked) return asked.refusal;
  const versions = transactions
    .visible()
    .filter((row) => accountId === undefined || row.accountId === accountId);
  const page = pageOf(versions, { query: asked.query, from: asked.from, world });
  if (page.versions.some(({ key }) => world.unreadableTransactions.includes(key)))
    return errorAnswer(500, 'Internal error');
  const link = (from: PagePosition | null): string | null => {
    if (from === null) return null;
    const filters =
      world.nextFilters === 'repeated' ? `&${new URLSearchParams(asked.filters).toString()}` : '';
    const query = `?cursor=${writeCursor({ from, ...asked.carried })}${filters}`;
    if (world.nextHost === 'none') return query;
    const origin = world.nextHost === 'own' ? request.origin : 'https://elsewhere.example';
    return `${origin}${listPath(accountId, world)}${query}`;
  };
  const meta = { next: link(page.next), previous: link(page.previous) };
  if (page.versions.length > 0 || world.emptyObjects === 'list')
    return listAnswer(page.versions.map(apiRow), meta);
  return listAnswer(null, meta);
}

type Asked = {
  query: TransactionQuery;
  from: PagePosition | undefined;
  /** As they were sent, or as the cursor carries them. */
  filters: Record<string, string>;
  /** What the cursors of this list carry along. */
  carried: { parameters?: Record<string, string> };
};

/**
 * What is requested. The world says whether the filters come from the cursor or have to be sent again with
 * it.
 */
function readParameters(query: URLSearchParams, world: Readonly<World>): Asked | { refusal: Answer } {
  const { cursor: written, ...sent } = Object.fromEntries(query);
  const cursor = written === undefined ? undefined : readCursor(written);
  if (written !== undefined && cursor === undefined) return { refusal: errorAnswer(400, 'Invalid cursor') };
  const isRefused = world.cursorFilters === 'refused' || world.cursorFilters === 'forgotten';
  if (cursor !== undefined && isRefused && Object.keys(sent).length > 0) {
    return { refusal: errorAnswer(400, 'A cursor must be the only parameter') };
  }
  const parameters = cursor?.parameters ?? sent;
  const isRestart = world.cursorFilters === 'restart' && Object.keys(sent).length > 0;
  const read = TransactionQuerySchema.safeParse(parameters);
  if (!read.success) return { refusal: errorAnswer(400, problemsOf(read.error)) };
  const carried = world.cursorFilters === 'sent-again' ? {} : { parameters: carriedOf(parameters, world) };
  return { query: read.data, from: isRestart ? undefined : cursor?.from, filters: parameters, carried };
}

/** A cursor that forgets the filters knows by which date the list is sorted, and how long its pages are. */
function carriedOf(parameters: Record<string, string>, world: Readonly<World>): Record<string, string> {
  if (world.cursorFilters !== 'forgotten') return parameters;
  const { start: _start, end: _end, country: _country, ...rest } = parameters;
  return rest;
}

function listPath(accountId: string | undefined, world: Readonly<World>): string {
  if (accountId === undefined) return '/v1/affiliation/transactions';
  const owner = world.nextPath === 'with-accounts' ? `accounts/${accountId}` : accountId;
  return `/v1/affiliation/${owner}/transactions`;
}
