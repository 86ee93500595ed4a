import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

/** A request as the simulator's two APIs read it. */
export type ApiRequest = {
  readonly method: string;
  /** As sent, without the query. */
  readonly path: string;
  /** The path's segments, each percent-decoded once; undefined if one cannot be decoded. */
  readonly segments: readonly string[] | undefined;
  readonly query: URLSearchParams;
  /** The Basic user name, if the password is empty as Button expects; otherwise null. */
  readonly apiKey: string | null;
  readonly contentType: string;
  readonly body: string;
  /** Scheme and host that the caller used. */
  readonly origin: string;
};

/** Reads a request to its end. Rejects when its connection ends first. */
export async function readApiRequest(message: IncomingMessage): Promise<ApiRequest> {
  const { headers, method = '', url = '' } = message;
  return toApiRequest({
    method,
    url,
    authorization: headers.authorization,
    contentType: headers['content-type'] ?? '',
    body: await text(message),
    origin: `http://${headers.host ?? 'localhost'}`,
  });
}

/** A request from its message. */
export function toApiRequest({
  url,
  authorization,
  ...rest
}: Pick<ApiRequest, 'method' | 'contentType' | 'body' | 'origin'> & {
  /** Path and query, as sent. */
  url: string;
  authorization: string | undefined;
}): ApiRequest {
  const [path = '', query = ''] = splitOnce(url, '?');
  const apiKey = readApiKey(authorization);
  return { ...rest, path, segments: decodeSegments(path), query: new URLSearchParams(query), apiKey };
}

/** A body as JSON; undefined if it is not JSON. */
export function parseJson(body: string): { json: unknown } | undefined {
  try {
    const json: unknown = JSON.parse(body);
    return { json };
  } catch {
    return undefined;
  }
}

/**
 * The order id that a request to the Order API is about, read from its path or, for a create, from its body.
 */
export function orderIdOf({ segments = [], body }: ApiRequest): string | null {
  const [version, resource, id] = segments;
  if (version !== 'v1' || resource !== 'order') return null;
  if (id !== undefined) return segments.length === 3 ? id : null;
  const json = parseJson(body)?.json;
  const isObject = typeof json === 'object' && json !== null;
  return isObject && 'order_id' in json && typeof json.order_id === 'string' ? json.order_id : null;
}

function readApiKey(authorization: string | undefined): string | null {
  const encoded = /^Basic ([A-Za-z0-9+/]+={0,2})$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return null;
  const [userName, password] = splitOnce(Buffer.from(encoded, 'base64').toString('utf8'), ':');
  return password === '' && userName !== '' ? (userName ?? null) : null;
}

function decodeSegments(path: string): string[] | undefined {
  try {
    return path.split('/').slice(1).map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
