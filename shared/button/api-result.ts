import type { NextPage } from '../reconciliation/rules/paging-form.ts';

/** One page of transactions. `next` is null on the last page. */
export type TransactionPage = { rows: readonly unknown[]; next: NextPage | null };

/** What a read came to. */
export type ApiResult<Value> =
  /** `afterMs`: Button has given this much of it, and asks for a pause. */
  | { ok: true; value: Value; serverTime?: Date; afterMs?: number }
  /** The API key is wrong. */
  | { ok: false; reason: 'unauthorized' }
  /** Button refuses the request as it is: a cursor that has expired, for example. */
  | { ok: false; reason: 'refused'; status: number }
  /** The answer is larger than what is read: ask for fewer rows. */
  | { ok: false; reason: 'too-large' }
  /** Worth another try. */
  | { ok: false; reason: 'unavailable'; detail: string; afterMs?: number };
