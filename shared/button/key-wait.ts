import { RATE_LIMITED, type ApiResult } from './api-result.ts';
import type { TransactionsApi } from './transactions-api.ts';

/**
 * The instant before which Button wants no request with the key, or no request for one list: kept where every
 * function that uses the key sees it.
 */
export type KeyWait = {
  /** An ISO 8601 instant, which may be past; undefined if Button has never asked to wait. */
  read(): Promise<string | undefined>;
  /** Never makes the wait shorter. */
  extend(until: string): Promise<void>;
};

/** Button's waits are limited to a quarter of an hour; a longer one cannot be Button's. */
const MAX_WAIT_MS = 900_000;

/** The store of the wait. */
type Waiting = { wait: KeyWait; now: () => Date };

/**
 * The API, which is not called before the instant that Button has named with `Retry-After`, whichever stream
 * got that response. `listWait` holds for the list of accounts only (`keepingListWait`). Throws if a wait
 * cannot be read or stored.
 */
export function withKeyWait(
  api: TransactionsApi,
  { listWait, ...waiting }: Waiting & { listWait: KeyWait },
): TransactionsApi {
  return {
    listAccounts: () => keepingListWait({ ...waiting, listWait }, () => api.listAccounts()),
    listTransactions: (query) =>
      keepingWait(waiting, () => api.listTransactions(query), { waitFor: () => waiting.wait }),
  };
}

/**
 * Reads a list with the key. A 429 is about the key. What else asks for a pause, such as a 503 of the list,
 * is about this list, and everything else is read meanwhile: that is stored in `listWait`. A caller that asks
 * more rarely than Button's longest wait needs none. Throws as `withKeyWait` does.
 */
export function keepingListWait<List extends { cutShortBy?: string }>(
  { listWait, ...waiting }: Waiting & { listWait?: KeyWait },
  list: () => Promise<ApiResult<List>>,
): Promise<ApiResult<List>> {
  const waitFor = (answer: ApiResult<List>): KeyWait | undefined =>
    isAboutKey(answer) ? waiting.wait : listWait;
  return keepingWait(waiting, list, { ...(listWait ? { alsoBefore: listWait } : {}), waitFor });
}

/** Also if only a later page was refused. */
function isAboutKey(answer: ApiResult<{ cutShortBy?: string }>): boolean {
  if (answer.ok) return answer.value.cutShortBy === RATE_LIMITED;
  return answer.reason === 'unavailable' && answer.detail === RATE_LIMITED;
}

type Waits<Value> = {
  /** Holds for this call, beside the key's. */
  alsoBefore?: KeyWait;
  /** Where to store the wait that the response asks for; undefined if nowhere. */
  waitFor: (answer: ApiResult<Value>) => KeyWait | undefined;
};

/** Makes a call with the key unless Button wants none yet, and stores the wait that its response asks for. */
async function keepingWait<Value>(
  { wait, now }: Waiting,
  call: () => Promise<ApiResult<Value>>,
  { alsoBefore, waitFor }: Waits<Value>,
): Promise<ApiResult<Value>> {
  for (const one of alsoBefore ? [wait, alsoBefore] : [wait]) {
    const leftMs = Date.parse((await one.read()) ?? '') - now().getTime();
    if (leftMs > 0 && leftMs <= MAX_WAIT_MS)
      return { ok: false, reason: 'unavailable', detail: ASKED_TO_WAIT, afterMs: leftMs };
  }
  const answer = await call();
  const afterMs = 'afterMs' in answer ? answer.afterMs : undefined;
  if (afterMs !== undefined) await waitFor(answer)?.extend(new Date(now().getTime() + afterMs).toISOString());
  return answer;
}

/** Why Button was not called at all. */
export const ASKED_TO_WAIT = 'asked_to_wait';
