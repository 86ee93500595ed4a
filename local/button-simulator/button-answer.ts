/** An HTTP answer before it is put into bytes. `body` goes out as JSON, a string as it is. */
export type Answer = { status: number; headers?: Readonly<Record<string, string>>; body: unknown };

/** Success with one thing, or with nothing to show (Button's reference, response format). */
export function objectAnswer(object: Record<string, unknown> | null, status: 200 | 202 = 200): Answer {
  return { status, body: { meta: { status: 'ok' }, object } };
}

/** Success with a list; `meta` may carry its neighbours. */
export function listAnswer(objects: readonly object[], meta: Record<string, string | null> = {}): Answer {
  return { status: 200, body: { meta: { status: 'ok', ...meta }, objects } };
}

/** Button's error body. Its texts are ours, so match on the status. */
export function errorAnswer(status: number, message: string): Answer {
  return { status, body: { meta: { status: 'error' }, error: { message } } };
}

/** The bytes of an answer's body. */
export function bodyBytes(body: unknown): Buffer {
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}
