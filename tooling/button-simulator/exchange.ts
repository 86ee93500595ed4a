import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import { orderIdOf, parseJson, type ApiRequest } from './api-request.ts';
import { answerButtonApi, type ButtonApi } from './button-api.ts';
import { bodyBytes, errorAnswer, isButtonsAnswer, objectAnswer, type Answer } from './button-answer.ts';
import type { Clock } from './clock.ts';
import type { ApiFault, FaultRules } from './fault-rules.ts';
import { OrderFieldsSchema } from './order-body.ts';
import { acceptedAnswer } from './order-api.ts';
import type { RequestLog, RequestRecord } from './request-log.ts';

export type Exchange = {
  api: ButtonApi;
  clock: Pick<Clock, 'now' | 'at'>;
  faults: FaultRules;
  log: RequestLog;
};

/** How a response is sent: whole, cut off in the middle, or not at all. */
type Sent = { answer: Answer; cutOff?: boolean } | 'lost';

/** The response to a request, and when to send it. */
export type Reply = { sent: Sent; delayMs: number; record: RequestRecord };

/**
 * Handles one request to Button's API, from reading it to its response, under the fault rule that applies, if
 * any.
 */
export function replyTo(exchange: Exchange, request: ApiRequest): Reply {
  const { api, clock, faults, log } = exchange;
  const named = orderIdOf(request);
  const orderId = named === null ? null : api.orders.orderIdOf(named);
  const record = log.open(request, { atMs: clock.now(), orderId });
  const { apiKey, method, path } = request;
  const fault = faults.takeForApi({ method, path, orderId, apiKey });
  record.faulty = fault !== undefined;
  const sent = answerUnder(exchange, { fault, request, record });
  record.isButtons = sent !== 'lost' && sent.cutOff !== true && isButtonsAnswer(sent.answer);
  return { sent, delayMs: fault?.answerDelayMs ?? 0, record };
}

/** Answers one request over HTTP. Rejects when `closing` is aborted while the answer is held back. */
export async function answerExchange(
  exchange: Exchange,
  request: ApiRequest,
  { response, closing }: { response: ServerResponse; closing: AbortSignal },
): Promise<void> {
  const { sent, delayMs, record } = replyTo(exchange, request);
  if (delayMs > 0) await delay(delayMs, undefined, { signal: closing });
  send(response, sent, { record, nowMs: exchange.clock.now() });
}

type Struck = { fault: ApiFault | undefined; request: ApiRequest; record: RequestRecord };

function answerUnder(exchange: Exchange, { fault, request, record }: Struck): Sent {
  const work = (): Answer => {
    const answer = answerButtonApi(exchange.api, request);
    record.workStatus = answer.status;
    return answer;
  };
  if (fault === undefined) return { answer: work() };
  const worked = doWork(exchange.clock, fault, work);
  if (fault.answer === 'lost') return 'lost';
  // Button does not accept a request that it finds wrong at once.
  if (fault.answer === 'accepted')
    return { answer: worked && worked.status >= 400 ? worked : accepted(request) };
  if (typeof fault.answer === 'object' && 'leavesOut' in fault.answer)
    return { answer: withoutFields(worked ?? work(), fault.answer.leavesOut) };
  if (typeof fault.answer === 'object') {
    const { unlessRefused, cutOff } = fault.answer;
    if (unlessRefused && worked && worked.status >= 400) return { answer: worked };
    return { answer: statedAnswer(fault.answer), cutOff };
  }
  const answer = worked ?? work();
  if (fault.answer === 'cut-off') return { answer, cutOff: true };
  return { answer: fault.answer === 'truncated' ? truncated(answer) : answer };
}

/** Does the work as the rule says. Returns Button's own response if it was done at once. */
function doWork(clock: Exchange['clock'], fault: ApiFault, work: () => Answer): Answer | undefined {
  const when = fault.work ?? (typeof fault.answer === 'object' ? 'skipped' : 'done');
  if (when === 'done') return work();
  if (when !== 'skipped') clock.at(clock.now() + when.afterMs, work);
  return undefined;
}

function accepted(request: ApiRequest): Answer {
  const fields = OrderFieldsSchema.safeParse(parseJson(request.body)?.json);
  return fields.success ? acceptedAnswer(fields.data) : objectAnswer(null, 202);
}

function withoutFields(answer: Answer, names: readonly string[]): Answer {
  const shown = ShownSchema.safeParse(answer.body).data;
  if (!shown) return answer;
  const strip = (object: unknown): unknown => {
    const fields = FieldsSchema.safeParse(object).data;
    return fields
      ? Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)))
      : object;
  };
  const { object, objects, ...rest } = shown;
  return {
    ...answer,
    body: {
      ...rest,
      ...(object !== undefined && { object: strip(object) }),
      ...(objects && { objects: objects.map(strip) }),
    },
  };
}

const FieldsSchema = z.record(z.string(), z.unknown());
const ShownSchema = z.looseObject({
  object: z.unknown().optional(),
  objects: z.array(z.unknown()).optional(),
});

function statedAnswer({ status, headers, body }: Extract<ApiFault['answer'], { status: number }>): Answer {
  if (hasNoBody(status)) return { status, headers, body: '' };
  const content = body === undefined ? errorAnswer(status, `Simulated ${status}`).body : body;
  return { status, headers, body: content };
}

/** A 204 and a 304 end with their headers (RFC 9110, sections 15.3.5 and 15.4.5). */
function hasNoBody(status: number): boolean {
  return status === 204 || status === 304;
}

function truncated({ status, body }: Answer): Answer {
  const whole = bodyBytes(body).toString('utf8');
  return { status, body: whole.slice(0, whole.length / 2) };
}

type SentAt = { record: RequestRecord; nowMs: number };

function send(response: ServerResponse, sent: Sent, { record, nowMs }: SentAt): void {
  if (sent === 'lost') {
    response.socket?.destroy();
    return;
  }
  const { status, headers, body } = sent.answer;
  const bytes = bodyBytes(body);
  response.writeHead(status, {
    ...(hasNoBody(status) ? {} : { 'content-type': 'application/json', 'content-length': bytes.byteLength }),
    date: new Date(nowMs).toUTCString(),
    ...headers,
  });
  record.status = status;
  record.responseBody = bytes.toString('utf8');
  if (sent.cutOff) response.write(bytes.subarray(0, bytes.byteLength / 2), () => response.socket?.destroy());
  else response.end(bytes);
}
