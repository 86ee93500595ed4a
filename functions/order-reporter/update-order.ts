import type { OrderApi, OrderApiAnswer, OrderAtButton } from '../../shared/button/order-api.ts';
import { identify, idsOf, tokenAt } from '../../shared/button/order-identity.ts';
import { isReported } from '../../shared/orders/rules/order-evolution.ts';
import { TOKEN_WARNINGS, type CallResult, type LedgerEntry } from '../../shared/orders/rules/order-ledger.ts';
import { contradictsReported } from '../../shared/orders/rules/order-version.ts';
import type { Order } from '@button-serverless/validation/orders';
import { done, endOf, notFound, NOT_SHOWN_YET, refused, type CallEnd } from './call-end.ts';
import { explainForbidden } from './explain-forbidden.ts';
import { lookUp } from './read-order.ts';
import { updateByIds } from './send-by-ids.ts';

/** What to update, and how. */
export type UpdateOrder = {
  entry: LedgerEntry;
  order: Order;
  api: OrderApi;
  now: Date;
  /** Brings the token, because Button may hold the order without it. */
  withToken?: boolean | undefined;
  /** What Button has just shown of the order, and under which id. */
  shown?: OrderAtButton;
  id?: string;
  /** The order was just looked up by its token, without success. */
  isLookedUp?: boolean;
};

/**
 * After this number of failures in a row, every other update leaves out a token that came late: Button may
 * fail on the token alone, and must not be left with an old total.
 */
const TOKEN_SUSPECTED_AFTER = 5;

/**
 * Sends the newest version as an update. Button does not document whether it accepts a token with an update.
 * If it refuses, the same update is sent without the token, so that the order is right at Button in any case.
 * If its answer shows that it ignored the token, the token was not accepted either.
 */
export async function updateOrder(update: UpdateOrder): Promise<CallEnd> {
  const { entry, api, now } = update;
  const shownId = update.shown?.button_order_id;
  if (leavesOldLines(update)) return refused('line_items_missing');
  const btnRef = update.withToken && !isTokenSuspected(update) ? entry.btnRef : undefined;
  let sent: 'sent' | 'refused' | undefined = btnRef === undefined ? undefined : 'sent';
  let answer = await send(update, btnRef);
  const isRefused = answer.answer === 'not-found' && answer.refusal;
  if (sent && (isRefused || answer.answer === 'refused' || answer.answer === 'forbidden')) {
    answer = await send(update);
    sent = 'refused';
  }
  switch (answer.answer) {
    case 'end':
      return answer.end;
    case 'done':
      return done(answer, { shownId, ...tokenAfter(update, sent, answer.shownToken) });
    case 'not-found': {
      const end = notFound(entry, now);
      const { refusal } = answer;
      return refusal && end !== NOT_SHOWN_YET ? refused('refused_by_button', refusal) : end;
    }
    case 'forbidden':
      return explainForbidden(entry, api, answer.detail);
    default:
      return endOf(answer);
  }
}

/** An update that brings nothing but the token is never sent without it. */
function isTokenSuspected({ entry, order, shown }: UpdateOrder): boolean {
  const count = entry.failures?.count ?? 0;
  const isTotalOld = shown?.total !== undefined && shown.total !== order.total;
  return (!isReported(entry) || isTotalOld) && count >= TOKEN_SUSPECTED_AFTER && count % 2 === 1;
}

/**
 * What is known of the token after an update. If the answer shows the order without the token, or with
 * another, Button did not take the one that was `sent`.
 */
function tokenAfter(
  { entry, shown }: UpdateOrder,
  sent: 'sent' | 'refused' | undefined,
  shownToken: string | null | undefined,
): Pick<CallResult & { result: 'done' }, 'token' | 'lacksToken'> {
  const token = tokenAt(shownToken, entry);
  const isWanted = entry.btnRef !== undefined && !entry.warnings.includes(TOKEN_WARNINGS.notTaken);
  const lacksToken = token === 'none' && isWanted && ({ lacksToken: true } as const);
  if (!sent) return { ...(tokenAt(shown?.btn_ref, entry) === 'held' && { token: 'taken' }), ...lacksToken };
  const isTaken = sent === 'sent' && token !== 'none' && token !== 'other';
  return { token: isTaken ? 'taken' : 'refused', ...lacksToken };
}

/** An update without line items leaves the old ones at Button, next to a different total. */
function leavesOldLines({ entry, order, shown }: UpdateOrder): boolean {
  if (order.line_items !== undefined) return false;
  return shown?.line_items === undefined
    ? contradictsReported(order.total, entry)
    : shown.line_items.length > 0 && shown.total !== order.total;
}

/**
 * Whether an update by the brand's id reached another shop's order: the answer shows an id of Button's that
 * is not this order's. A token that the update has just brought proves nothing.
 */
function showsAnothers(
  answer: OrderApiAnswer,
  { ids, entry, sent }: { ids: readonly string[]; entry: LedgerEntry; sent: string | undefined },
): boolean {
  if (answer.answer !== 'done' || answer.buttonOrderId === undefined) return false;
  const { buttonOrderId: button_order_id, shownToken } = answer;
  const btn_ref = shownToken === sent ? undefined : shownToken;
  return !ids.includes(button_order_id) && identify({ button_order_id, btn_ref }, entry) === 'anothers';
}

async function send(
  { entry, order, api, id, shown, isLookedUp }: UpdateOrder,
  btnRef?: string,
): Promise<OrderApiAnswer | { answer: 'end'; end: CallEnd }> {
  const isOurs = shown && identify(shown, entry) === 'ours';
  const ids = idsOf(entry, id, isOurs ? shown.button_order_id : undefined);
  let used: string | undefined;
  const answer = await updateByIds(ids, { entry, api }, (one) => {
    used = one;
    return api.update(one, order, btnRef);
  });
  if (used === entry.orderId && showsAnothers(answer, { ids, entry, sent: btnRef }))
    return { answer: 'end', end: refused('order_id_taken') };
  if (answer.answer !== 'not-found' || isLookedUp) return answer;
  const read = await lookUp(entry, api);
  if (read.reading === 'failed') return { answer: 'end', end: read.end };
  if (read.reading !== 'found' || ids.includes(read.id)) return answer;
  const found = await api.update(read.id, order, btnRef);
  return found.answer === 'done' ? { ...found, buttonOrderId: found.buttonOrderId ?? read.id } : found;
}
