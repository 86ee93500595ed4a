import type { ApiResult } from './api-result.ts';
import type { TransactionsApi } from './transactions-api.ts';

/** Until when Button wants no request with the key: kept where every function that uses the key sees it. */
export type KeyWait = {
  /** An ISO 8601 instant, which may be past; undefined if Button has never asked to wait. */
  read(): Promise<string | undefined>;
  /** Never makes the wait shorter. */
  extend(until: string): Promise<void>;
};

/** Button's waits are held to a quarter of an hour; one that is longer is no wait of Button's. */
const MAX_WAIT_MS = 900_000;

/**
 * The API, asked nothing before the instant that Button has named with `Retry-After`, whichever stream of the
 * key it was named to. Throws if the wait can't be read or kept.
 */
export function withKeyWait(
  api: TransactionsApi,
  { wait, now }: { wait: KeyWait; now: () => Date },
): TransactionsApi {
  const waiting = async <Value>(call: () => Promise<ApiResult<Value>>): Promise<ApiResult<Value>> => {
    const leftMs = Date.parse((await wait.read()) ?? '') - now().getTime();
    if (leftMs > 0 && leftMs <= MAX_WAIT_MS)
      return { ok: false, reason: 'unavailable', detail: ASKED_TO_WAIT, afterMs: leftMs };
    const answer = await call();
    if (!answer.ok && answer.reason === 'unavailable' && answer.afterMs !== undefined)
      await wait.extend(new Date(now().getTime() + answer.afterMs).toISOString());
    return answer;
  };
  return {
    listAccounts: () => waiting(() => api.listAccounts()),
    listTransactions: (query) => waiting(() => api.listTransactions(query)),
  };
}

/** Why Button was not asked at all. */
export const ASKED_TO_WAIT = 'asked_to_wait';
