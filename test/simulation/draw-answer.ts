import { FaultSchema, type ApiFault, type FaultInput } from '../../tooling/button-simulator/fault-rules.ts';
import type { Random } from './random.ts';

/** Operations of Button's Order API, and how a fault rule matches each of them. */
const OPERATIONS = {
  create: { method: 'POST', path: '^/v1/order$' },
  update: { method: 'POST', path: '^/v1/order/.' },
  cancel: { method: 'DELETE' },
  read: { method: 'GET', path: '^/v1/order/[^/]+$' },
  'look-up': { method: 'GET', path: '^/v1/order/btn-ref/' },
  any: { path: '^/v1/order' },
} as const;

/** Statuses that Button, its load balancer, a CDN or a proxy may answer with. */
const STATUSES = [
  ...[200, 201, 202, 204, 206, 301, 302, 303, 304, 307, 308],
  ...[400, 401, 402, 403, 404, 405, 407, 408, 409, 410, 413, 421, 422, 425, 429, 451],
  ...[500, 501, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527, 529, 598, 599],
] as const;

const PAGE = '<html><head><title>Error</title></head><body><center>nginx</center></body></html>';
/**
 * JSON that does not come from Button, and Button's own `ok` around an object that shows nothing of the
 * order, or another order.
 */
const ODD_JSON = [
  { other: { message: 'no Route matched with those values' }, object: null },
  { other: { meta: { status: 'error' } }, object: {} },
  { other: { error: 'Not Found', status: 404 }, object: { id: 'x', active: true } },
  { other: [], object: { status: 'open' } },
  { other: null, object: [] },
  {
    other: 'ok',
    object: { order_id: 'another', button_order_id: 'btnorder-another', status: 'open', total: 1 },
  },
] as const;

const BODIES = [
  ...['button-error', 'button-error', 'button-ok', 'other-json', 'page', 'text', 'nothing', 'cut-off'],
] as const;

type Body = (typeof BODIES)[number];
type Work = 'done' | 'skipped' | { afterMs: number };

/** One answer, the operation that gets it, and whether Button does the work. */
export type DrawnAnswer = { operation: keyof typeof OPERATIONS; status: number; body: Body; work: Work };

/**
 * An answer of any status with any body, with the work done, not done or done late. Excludes answers that no
 * client can survive.
 */
export function drawAnswer(random: Random): DrawnAnswer {
  for (;;) {
    const answer: DrawnAnswer = {
      operation: random.pick(['create', 'update', 'cancel', 'read', 'look-up', 'any', 'any']),
      status: random.chance(0.7) ? random.pick(STATUSES) : random.between(200, 599),
      body: random.pick(BODIES),
      work: random.pick(['done', 'skipped', 'skipped', { afterMs: 25_000 }, { afterMs: 45_000 }]),
    };
    if (isSurvivable(answer)) return answer;
  }
}

/**
 * Whether a client that believes Button's own answers ends up right. Button refuses only what it does not do,
 * says `ok` only to what it has done, and never denies an order that it has. Answers from anybody else say
 * nothing about the work.
 */
export function isSurvivable({ operation, status, body, work }: DrawnAnswer): boolean {
  const isRead = operation === 'read' || operation === 'look-up' || operation === 'any';
  if (status === 429) return work === 'skipped';
  if (body === 'button-ok' && status < 300) return status === 204 || work === 'done';
  const isRefusal = body === 'button-error' && status >= 400 && status < 500;
  if (!isRefusal || status === 408 || status === 425) return true;
  return work === 'skipped' && !(isRead && [404, 409, 410].includes(status));
}

/** The fault rule for an answer. `match`, `times` and `probability` can narrow it down. */
export function toFault(
  random: Random,
  { operation, status, body, work }: DrawnAnswer,
  narrowed: Pick<FaultInput & { on: 'api' }, 'match' | 'times' | 'probability' | 'seed'>,
): ApiFault {
  const { other, object } = random.pick(ODD_JSON);
  const content: Record<Body, unknown> = {
    'button-error': undefined,
    'button-ok': { meta: { status: 'ok' }, object },
    'other-json': other,
    page: PAGE,
    text: '404 page not found',
    nothing: '',
    'cut-off': undefined,
  };
  const retryAfter = random.pick(['3', '90', '-1', 'soon', '1000000000']);
  const asksToWait = status === 429 || (status === 503 && random.chance(0.5));
  return FaultSchema.parse({
    on: 'api',
    ...narrowed,
    match: { ...OPERATIONS[operation], ...narrowed.match },
    answer: {
      status,
      body: content[body],
      cutOff: body === 'cut-off',
      // Button never says `ok` to work that it refuses.
      unlessRefused: body === 'button-ok' && status < 300,
      headers: asksToWait ? { 'retry-after': retryAfter } : {},
    },
    work,
  }) as ApiFault;
}

/** The order fields that Button's answers may show, and the fewest that the official clients' tests show. */
const SHOWN_FIELDS = [
  ...['order_id', 'button_order_id', 'total', 'currency', 'btn_ref', 'purchase_date', 'line_items'],
  ...['status', 'customer_order_id', 'finalization_date'],
] as const;

/** Answers from Button that show only some fields of an order: answers to reads, or to writes as well. */
export function drawPartialShow(random: Random): ApiFault {
  const leavesOut = SHOWN_FIELDS.filter(() => random.chance(0.4));
  return FaultSchema.parse({
    on: 'api',
    match: random.chance(0.5) ? { path: '^/v1/order', method: 'GET' } : { path: '^/v1/order' },
    times: 'unlimited',
    answer: { leavesOut: leavesOut.length > 0 ? leavesOut : ['btn_ref'] },
  }) as ApiFault;
}

/** A look-up by token that never works, while reads and writes do: it is refused, or gets no answer. */
export function drawDeadLookUp(random: Random): ApiFault {
  const answer = { operation: 'look-up', work: 'skipped' } as const;
  const [status, body] = random.pick([
    [500, 'button-error'],
    [503, 'page'],
    [504, 'nothing'],
    [200, 'other-json'],
    [400, 'button-error'],
    [401, 'button-error'],
    [403, 'button-error'],
    [404, 'page'],
    [404, 'button-error'],
    [405, 'button-error'],
    [410, 'button-error'],
  ] as const);
  return toFault(random, { ...answer, status, body }, { times: 'unlimited' });
}

/**
 * An answer that the orders of one class always get, while other orders succeed. Button does none of the
 * work.
 */
export function drawPermanentAnswer(random: Random): DrawnAnswer {
  for (;;) {
    const answer = { ...drawAnswer(random), work: 'skipped' as const };
    const { status, body, operation } = answer;
    const isOfTheKey = status === 401 || status === 407;
    const isOrder = operation === 'create' || operation === 'update' || operation === 'any';
    // Button never says `ok` to what it does not do, and a 429 only asks the client to wait.
    const isOdd = status === 429 || (body === 'button-ok' && status < 300);
    if (isOrder && !isOfTheKey && !isOdd && isSurvivable(answer)) return answer;
  }
}

/** Paths by the brand's id of an order, and by Button's. */
const PATHS_BY_ID = ['^/v1/order/(?!btnorder-|btn-ref/)', '^/v1/order/btnorder-'] as const;

/** Button itself refuses one operation by ids of one kind, which it takes at other times. */
export function drawRefusedIds(random: Random, timing: Pick<FaultInput, 'times'>): ApiFault {
  const operation = random.pick(['update', 'cancel', 'cancel', 'read', 'read', 'read']);
  const status = random.pick(operation === 'read' ? [400, 400, 403, 405, 422] : [400, 403, 404, 409, 422]);
  const answer = { operation, status, body: 'button-error', work: 'skipped' } as const;
  return toFault(random, answer, { match: { path: random.pick(PATHS_BY_ID) }, ...timing });
}
