import { holdsVersion, type OrderApi, type OrderApiAnswer } from '../../shared/button/order-api.ts';
import { nextCall, type CallResult, type LedgerEntry } from '../../shared/domain/order-ledger.ts';
import type { Order } from '../../shared/domain/order.ts';
import type { QuarantineReason } from '../../shared/store/quarantine-store.ts';

/** How the calls to Button ended: for the ledger, and for the quarantine if Button's answer is final. */
export type CallEnd = { result: CallResult; refusal: QuarantineReason | undefined };

/** What the calls to Button need. */
export type CallButtonPorts = {
  api: OrderApi;
  now: Date;
  verifyBefore: string | undefined;
};

/** For so long Button may answer 404 about an order that it has taken: many times what it should need to show it. */
const SHOWN_WITHIN_MS = 2 * 3_600_000;

/** As long, for an order of which only Button says that it is there: so many tries take more than two hours. */
const MAX_TRIES_UNTIL_SHOWN = 10;

/**
 * After so many look-ups by its token that were not answered, about a day, or refused, about half an hour, the answer about an order's id
 * stands: an order must not wait for ever for a look-up that never works.
 */
const MAX_FAILED_LOOK_UPS = { failed: 48, refused: 6 } as const;

/**
 * Brings Button to the newest version of a claimed entry: one call for a normal order, a read before it where something is unclear.
 *
 * Never throws for what Button or the network does.
 */
export async function callButton(entry: LedgerEntry, ports: CallButtonPorts): Promise<CallEnd> {
  const { api } = ports;
  const { orderId, newest } = entry;
  const toEnd = (answer: OrderApiAnswer): CallEnd => readEnd(entry, answer, ports.now);
  const next = nextCall(entry, ports.verifyBefore);
  if (next.call === 'cancel' || newest.order === undefined) return toEnd(await cancel(orderId, api));
  if (next.call === 'update') return toEnd(await update(newest.order, api));
  if (next.call === 'create') return toEnd(await create(entry, newest.order, api));

  const read = await readOrder(entry, api);
  if (read.answer === 'not-found' && !entry.reported) return toEnd(await create(entry, newest.order, api));
  if (read.answer !== 'found') return toEnd(read);
  if (read.order.status === 'deleted') return refused('deleted_at_button');
  const isUpToDate = next.trustsAmounts && holdsVersion(read.order, newest.order);
  if (!isUpToDate) return toEnd(await update(newest.order, api));
  const { button_order_id: id } = read.order;
  const idKnown = id === undefined ? {} : { buttonOrderId: id };
  return toCallEnd({ result: 'done', acceptedOnly: false, sent: false, ...idKnown });
}

/** By its id and, where that finds nothing, by its token (docs/decisions/0013-look-up-by-token.md). */
async function readOrder(
  { orderId, newest, failedLookUps = 0 }: LedgerEntry,
  api: OrderApi,
): Promise<OrderApiAnswer> {
  const byId = await api.get(orderId);
  const token = newest.order?.btn_ref;
  if (byId.answer !== 'not-found' || token === undefined) return byId;
  const byToken = await api.getByToken(orderId, token);
  if (byToken.answer !== 'unanswered') return byToken;
  return failedLookUps < MAX_FAILED_LOOK_UPS[byToken.isRefused ? 'refused' : 'failed'] ? byToken : byId;
}

/**
 * An order that is there already is updated: the create brings its whole content. A 403 means the key, unless the order turns out to be
 * finalized: one old order must not stop the whole brand.
 */
async function create({ attempts }: LedgerEntry, order: Order, api: OrderApi): Promise<OrderApiAnswer> {
  const created = await api.create(order);
  if (created.answer === 'exists') {
    const updated = await update(order, api);
    // It is there, Button says, and not shown yet.
    const isEarly = updated.answer === 'not-found' && attempts < MAX_TRIES_UNTIL_SHOWN;
    return isEarly ? { answer: 'try-again', reason: 'not_found' } : updated;
  }
  if (created.answer !== 'unauthorized' || created.status !== 403) return created;
  const read = await api.get(order.order_id);
  const isFinalized = read.answer === 'found' && read.order.status === 'finalized';
  return isFinalized ? { answer: 'too-late', detail: '' } : created;
}

async function update(order: Order, api: OrderApi): Promise<OrderApiAnswer> {
  const updated = await api.update(order.order_id, order);
  return updated.answer === 'too-late' ? unlessTheKey(updated, await api.get(order.order_id)) : updated;
}

/** What is deleted already needs no cancellation. */
async function cancel(orderId: string, api: OrderApi): Promise<OrderApiAnswer> {
  const cancelled = await api.cancel(orderId);
  if (cancelled.answer !== 'too-late') return cancelled;
  const read = await api.get(orderId);
  const isDeleted = read.answer === 'found' && read.order.status === 'deleted';
  return isDeleted ? { answer: 'done', acceptedOnly: false } : unlessTheKey(cancelled, read);
}

/** A 403 is about the order if the key still reads: otherwise a revoked key would finish off one order after the other. */
function unlessTheKey(tooLate: OrderApiAnswer, read: OrderApiAnswer): OrderApiAnswer {
  return read.answer === 'unauthorized' || read.answer === 'try-again' ? read : tooLate;
}

function readEnd(entry: LedgerEntry, answer: OrderApiAnswer, now: Date): CallEnd {
  switch (answer.answer) {
    case 'done': {
      const id = answer.buttonOrderId === undefined ? {} : { buttonOrderId: answer.buttonOrderId };
      return toCallEnd({ result: 'done', acceptedOnly: answer.acceptedOnly, sent: true, ...id });
    }
    case 'not-found':
      return readNotFound(entry, now);
    case 'unauthorized':
      return toCallEnd({ result: 'try-again', reason: 'unauthorized' });
    case 'try-again':
    case 'unanswered': {
      const wait = answer.afterMs === undefined ? {} : { afterMs: answer.afterMs };
      const isLookUp = answer.answer === 'unanswered';
      return toCallEnd({
        result: 'try-again',
        reason: answer.reason,
        ...wait,
        ...(isLookUp && { isLookUp }),
      });
    }
    case 'unclear':
      return toCallEnd({ result: 'unclear', reason: answer.reason });
    case 'exists':
    case 'found':
      return toCallEnd({ result: 'unclear', reason: 'unexpected_answer' });
    case 'too-late':
      return refused('too_late', answer.detail);
    case 'refused':
      return refused('refused_by_button', `${answer.status} ${answer.detail}`);
  }
}

/**
 * What Button has taken it may show late: a 202 says so itself, and one that was taken lately may be asked for where it has not arrived.
 * A cancellation that may have been carried out by an earlier call is another matter: the order is gone, as it should be (B7).
 */
function readNotFound({ newest, reported, progress }: LedgerEntry, now: Date): CallEnd {
  const isRecent = reported !== undefined && now.getTime() - Date.parse(reported.at) < SHOWN_WITHIN_MS;
  const isCancellation = newest.kind === 'cancelled';
  const isInDoubt = progress.state === 'claimed' && progress.doubt?.hash === newest.hash;
  const mayBeGone = isCancellation && (isInDoubt || reported?.kind === 'cancelled');
  if (isRecent && (reported.acceptedOnly || !mayBeGone))
    return toCallEnd({ result: 'try-again', reason: 'not_found' });
  return isCancellation
    ? toCallEnd({ result: 'done', acceptedOnly: false, sent: true })
    : refused('unknown_to_button');
}

function toCallEnd(result: CallResult): CallEnd {
  return { result, refusal: undefined };
}

function refused(code: keyof typeof REFUSALS, buttonSays = ''): CallEnd {
  const { problem, fix } = REFUSALS[code];
  const text = buttonSays === '' ? problem : `${problem}. Button says: ${buttonSays}`;
  return { result: { result: 'refused', reason: code }, refusal: { code, problem: text, fix } };
}

const REFUSALS = {
  too_late: {
    problem: 'Button refuses changes of a finalized order',
    fix: 'Settle the difference with your Button contact; the order is billable as it stands',
  },
  refused_by_button: {
    problem: 'Button refuses the order as it is',
    fix: 'Correct the order and replay the entry, or send the order as a newer version',
  },
  deleted_at_button: {
    problem:
      'Button holds the order as deleted, which can not be undone, though no cancellation came this way',
    fix: 'Find out who cancelled it; report it under a new order id if it stands',
  },
  unknown_to_button: {
    problem: 'Button has taken the order before and does not know it any more',
    fix: 'Ask your Button contact; replay the entry to try again',
  },
} as const;
