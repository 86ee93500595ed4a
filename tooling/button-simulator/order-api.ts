import type * as z from 'zod';
import { parseJson, type ApiRequest } from './api-request.ts';
import { errorAnswer, listAnswer, objectAnswer, type Answer } from './button-answer.ts';
import { toWholeSeconds } from './instants.ts';
import { OrderFieldsSchema, OrderUpdateSchema, sumProblem, type OrderFields } from './order-body.ts';
import type { Order, OrderBook } from './order-book.ts';
import { problemsOf } from './problems.ts';
import type { World } from './world.ts';

export type OrderApi = { orders: OrderBook; world: Readonly<World> };

/**
 * Answers a Brand's request under /v1/order (docs/button/order-api.md, "Endpoints"); undefined if there is no
 * such endpoint.
 */
export function answerOrderApi(api: OrderApi, brandId: string, request: ApiRequest): Answer | undefined {
  const [, , id, btnRef] = request.segments ?? [];
  const depth = request.segments?.length;
  if (depth === 2 && request.method === 'POST') return create(api, brandId, request);
  if (depth === 4 && id === 'btn-ref' && btnRef && request.method === 'GET')
    return list(api, brandId, btnRef);
  if (depth !== 3 || !id) return undefined;
  const { readIds, updateIds, cancelIds } = api.world;
  switch (request.method) {
    case 'GET':
      return rejectId(api, brandId, { id, accepted: readIds }) ?? get(api, brandId, id);
    case 'POST':
      return rejectId(api, brandId, { id, accepted: updateIds }) ?? update(api, { brandId, id, request });
    case 'DELETE':
      return rejectId(api, brandId, { id, accepted: cancelIds }) ?? cancel(api, brandId, id);
    default:
      return undefined;
  }
}

/** An order as the API shows it, in the field set of the official clients' tests. */
export function orderObject(order: Order): Record<string, unknown> {
  return {
    button_order_id: order.buttonOrderId,
    ...reportedFields(order.fields),
    status: order.status,
    customer_order_id: order.fields.customer_order_id ?? null,
    purchase_date: order.fields.purchase_date,
    finalization_date: toWholeSeconds(order.finalizationMs),
  };
}

/** The 202 to a create: what was reported, without the fields that only a stored order has. */
export function acceptedAnswer(fields: OrderFields): Answer {
  const object = {
    ...reportedFields(fields),
    status: 'open',
    customer_order_id: fields.customer_order_id ?? null,
    purchase_date: fields.purchase_date,
  };
  return objectAnswer(object, 202);
}

function reportedFields(fields: OrderFields): Record<string, unknown> {
  return {
    order_id: fields.order_id,
    total: fields.total,
    currency: fields.currency,
    btn_ref: fields.btn_ref ?? null,
    session_id: null,
    ifa: null,
    line_items: fields.line_items ?? null,
  };
}

function create({ orders, world }: OrderApi, brandId: string, request: ApiRequest): Answer {
  const body = readBody(request, OrderFieldsSchema);
  if ('refusal' in body) return body.refusal;
  const problem = sumProblem(body.fields.total, body.fields.line_items);
  if (problem !== undefined) return errorAnswer(400, problem);
  const created = orders.create(brandId, body.fields);
  switch (created.outcome) {
    case 'created':
    case 'updated':
    case 'unchanged':
      return world.orderApiStatusOnCreate === '202'
        ? acceptedAnswer(created.order.fields)
        : objectAnswer(orderObject(created.order));
    case 'exists':
      return errorAnswer(409, 'Order already exists');
    case 'finalized':
      return finalized;
  }
}

type UpdateRequest = { brandId: string; id: string; request: ApiRequest };

function update({ orders, world }: OrderApi, { brandId, id, request }: UpdateRequest): Answer {
  const body = readBody(request, OrderUpdateSchema);
  if ('refusal' in body) return body.refusal;
  const known = orders.findVisible(brandId, id);
  if (known === undefined) return notFound(id);
  const problem = sumProblem(body.fields.total ?? known.fields.total, body.fields.line_items);
  if (problem !== undefined) return errorAnswer(400, problem);
  if (body.fields.btn_ref !== undefined && world.tokenOnUpdate === 'refused')
    return errorAnswer(400, 'btn_ref can not be changed');
  const updated = orders.update(brandId, id, body.fields);
  switch (updated.outcome) {
    case 'updated':
      return objectAnswer(orderObject(updated.order));
    case 'finalized':
      return finalized;
    case 'cancelled':
      return world.updateCancelled === '403' ? errorAnswer(403, 'Order is deleted') : notFound(id);
    case 'unknown':
      return notFound(id);
  }
}

function cancel({ orders, world }: OrderApi, brandId: string, id: string): Answer {
  if (orders.findVisible(brandId, id) === undefined) return notFound(id);
  const { outcome } = orders.cancel(brandId, id);
  switch (outcome) {
    case 'cancelled':
      return objectAnswer(null);
    case 'already-cancelled':
      return cancelledAgain(id, world);
    case 'finalized':
      return finalized;
    case 'unknown':
      return notFound(id);
  }
}

function cancelledAgain(id: string, { secondDelete }: Readonly<World>): Answer {
  switch (secondDelete) {
    case '200':
      return objectAnswer(null);
    case '403':
      return errorAnswer(403, 'Order is deleted');
    case '404':
      return notFound(id);
  }
}

function get({ orders, world }: OrderApi, brandId: string, id: string): Answer {
  const order = orders.findVisible(brandId, id);
  return order !== undefined && isShown(order, world) ? objectAnswer(orderObject(order)) : notFound(id);
}

/**
 * The answer to an id that this operation does not accept for its kind. Only the form shows whose an unknown
 * id is.
 */
function rejectId(
  { orders, world }: OrderApi,
  brandId: string,
  { id, accepted }: { id: string; accepted: World['readIds'] },
): Answer | undefined {
  const order = orders.find(brandId, id);
  const isButtons = order ? order.buttonOrderId === id : id.startsWith('btnorder-');
  if (accepted === 'both' || accepted === (isButtons ? 'button' : 'brand')) return undefined;
  return world.unacceptedId === '404' ? notFound(id) : errorAnswer(400, `Not an order id: ${id}`);
}

function list({ orders, world }: OrderApi, brandId: string, btnRef: string): Answer {
  const shown = orders.findByBtnRef(brandId, btnRef).filter((order) => isShown(order, world));
  return listAnswer(shown.map(orderObject));
}

function isShown(order: Order, world: Readonly<World>): boolean {
  return order.status !== 'deleted' || world.getCancelled === '200';
}

/**
 * The fields of a body, or the 400 for it: parameters must be in a JSON body (Button's reference, request
 * format).
 */
function readBody<Fields>(
  request: ApiRequest,
  schema: z.ZodType<Fields>,
): { fields: Fields } | { refusal: Answer } {
  if (!/^application\/json\b/i.test(request.contentType)) {
    return { refusal: errorAnswer(400, 'Content-Type must be application/json') };
  }
  const parsed = parseJson(request.body);
  if (parsed === undefined) return { refusal: errorAnswer(400, 'The body is not JSON') };
  const read = schema.safeParse(parsed.json);
  return read.success ? { fields: read.data } : { refusal: errorAnswer(400, problemsOf(read.error)) };
}

const finalized = errorAnswer(403, 'Order is finalized');

function notFound(id: string): Answer {
  return errorAnswer(404, `Could not find order ${id}`);
}
