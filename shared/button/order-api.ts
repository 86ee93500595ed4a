import * as z from 'zod';

import type { FailedAnswer } from '../orders/rules/order-ledger.ts';
import type { Order } from '@button-serverless/validation/orders';
import type { ButtonHttp, ButtonRequest, ButtonResponse } from './button-http.ts';
import { compareOrders } from './order-identity.ts';

/** What Button's answer to an order call means for the order. */
export type OrderApiAnswer =
  /**
   * Carried out. `acceptedOnly`: a 202, so Button may not show the order yet. `shownToken`: the order's token
   * in the answer, null if it has none; missing if the answer does not show it.
   */
  | { answer: 'done'; acceptedOnly: boolean; buttonOrderId?: string; shownToken?: string | null }
  /** The order as Button holds it (only from `get` and `getByToken`). */
  | { answer: 'found'; order: OrderAtButton }
  /**
   * A create of an order that already exists: Button refuses it, or answers with an order that is not the one
   * that was sent. Then that is `shown`, and the create may have been carried out nevertheless.
   */
  | { answer: 'exists'; shown?: OrderAtButton }
  /**
   * Button itself says that it has no such order. `mayBeRefused` (only from `getByToken`): this 404 may also
   * mean that Button does not look up orders by token. `refusal` (only of a cancellation): under another id,
   * Button refused it.
   */
  | { answer: 'not-found'; mayBeRefused?: true; refusal?: FailedAnswer }
  /** A 204 to a cancellation, which Button does not document: reads must show whether the order is gone. */
  | { answer: 'unconfirmed' }
  /** Button's 403, which may be about the order (finalized, deleted) or about the key: a read must decide. */
  | { answer: 'forbidden'; detail: FailedAnswer }
  /** Final: the order cannot be reported like this. */
  | { answer: 'refused'; detail: FailedAnswer }
  /** Button refuses the API key; the order is fine. */
  | { answer: 'unauthorized' }
  /** Certainly not carried out; another try can help. */
  | { answer: 'try-again'; reason: string; afterMs?: number }
  /**
   * A read without a usable answer (only from `get` and `getByToken`). `isRefused`: Button refuses to look.
   * `isLost`: the read was sent, and nothing answered.
   */
  | {
      answer: 'unanswered';
      isRefused: boolean;
      reason: string;
      afterMs?: number;
      detail?: FailedAnswer;
      isLost?: true;
    }
  /** The call may have been carried out, or may still be. */
  | { answer: 'unclear'; reason: string; detail?: FailedAnswer };

/** The fields of an order that show whether Button holds the version we mean. */
export type OrderAtButton = z.infer<typeof OrderAtButtonSchema>;

/**
 * Button's Order API. No method throws for anything that Button or the network does.
 *
 * `id` is the brand's own order id or Button's: Button's documents do not agree on which it accepts.
 */
export type OrderApi = {
  create(order: Order): Promise<OrderApiAnswer>;
  /**
   * Sends the whole current version: an update replaces the fields that it contains. It contains the token
   * only if one is given.
   */
  update(id: string, order: Order, btnRef?: string): Promise<OrderApiAnswer>;
  /** Whole orders only; cannot be undone. `orderId`: the brand's own id, if `id` is Button's. */
  cancel(id: string, orderId?: string): Promise<OrderApiAnswer>;
  /** The order as Button holds it. `orderId` as above. */
  get(id: string, orderId?: string): Promise<OrderApiAnswer>;
  /** Finds the order among those of its token, if `get` does not find it. */
  getByToken(orderId: string, btnRef: string): Promise<OrderApiAnswer>;
};

type Operation = 'create' | 'update' | 'cancel' | 'get';

/** A call about the order with one of these ids; `created` is the order that a create sends. */
type OrderCall = { operation: Operation; ids: readonly string[]; created?: Order };

/** A field that Button shows as null, or in an unknown form, counts as not shown. */
const shown = <Schema extends z.ZodType>(schema: Schema) => schema.optional().catch(undefined);

const ShownOrderSchema = z.object({
  total: shown(z.number()),
  currency: shown(z.string()),
  status: shown(z.string()),
  order_id: shown(z.string()),
  button_order_id: shown(z.string().min(1).max(255)),
  customer_order_id: shown(z.string()),
  purchase_date: shown(z.string()),
  /** Null if Button shows that there is none. */
  btn_ref: shown(
    z
      .string()
      .nullable()
      .transform((token) => token || null),
  ),
  line_items: shown(
    z.array(z.object({ identifier: z.string(), total: shown(z.number()), quantity: shown(z.number()) })),
  ),
});

/**
 * An object without an id of Button's order and without a total says nothing about the order: it comes from a
 * cache or a stub.
 */
const OrderAtButtonSchema = ShownOrderSchema.refine(
  ({ order_id: id, button_order_id: buttonId, total }) =>
    id !== undefined || buttonId !== undefined || total !== undefined,
);

/** A list of orders: one token may have several, so each entry must say which order it is. */
const ListedOrderSchema = ShownOrderSchema.extend({ order_id: z.string() });
const ListSchema = z.object({
  meta: z.object({ status: z.literal('ok'), next: z.unknown().optional() }),
  objects: z.array(z.unknown()),
});

const AnswerSchema = z.object({ meta: z.object({ status: z.string() }), object: z.unknown().optional() });

/**
 * Button's error format (response format, docs/button/order-api.md): a body without it is not Button's
 * answer.
 */
const ErrorSchema = z.object({
  meta: z.object({ status: z.literal('error') }),
  error: z.object({ message: z.string(), type: shown(z.string()) }),
});

/**
 * The Order API with one brand's key. An id is encoded as one path segment.
 *
 * Source: https://developer.usebutton.com/docs/order-api-overview
 */
export function createOrderApi(http: ButtonHttp, apiKey: string): OrderApi {
  const send = async (call: OrderCall, request: Omit<ButtonRequest, 'apiKey'>): Promise<OrderApiAnswer> =>
    readAnswer(call, await http.call({ ...request, apiKey }));
  const pathOf = (id: string): string => `/v1/order/${encodeURIComponent(id)}`;

  return {
    create: (order) =>
      send(
        { operation: 'create', ids: [order.order_id], created: order },
        { method: 'POST', path: '/v1/order', body: order },
      ),
    update: (id, { order_id: orderId, btn_ref: _token, ...changes }, btnRef) =>
      send(
        { operation: 'update', ids: [id, orderId] },
        {
          method: 'POST',
          path: pathOf(id),
          body: btnRef === undefined ? changes : { ...changes, btn_ref: btnRef },
        },
      ),
    cancel: (id, orderId = id) =>
      send({ operation: 'cancel', ids: [id, orderId] }, { method: 'DELETE', path: pathOf(id) }),
    get: (id, orderId = id) =>
      send({ operation: 'get', ids: [id, orderId] }, { method: 'GET', path: pathOf(id) }),
    async getByToken(orderId, btnRef) {
      const path = `/v1/order/btn-ref/${encodeURIComponent(btnRef)}`;
      return findListed({ orderId, btnRef }, await http.call({ method: 'GET', path, apiKey }));
    },
  };
}

/**
 * The one table that says which answers are final.
 *
 * | answer | create | update, cancel | get, by id or token |
 * | --- | --- | --- | --- |
 * | 2xx with `meta.status` ok | done | done | found (not found if the token's list has no such order) |
 * | 2xx that shows an order with another id | unclear | unclear | unanswered (by token: not found) |
 * | 2xx that shows a deleted order, or another purchase or total | exists | done | found |
 * | 2xx that shows the order without the token that was sent | done | done | found |
 * | 204 | unclear | update: unclear; cancel: unconfirmed | unanswered |
 * | other 2xx | unclear | unclear | unanswered |
 * | 429, not sent | try again | try again | unanswered |
 * | 408, 425, 1xx, 3xx, 5xx | unclear | unclear | unanswered |
 * | 4xx without Button's error body | unclear | unclear | unanswered |
 * | 401 of Button's | unauthorized | unauthorized | unauthorized (by token: unanswered, refused) |
 * | 403 of Button's | forbidden | forbidden | unanswered, refused |
 * | 404, 410 of Button's | refused | not found | not found (by token: may be refused) |
 * | 409 of Button's | exists | refused | unanswered, refused |
 * | other 4xx of Button's | refused | refused | unanswered, refused |
 *
 * Only Button itself can give a final answer. A gateway or a proxy between us and Button answers with a page,
 * a text, nothing, or JSON of another shape, whatever its status: what became of the request is not known
 * then. Nor is it after any 5xx, because nothing says that Button, or what stands before it, fails before the
 * work is done. A 429 says by its meaning that nothing was done, whoever sends it.
 *
 * A token is asked for only after the id was not found: the key has just worked, so a 401 or 403 says nothing
 * about the order or the key. Facts: docs/button/order-api.md.
 */
function readAnswer(call: OrderCall, response: ButtonResponse): OrderApiAnswer {
  const { operation } = call;
  if (response.result === 'not-sent') return notCarriedOut(operation, response.reason);
  if (response.result === 'unclear') {
    const answer = unclear(operation, response.reason);
    return answer.answer === 'unanswered' ? { ...answer, isLost: true } : answer;
  }

  const { status, body, retryAfterMs } = response;
  if (status === 429) return notCarriedOut(operation, 'http_429', retryAfterMs);
  if (status === 204 && operation === 'cancel') return { answer: 'unconfirmed' };
  if (status >= 200 && status < 300) return readSuccess(call, { status, body });
  const says = readError(status, body);
  const isMeant = status >= 400 && status < 500 && status !== 408 && status !== 425;
  if (isMeant && says) return readRefusal(operation, says);
  const isButtons = says !== undefined && status >= 400;
  const reason = isButtons || status >= 500 ? `http_${status}` : `foreign_http_${status}`;
  return unclear(operation, reason, says ?? { status });
}

/** What a 4xx in Button's own format means. */
function readRefusal(operation: Operation, detail: FailedAnswer): OrderApiAnswer {
  switch (detail.status) {
    case 401:
      return { answer: 'unauthorized' };
    case 403:
      return operation === 'get' ? refuse(operation, detail) : { answer: 'forbidden', detail };
    case 404:
    case 410:
      return operation === 'create' ? { answer: 'refused', detail } : { answer: 'not-found' };
    case 409:
      return operation === 'create' ? { answer: 'exists' } : refuse(operation, detail);
    default:
      return refuse(operation, detail);
  }
}

/** A refused read says nothing about the order. */
function refuse(operation: Operation, detail: FailedAnswer): OrderApiAnswer {
  return operation === 'get'
    ? { answer: 'unanswered', isRefused: true, reason: `http_${detail.status}`, detail }
    : { answer: 'refused', detail };
}

function readSuccess(
  { operation, ids, created }: OrderCall,
  { status, body }: { status: number; body: unknown },
): OrderApiAnswer {
  const answer = AnswerSchema.safeParse(body);
  if (!answer.success || answer.data.meta.status !== 'ok')
    return unclear(operation, 'unreadable_answer', { status });
  const order = OrderAtButtonSchema.safeParse(answer.data.object);
  const shownId = order.data?.order_id;
  if (shownId !== undefined && !ids.includes(shownId))
    return unclear(operation, 'unreadable_order', { status });
  if (operation === 'get') {
    return order.success
      ? { answer: 'found', order: order.data }
      : { answer: 'unanswered', isRefused: false, reason: 'unreadable_order', detail: { status } };
  }
  const acceptedOnly = status === 202;
  if (created && order.success && isOther(order.data, created, acceptedOnly))
    return { answer: 'exists', shown: order.data };
  const { button_order_id: buttonOrderId, btn_ref: shownToken } = order.data ?? {};
  return {
    answer: 'done',
    acceptedOnly,
    ...(buttonOrderId !== undefined && { buttonOrderId }),
    ...(!acceptedOnly && shownToken !== undefined && { shownToken }),
  };
}

/**
 * Button's answer to a create shows a deleted order, or one that differs from the one sent. If only the token
 * is missing, Button did not accept that. What Button has only accepted (202), it may not show whole yet.
 */
function isOther(shown: OrderAtButton, created: Order, acceptedOnly: boolean): boolean {
  const { btn_ref: token, total, status } = shown;
  const identity = compareOrders(shown, created, created.btn_ref);
  if (status === 'deleted' || identity === 'anothers') return true;
  if (total !== created.total && total !== undefined) return true;
  if (token === undefined || token === (created.btn_ref ?? null)) return false;
  return token !== null || (!acceptedOnly && (identity !== 'ours' || total === undefined));
}

/**
 * The order among those of its token. The entry does not have to show the token again. One that shows another
 * token counts only if there is no other, and so does a deleted one.
 */
function findListed(
  { orderId, btnRef }: { orderId: string; btnRef: string },
  response: ButtonResponse,
): OrderApiAnswer {
  if (response.result !== 'answered' || response.status < 200 || response.status >= 300) {
    const answer = readAnswer({ operation: 'get', ids: [orderId] }, response);
    if (answer.answer === 'unauthorized')
      return { answer: 'unanswered', isRefused: true, reason: 'look_up_http_401' };
    // A 404 may be about the token, or about an endpoint that Button does not have.
    return answer.answer === 'not-found' ? { ...answer, mayBeRefused: true } : answer;
  }
  const list = ListSchema.safeParse(response.body);
  if (!list.success) return { answer: 'unanswered', isRefused: false, reason: 'unreadable_answer' };
  const listed = list.data.objects.map((object) => ListedOrderSchema.safeParse(object).data);
  const own = listed.flatMap((order) => (order?.order_id === orderId ? [order] : []));
  const ofToken = own.filter(({ btn_ref: token }) => (token ?? btnRef) === btnRef);
  const candidates = ofToken.length > 0 ? ofToken : own;
  const order = candidates.find(({ status }) => status !== 'deleted') ?? candidates[0];
  if (order)
    return { answer: 'found', order: order.btn_ref === undefined ? { ...order, btn_ref: btnRef } : order };
  if (listed.includes(undefined))
    return { answer: 'unanswered', isRefused: false, reason: 'unreadable_order' };
  return list.data.meta.next
    ? { answer: 'unanswered', isRefused: false, reason: 'list_goes_on' }
    : { answer: 'not-found' };
}

/** A read changes nothing: it is never unclear, only unanswered. */
function unclear(operation: Operation, reason: string, detail?: FailedAnswer): OrderApiAnswer {
  const said = detail && { detail };
  return operation === 'get'
    ? { answer: 'unanswered', isRefused: false, reason, ...said }
    : { answer: 'unclear', reason, ...said };
}

function notCarriedOut(operation: Operation, reason: string, afterMs?: number): OrderApiAnswer {
  const wait = afterMs === undefined ? {} : { afterMs };
  return operation === 'get'
    ? { answer: 'unanswered', isRefused: false, reason, ...wait }
    : { answer: 'try-again', reason, ...wait };
}

/** The text in Button's own error format, shortened; undefined for any other body. */
function readError(status: number, body: unknown): FailedAnswer | undefined {
  const { error } = ErrorSchema.safeParse(body).data ?? {};
  if (!error) return undefined;
  const type = error.type?.slice(0, 100);
  return { status, message: error.message.slice(0, 1000), ...(type !== undefined && { type }) };
}

/**
 * Whether Button shows that it holds exactly this version: the same total, currency and lines, and no other
 * customer's order number. Amounts that Button does not show prove nothing. A check that is too strict costs
 * one update that changes nothing.
 */
export function holdsVersion(held: OrderAtButton, order: Order): boolean {
  if (held.total !== order.total || held.currency !== order.currency) return false;
  const { customer_order_id: shownId } = held;
  if (order.customer_order_id !== undefined && shownId !== undefined && shownId !== order.customer_order_id)
    return false;
  const lines = (
    items: readonly { identifier: string; total?: number | undefined; quantity?: number | undefined }[],
  ): string =>
    JSON.stringify(items.map(({ identifier, total, quantity = 1 }) => [identifier, total, quantity]).sort());
  return lines(held.line_items ?? []) === lines(order.line_items ?? []);
}
