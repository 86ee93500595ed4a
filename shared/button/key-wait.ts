import type { ApiResult } from './api-result.ts';
import type { TransactionsApi } from './transactions-api.ts';

/**
 * The instant before which Button wants no request with the key: kept where every function that uses the key
 * sees it.
 */
export type KeyWait = {
  /** An ISO 8601 instant, which may be past; undefined if Button has never asked to wait. */
  read(): Promise<string | undefined>;
  /** Never makes the wait shorter. */
  extend(until: string): Promise<void>;
};

/** Button's waits are limited to a quarter of an hour; a longer one cannot be Button's. */
const MAX_WAIT_MS = 900_000;

/**
 * The API, which is not called before the instant that Button has named with `Retry-After`, whichever stream
 * got that response. Throws if the wait cannot be read or stored.
 */
export function withKeyWait(api: TransactionsApi, waiting: Waiting): TransactionsApi {
  const call = keepingWait(waiting);
  return {
    listAccounts: () => call(() => api.listAccounts()),
    listTransactions: (query) => call(() => api.listTransactions(query)),
  };
}

/** The store of the wait. */
type Waiting = { wait: KeyWait; now: () => Date };

/**
 * Makes a call with the key unless Button wants none yet, and stores the wait that its response asks for.
 * Throws as `withKeyWait` does.
 */
export function keepingWait({ wait, now }: Waiting) {
  return async <Value>(call: () => Promise<ApiResult<Value>>): Promise<ApiResult<Value>> => {
    const leftMs = Date.parse((await wait.read()) ?? '') - now().getTime();
    if (leftMs > 0 && leftMs <= MAX_WAIT_MS)
      return { ok: false, reason: 'unavailable', detail: ASKED_TO_WAIT, afterMs: leftMs };
    const answer = await call();
    const afterMs = 'afterMs' in answer ? answer.afterMs : undefined;
    if (afterMs !== undefined) await wait.extend(new Date(now().getTime() + afterMs).toISOString());
    return answer;
  };
}

/** Why Button was not called at all. */
export const ASKED_TO_WAIT = 'asked_to_wait';
