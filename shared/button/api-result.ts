import type { NextPage } from '../reconciliation/rules/paging-form.ts';

/** One page of transactions. `next` is null on the last page. */
export type TransactionPage = { rows: readonly unknown[]; next: NextPage | null };

/** The result of a read. */
export type ApiResult<Value> =
  /** `afterMs`: Button asked for a pause of this length. */
  | { ok: true; value: Value; serverTime?: Date; afterMs?: number }
  /** The API key is wrong. */
  | { ok: false; reason: 'unauthorized' }
  /** Button refuses the request unchanged: a cursor that has expired, for example. */
  | { ok: false; reason: 'refused'; status: number }
  /** The response is larger than the limit: ask for fewer rows. */
  | { ok: false; reason: 'too-large' }
  /** Another try can help. */
  | { ok: false; reason: 'unavailable'; detail: string; afterMs?: number };

/** The `detail` of a result after a 429: Button limits the key, whatever the request was for. */
export const RATE_LIMITED = 'http_429';
