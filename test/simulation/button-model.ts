import { toApiRequest } from '../../tooling/button-simulator/api-request.ts';
import {
  assembleButton,
  type ButtonParts,
  type ButtonSettings,
} from '../../tooling/button-simulator/assemble-button.ts';
import { replyTo, type Exchange, type Reply } from '../../tooling/button-simulator/exchange.ts';
import type { WebhookDispatcherOptions } from '../../tooling/button-simulator/webhook-dispatcher.ts';
import { toWireJson } from '../../tooling/button-simulator/wire-json.ts';
import { parseJson } from '../../shared/validation/json/parse-json.ts';
import type { ButtonHttp, ButtonRequest, ButtonResponse } from '../../shared/button/button-http.ts';
import type { Host } from './lambda-model.ts';
import type { Random } from './random.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** Button on the virtual clock, made of the simulator's own parts. Its ids are the same in every run. */
export function createButtonModel(
  settings: ButtonSettings,
  {
    clock,
    post,
    random,
  }: { clock: VirtualClock; post: WebhookDispatcherOptions['poster']['post']; random: Random },
): ButtonParts {
  return assembleButton(settings, {
    clock,
    poster: { post },
    newId: (prefix) => `${prefix}-${random.hex(16)}`,
  });
}

/**
 * One process's client for Button's API, without a network. It returns what `createButtonHttp` would make of
 * the same answers.
 */
export function createModelHttp(
  host: Pick<Host, 'call'>,
  { exchange, clock, timeoutMs }: { exchange: Exchange; clock: Exchange['clock']; timeoutMs: number },
): ButtonHttp {
  return {
    async call(request) {
      try {
        return await host.call(
          { service: 'button', target: request.path, operation: request.method },
          (fate) => {
            const reply = replyTo(exchange, toExchange(request));
            if (fate.answer !== undefined) return { result: 'unclear', reason: 'econnreset' };
            if (reply.delayMs === 0) return toResponse(reply, clock.now());
            return new Promise<ButtonResponse>((resolve) => {
              const isTooLate = reply.delayMs >= timeoutMs;
              clock.at(clock.now() + Math.min(reply.delayMs, timeoutMs), () => {
                resolve(
                  isTooLate ? { result: 'unclear', reason: 'timeout' } : toResponse(reply, clock.now()),
                );
              });
            });
          },
        );
      } catch {
        return { result: 'not-sent', reason: 'econnrefused' };
      }
    },
    close: () => undefined,
  };
}

function toExchange({ method, path, apiKey, body }: ButtonRequest): ReturnType<typeof toApiRequest> {
  return toApiRequest({
    method,
    url: path,
    authorization: `Basic ${Buffer.from(`${apiKey}:`).toString('base64')}`,
    contentType: body === undefined ? '' : 'application/json',
    body: body === undefined ? '' : JSON.stringify(body),
    origin: 'https://api.usebutton.com',
  });
}

function toResponse({ sent, record }: Reply, nowMs: number): ButtonResponse {
  if (sent === 'lost') return { result: 'unclear', reason: 'econnreset' };
  const { status, headers = {}, body } = sent.answer;
  record.status = status;
  const retryAfterMs = retryAfter(headers['retry-after'], nowMs);
  return {
    result: 'answered',
    status,
    body: sent.cutOff === true ? undefined : throughJson(body),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    serverTime: new Date(nowMs - (nowMs % 1000)),
  };
}

/** The body as its recipient parses it; undefined if it is not JSON. */
function throughJson(body: unknown): unknown {
  try {
    return parseJson(typeof body === 'string' ? body : toWireJson(body));
  } catch {
    return undefined;
  }
}

/** Limited to between one second and a quarter of an hour, as in `createButtonHttp`. */
function retryAfter(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^-?\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.min(900_000, Math.max(1000, ms));
}
