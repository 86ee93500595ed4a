import type { OrderApiAnswer } from '../../shared/button/order-api.ts';
import type { CallResult, FailedAnswer, LedgerEntry } from '../../shared/orders/rules/order-ledger.ts';
import { VERSION_REASONS } from '../../shared/orders/version-reasons.ts';
import type { QuarantineReason } from '../../shared/quarantine/quarantine-store.ts';

/** How the calls to Button ended: for the ledger, and for the quarantine if that is final. */
export type CallEnd = { result: CallResult; refusal: QuarantineReason | undefined };

/**
 * For this long Button may answer 404 about an order that it has accepted: many times what it should need to
 * show it.
 */
const SHOWN_WITHIN_MS = 2 * 3_600_000;

/**
 * For this number of tries, which take more than two hours, Button may say that an order exists without
 * showing it, answer reads with nothing readable, or not answer them.
 */
const MAX_TRIES_UNTIL_SHOWN = 10;

/** After this number of refused reads, about half an hour, a refusal counts as final. */
export const MAX_REFUSED_READS = 6;

/** An end that only the ledger has to know. */
export function ended(result: CallResult): CallEnd {
  return { result, refusal: undefined };
}

type DoneDetails = Pick<CallResult & { result: 'done' }, 'created' | 'token' | 'lacksToken'> & {
  /** Button's id, as a read has shown it. */
  shownId?: string | undefined;
};

/** The end of a call that was carried out. */
export function done(
  answer: OrderApiAnswer & { answer: 'done' },
  { shownId, ...more }: DoneDetails = {},
): CallEnd {
  const { acceptedOnly, buttonOrderId = shownId } = answer;
  return ended({ result: 'done', acceptedOnly, sent: true, ...more, buttonOrderId });
}

/**
 * The end that follows from an answer alone, whatever the call was: for every answer that needs no further
 * call.
 */
export function endOf(answer: OrderApiAnswer): CallEnd {
  switch (answer.answer) {
    case 'done':
      return done(answer);
    case 'unauthorized':
      return ended({ result: 'try-again', reason: 'unauthorized' });
    case 'try-again': {
      const { reason, afterMs } = answer;
      return ended({ result: 'try-again', reason, afterMs });
    }
    case 'unanswered':
      return unanswered(answer);
    case 'unclear': {
      const { reason, detail } = answer;
      return ended({ result: 'unclear', reason, answer: detail });
    }
    case 'refused':
      return refused('refused_by_button', answer.detail);
    case 'forbidden':
    case 'not-found':
    case 'unconfirmed':
    case 'exists':
    case 'found':
      return ended({ result: 'unclear', reason: 'unexpected_answer' });
  }
}

/**
 * The end of a 403 about an order that is open, or that Button does not have: the order stays due, and may
 * itself be at fault.
 */
export function forbidden(answer: FailedAnswer): CallEnd {
  return ended({ result: 'try-again', reason: 'forbidden', blamesOrder: true, answer });
}

/** The end if Button may show the order later. */
export const NOT_SHOWN_YET = ended({ result: 'try-again', reason: 'not_found' });

/**
 * The end if Button has no order under any known id: final, unless Button accepted the order recently. A 202
 * means that the order is shown later.
 */
export function notFound(entry: LedgerEntry, now: Date): CallEnd {
  return isReportedRecently(entry, now) ? NOT_SHOWN_YET : refused('unknown_to_button');
}

/** Whether Button acknowledged the order so recently that it may not show the result yet. Pure. */
export function isReportedRecently({ reported }: LedgerEntry, now: Date): boolean {
  return reported !== undefined && now.getTime() - Date.parse(reported.at) < SHOWN_WITHIN_MS;
}

/**
 * The end of two calls: Button may have carried out the first, and the second had this end. Whatever stopped
 * the second, the order stays in doubt because of the first. `shownId` is the id that the answer to the first
 * showed. The ledger keeps it even if the second is the end for the order. Pure.
 */
export function inDoubt(end: CallEnd, shownId?: string): CallEnd {
  const { result, refusal } = end;
  if (result.result === 'done') return end;
  if (result.result === 'refused') return { result: { ...result, shownId }, refusal };
  const { blamesOrder: _blame, ...why } = result;
  return ended({ ...why, shownId, result: 'unclear' });
}

/** Whether Button refuses to read this id. A 403 is about the key, and not about the id. Pure. */
export function isIdRefused(answer: OrderApiAnswer): boolean {
  return answer.answer === 'unanswered' && answer.isRefused && answer.reason !== 'http_403';
}

/**
 * Whether a refused read may still be answered later: a refusal may pass. An order that has already been
 * tried for hours does not wait for that. Pure.
 */
export function waitsForRefused(entry: LedgerEntry): boolean {
  return (entry.failedLookUps ?? 0) < MAX_REFUSED_READS && !isTriedForHours(entry);
}

/** Whether the order waits for a read that was not answered, because it may be answered later. Pure. */
export function isAwaited(read: OrderApiAnswer, entry: LedgerEntry): boolean {
  if (read.answer === 'found' || read.answer === 'not-found') return false;
  return isIdRefused(read) ? waitsForRefused(entry) : !isTriedForHours(entry);
}

function isTriedForHours({ attempts }: LedgerEntry): boolean {
  return attempts >= MAX_TRIES_UNTIL_SHOWN;
}

/** The end if Button has the id and does not show whose order it is: in the end, it counts as another's. */
export function unshown(entry: LedgerEntry): CallEnd {
  return isTriedForHours(entry) ? refused('order_id_taken') : NOT_SHOWN_YET;
}

/** Button answered a read, but the answer says nothing about the order. Pure. */
export function isUnreadable({ result }: CallEnd): boolean {
  return result.result === 'try-again' && result.reason === 'unreadable_order';
}

/** The end of a read; if Button keeps answering reads with nothing readable, the id counts as another's. */
export function unlessUnreadable(entry: LedgerEntry, end: CallEnd): CallEnd {
  const isEveryLast = entry.failures?.last.every(({ reason }) => reason === 'unreadable_order');
  const isFinal = isTriedForHours(entry) && isEveryLast && isUnreadable(end);
  return isFinal ? refused('order_id_taken') : end;
}

/** The end that needs a person. */
export function refused(code: keyof typeof REFUSALS, answer?: FailedAnswer): CallEnd {
  const { problem, fix } = REFUSALS[code];
  const text = answer && `${answer.status} ${answer.message ?? ''}`.trim();
  const full = text === undefined ? problem : `${problem}. Button says: ${text}`;
  return { result: { result: 'refused', reason: code }, refusal: { code, problem: full, fix } };
}

/** The end of a read that blames neither Button nor the order: the key works, and the order may be fine. */
export function lookUpEnd({ reason, afterMs }: OrderApiAnswer & { answer: 'unanswered' }): CallEnd {
  return ended({ result: 'try-again', reason, afterMs, isLookUp: true });
}

/** Only a read that was sent can be the order's fault, and not one to which somebody asks to wait. */
function unanswered(answer: OrderApiAnswer & { answer: 'unanswered' }): CallEnd {
  if (isIdRefused(answer)) return lookUpEnd(answer);
  const { reason, afterMs, detail, isLost } = answer;
  return ended({
    result: 'try-again',
    reason: detail?.status === 403 ? 'forbidden' : reason,
    afterMs,
    ...((detail || isLost) && { blamesOrder: true }),
    answer: detail,
  });
}

/** The fix if only Button knows more. */
export const ASK_BUTTON = 'Ask your Button contact; replay the entry to try again';

const REFUSALS = {
  too_late: {
    problem: 'Button refuses to change a finalized order',
    fix: 'Settle the difference with Button; it is billable as it stands',
  },
  refused_by_button: {
    problem: 'Button refuses the order as it is',
    fix: 'Correct the order and replay the entry, or send a newer version',
  },
  deleted_at_button: {
    problem: 'Button holds the order as deleted',
    fix: 'Find out who cancelled it; if it stands, use a new order id',
  },
  unknown_to_button: {
    problem: 'Button no longer knows the order',
    fix: ASK_BUTTON,
  },
  order_id_taken: {
    problem: 'Button holds an order of this id that is not shown to be this one',
    fix: 'Find out whose it is; report this one under another id, or replay the entry',
  },
  cancellation_unconfirmed: {
    problem: 'Button shows no such order, but may hold it',
    fix: ASK_BUTTON,
  },
  line_items_missing: VERSION_REASONS.line_items_missing,
} as const;
