import * as z from 'zod';

import type { Order } from '../domain/order.ts';
import type { ButtonHttp, ButtonRequest, ButtonResponse } from './button-http.ts';

/** What Button's answer to an order call means for the order. */
export type OrderApiAnswer =
  /** Carried out. `acceptedOnly`: a 202, Button may not show it yet. */
  | { answer: 'done'; acceptedOnly: boolean; buttonOrderId?: string }
  /** The order as Button holds it (only from `get`). */
  | { answer: 'found'; order: OrderAtButton }
  /** A create of an order that is there already. */
  | { answer: 'exists' }
  | { answer: 'not-found' }
  /** A 403 to an update or cancellation: the order is finalized, immutable and billable; or it means the key after all. */
  | { answer: 'too-late'; detail: string }
  /** Final: the order can't be reported like this. `detail` is Button's text and may quote the order. */
  | { answer: 'refused'; status: number; detail: string }
  /** The API key is wrong; the order is fine. */
  | { answer: 'unauthorized'; status: 401 | 403 }
  /** Not carried out, for certain; worth another try. */
  | { answer: 'try-again'; reason: string; afterMs?: number }
  /** Nothing is known: the look-up by token failed, or Button refused it (only from `getByToken`). */
  | { answer: 'unanswered'; isRefused: boolean; reason: string; afterMs?: number }
  /** It may have been carried out, or may still be. */
  | { answer: 'unclear'; reason: string };

/** The part of an order that tells whether Button holds the version we mean. */
export type OrderAtButton = z.infer<typeof OrderAtButtonSchema>;

/** Button's Order API. No method throws for what Button or the network does. */
export type OrderApi = {
  create(order: Order): Promise<OrderApiAnswer>;
  /** Sends the whole current version: an update replaces what it names. */
  update(orderId: string, order: Order): Promise<OrderApiAnswer>;
  /** Whole orders only; can't be undone. */
  cancel(orderId: string): Promise<OrderApiAnswer>;
  /** The order as Button holds it. */
  get(orderId: string): Promise<OrderApiAnswer>;
  /** The order among those of its token, for where `get` finds nothing: Button's documents do not agree on whose id a GET takes. */
  getByToken(orderId: string, btnRef: string): Promise<OrderApiAnswer>;
};

type Operation = 'create' | 'update' | 'cancel' | 'get';

/** What Button shows as null, or otherwise than we know it, is as if it did not show it. */
const shown = <Schema extends z.ZodType>(schema: Schema) => schema.optional().catch(undefined);

const OrderAtButtonSchema = z.object({
  total: shown(z.number()),
  currency: shown(z.string()),
  status: shown(z.string()),
  button_order_id: shown(z.string()),
  customer_order_id: shown(z.string()),
  btn_ref: shown(z.string()),
  line_items: shown(
    z.array(z.object({ identifier: z.string(), total: shown(z.number()), quantity: shown(z.number()) })),
  ),
});

/** A list of orders: one token may stand for several, so each has to say which it is. */
const ListedOrderSchema = OrderAtButtonSchema.extend({ order_id: z.string() });
const ListSchema = z.object({
  meta: z.object({ status: z.literal('ok'), next: z.unknown().optional() }),
  objects: z.array(z.unknown()),
});

const AnswerSchema = z.object({ meta: z.object({ status: z.string() }), object: z.unknown().optional() });

const ErrorSchema = z.object({ error: z.object({ message: z.string() }) });

/**
 * The Order API with one brand's key. Orders are addressed by the brand's own order id, encoded as one path segment.
 *
 * Source: https://developer.usebutton.com/docs/order-api-overview
 */
export function createOrderApi(http: ButtonHttp, apiKey: string): OrderApi {
  const send = async (
    operation: Operation,
    request: Omit<ButtonRequest, 'apiKey'>,
  ): Promise<OrderApiAnswer> => readAnswer(operation, await http.call({ ...request, apiKey }));
  const pathOf = (orderId: string): string => `/v1/order/${encodeURIComponent(orderId)}`;

  return {
    create: (order) => send('create', { method: 'POST', path: '/v1/order', body: order }),
    update: (orderId, { order_id: _id, btn_ref: _token, ...changes }) =>
      send('update', { method: 'POST', path: pathOf(orderId), body: changes }),
    cancel: (orderId) => send('cancel', { method: 'DELETE', path: pathOf(orderId) }),
    get: (orderId) => send('get', { method: 'GET', path: pathOf(orderId) }),
    async getByToken(orderId, btnRef) {
      const path = `/v1/order/btn-ref/${encodeURIComponent(btnRef)}`;
      return findListed(orderId, await http.call({ method: 'GET', path, apiKey }));
    },
  };
}

/**
 * The one table that says which answers are final.
 *
 * | status | create | update, cancel | get | get by token |
 * | --- | --- | --- | --- | --- |
 * | 2xx with `meta.status` ok | done | done | found | found if it is in the list, else not found |
 * | 2xx otherwise, 408, 500, 502, 504 | unclear | unclear | try again | unanswered |
 * | 401 | unauthorized | unauthorized | unauthorized | unanswered (refused) |
 * | 403 | unauthorized | too late, or the key | unauthorized | unanswered (refused) |
 * | 404 | refused | not found | not found | not found |
 * | 409 | exists | refused | refused | not found |
 * | 3xx, 425, 429, other 5xx | try again | try again | try again | unanswered |
 * | other 4xx | refused | refused | refused | not found |
 *
 * A 500 counts as unclear because nothing says that Button fails before it has done the work. A token is asked for only after the id was
 * not found: the key has just worked, so a 401 or 403 says nothing about the order or the key. Facts: docs/button/order-api.md.
 */
function readAnswer(operation: Operation, response: ButtonResponse): OrderApiAnswer {
  if (response.result === 'not-sent') return { answer: 'try-again', reason: response.reason };
  if (response.result === 'unclear') return unclear(operation, response.reason);

  const { status, body } = response;
  if (status >= 200 && status < 300) return readSuccess(operation, status, body);
  switch (status) {
    case 401:
      return { answer: 'unauthorized', status };
    case 403:
      return operation === 'update' || operation === 'cancel'
        ? { answer: 'too-late', detail: errorMessage(body) }
        : { answer: 'unauthorized', status };
    case 404:
      return operation === 'create'
        ? { answer: 'refused', status, detail: errorMessage(body) }
        : { answer: 'not-found' };
    case 408:
    case 500:
    case 502:
    case 504:
      return unclear(operation, `http_${status}`);
    case 409:
      return operation === 'create'
        ? { answer: 'exists' }
        : { answer: 'refused', status, detail: errorMessage(body) };
    default:
      break;
  }
  if (status < 400 || status >= 500 || status === 425 || status === 429) {
    const { retryAfterMs: afterMs } = response;
    return { answer: 'try-again', reason: `http_${status}`, ...(afterMs === undefined ? {} : { afterMs }) };
  }
  return { answer: 'refused', status, detail: errorMessage(body) };
}

function readSuccess(operation: Operation, status: number, body: unknown): OrderApiAnswer {
  const answer = AnswerSchema.safeParse(body);
  if (!answer.success || answer.data.meta.status !== 'ok') return unclear(operation, 'unreadable_answer');
  const order = OrderAtButtonSchema.safeParse(answer.data.object);
  if (operation === 'get') {
    return order.success
      ? { answer: 'found', order: order.data }
      : { answer: 'try-again', reason: 'unreadable_answer' };
  }
  const buttonOrderId = order.data?.button_order_id;
  return {
    answer: 'done',
    acceptedOnly: status === 202,
    ...(buttonOrderId === undefined ? {} : { buttonOrderId }),
  };
}

/** The order among those of its token; one that is deleted counts only if there is no other. */
function findListed(orderId: string, response: ButtonResponse): OrderApiAnswer {
  if (response.result !== 'answered' || response.status < 200 || response.status >= 300) {
    const answer = readAnswer('get', response);
    if (answer.answer === 'unauthorized')
      return { answer: 'unanswered', isRefused: true, reason: `look_up_http_${answer.status}` };
    return answer.answer === 'try-again'
      ? { ...answer, answer: 'unanswered', isRefused: false }
      : { answer: 'not-found' };
  }
  const list = ListSchema.safeParse(response.body);
  if (!list.success) return { answer: 'unanswered', isRefused: false, reason: 'unreadable_answer' };
  const own = list.data.objects.flatMap((listed) => {
    const order = ListedOrderSchema.safeParse(listed);
    return order.success && order.data.order_id === orderId ? [order.data] : [];
  });
  const order = own.find(({ status }) => status !== 'deleted') ?? own[0];
  if (order) return { answer: 'found', order };
  return list.data.meta.next
    ? { answer: 'unanswered', isRefused: false, reason: 'list_goes_on' }
    : { answer: 'not-found' };
}

/** A read that failed has changed nothing: it can be tried again at once. */
function unclear(operation: Operation, reason: string): OrderApiAnswer {
  return operation === 'get' ? { answer: 'try-again', reason } : { answer: 'unclear', reason };
}

function errorMessage(body: unknown): string {
  const parsed = ErrorSchema.safeParse(body);
  return parsed.success ? parsed.data.error.message.slice(0, 1000) : '';
}

/**
 * Whether Button holds this very version: same total, currency, customer's order number and lines. What Button does not show, or the
 * version leaves open, is not compared. Being too strict costs one update that changes nothing.
 */
export function holdsVersion(held: OrderAtButton, order: Order): boolean {
  if (held.total !== undefined && held.total !== order.total) return false;
  if (held.currency !== undefined && held.currency !== order.currency) return false;
  const { customer_order_id: shownId } = held;
  if (order.customer_order_id !== undefined && shownId !== undefined && shownId !== order.customer_order_id)
    return false;
  if (!held.line_items) return true;
  const lines = (
    items: readonly { identifier: string; total?: number | undefined; quantity?: number | undefined }[],
  ): string =>
    JSON.stringify(items.map(({ identifier, total, quantity = 1 }) => [identifier, total, quantity]).sort());
  return lines(held.line_items) === lines(order.line_items ?? []);
}
