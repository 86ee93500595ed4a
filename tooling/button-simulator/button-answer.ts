import * as z from 'zod';
import { parseJson, type ApiRequest } from './api-request.ts';
import { toWireJson } from './wire-json.ts';

/** An HTTP response before it is written as bytes. `body` is sent as JSON, a string unchanged. */
export type Answer = { status: number; headers?: Readonly<Record<string, string>>; body: unknown };

/** Success with one object, or with nothing to show (Button's reference, response format). */
export function objectAnswer(object: Record<string, unknown> | null, status: 200 | 202 = 200): Answer {
  return { status, body: { meta: { status: 'ok' }, object } };
}

/** Success with a list, which is null if empty lists are; `meta` may carry its neighbours. */
export function listAnswer(
  objects: readonly unknown[] | null,
  meta: Record<string, string | null> = {},
): Answer {
  return { status: 200, body: { meta: { status: 'ok', ...meta }, objects } };
}

/** The page of a list that the request's cursor names, with one entry. */
export function onePerPage(
  entries: readonly unknown[],
  { query, origin, segments = [] }: Pick<ApiRequest, 'query' | 'origin' | 'segments'>,
): Answer {
  const from = Number(query.get('cursor') ?? 0);
  const next = from + 1 < entries.length ? `${origin}/${segments.join('/')}?cursor=${from + 1}` : null;
  return listAnswer(entries.slice(from, from + 1), { next });
}

/** Button's error body. Its texts are ours, so match on the status. */
export function errorAnswer(status: number, message: string): Answer {
  return { status, body: { meta: { status: 'error' }, error: { message } } };
}

/**
 * Whether an answer has the form that Button gives to its status (Button's reference, response format): a 2xx
 * says `ok` and has an object or a list, a 4xx or 5xx says `error` and has a message.
 */
export function isButtonsAnswer({ status, body }: Answer): boolean {
  const shown = ButtonsBodySchema.safeParse(typeof body === 'string' ? parseJson(body)?.json : body);
  if (!shown.success) return false;
  return shown.data.meta.status === 'ok' ? status < 300 : status >= 400;
}

const ButtonsBodySchema = z.union([
  z.object({
    meta: z.object({ status: z.literal('ok') }),
    object: z.record(z.string(), z.unknown()).nullable(),
  }),
  z.object({ meta: z.object({ status: z.literal('ok') }), objects: z.array(z.unknown()) }),
  z.object({ meta: z.object({ status: z.literal('error') }), error: z.object({ message: z.string() }) }),
]);

/** The bytes of an answer's body. */
export function bodyBytes(body: unknown): Buffer {
  return Buffer.from(typeof body === 'string' ? body : toWireJson(body));
}
