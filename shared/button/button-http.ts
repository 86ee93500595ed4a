import {
  request as requestPlain,
  Agent as PlainAgent,
  type ClientRequest,
  type IncomingMessage,
} from 'node:http';
import { request as requestTls, Agent as TlsAgent } from 'node:https';
import type { Socket } from 'node:net';

import { parseJson } from '@button-serverless/validation/json';

/** A call to Button. `path` is already encoded; `body` is sent as JSON. */
export type ButtonRequest = {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  apiKey: string;
  body?: unknown;
  /** The size limit of the response; 5 MB unless given. */
  maxAnswerBytes?: number;
};

/** The result of a call. It contains neither the key nor what was sent. */
export type ButtonResponse =
  /** `body` is undefined if it is not JSON, was cut off or, with `isTooLarge`, is too large. */
  | {
      result: 'answered';
      status: number;
      body: unknown;
      isTooLarge?: true;
      retryAfterMs?: number;
      serverTime?: Date;
    }
  /** No byte of the request left this machine: it is safe to send it again. */
  | { result: 'not-sent'; reason: string }
  /** The request may have been carried out. */
  | { result: 'unclear'; reason: string };

/** A connection to one of Button's hosts. */
export type ButtonHttp = {
  /** Never throws for anything that Button or the network does. */
  call(request: ButtonRequest): Promise<ButtonResponse>;
  /** Ends the connections. */
  close(): void;
};

/** Opens connections to the host of `baseUrl`; `timeoutMs` is the total deadline of one call. */
export type OpenButtonHttp = (to: { baseUrl: string; timeoutMs: number }) => ButtonHttp;

const MAX_ANSWER_BYTES = 5_000_000;

/**
 * For how long a connection may rest between two calls. It rests longer in a frozen environment: Button has
 * closed it meanwhile, and a request over it would have an unclear outcome.
 */
const MAX_REST_MS = 1000;

/**
 * HTTP to Button with a total deadline and a size limit. Redirects are not followed, and no host but that of
 * `baseUrl` is called, so that the key goes nowhere else.
 *
 * Connections stay open for later calls, also of later invocations, but none that has rested for more than a
 * second is used again. `nowMs` is the clock that measures this, in milliseconds; the system's unless given.
 *
 * Authentication is HTTP Basic, with the API key as user name and an empty password. Source:
 * https://developer.usebutton.com/reference/authentication
 */
export function createButtonHttp({
  baseUrl,
  timeoutMs,
  nowMs = Date.now,
}: Parameters<OpenButtonHttp>[0] & { nowMs?: () => number }): ButtonHttp {
  const { protocol, hostname, port, pathname } = new URL(baseUrl);
  const basePath = pathname.replace(/\/$/, '');
  const agent =
    protocol === 'http:' ? new PlainAgent({ keepAlive: true }) : new TlsAgent({ keepAlive: true });
  const open = protocol === 'http:' ? requestPlain : requestTls;
  const usedAtMs = new WeakMap<Socket, number>();
  const hasRested = (socket: Socket): boolean => {
    const restMs = nowMs() - (usedAtMs.get(socket) ?? 0);
    // A clock that was set back says nothing about the rest.
    return restMs < 0 || restMs > MAX_REST_MS;
  };

  return {
    call({ method, path, apiKey, body, maxAnswerBytes = MAX_ANSWER_BYTES }) {
      endRested(agent, hasRested);
      const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
      const outgoing = open({
        agent,
        hostname,
        port,
        method,
        path: `${basePath}${path}`,
        headers: {
          authorization: `Basic ${Buffer.from(`${apiKey}:`).toString('base64')}`,
          accept: 'application/json',
          'accept-encoding': 'identity',
          'user-agent': 'button-serverless',
          ...(payload ? { 'content-type': 'application/json', 'content-length': payload.length } : {}),
        },
      });
      const response = readResponse(outgoing, { timeoutMs, maxAnswerBytes });
      outgoing.on('close', () => {
        if (outgoing.socket) usedAtMs.set(outgoing.socket, nowMs());
      });
      outgoing.end(payload);
      return response;
    },
    close() {
      agent.destroy();
    },
  };
}

/**
 * Ends the idle connections of a host if one of them has rested for too long: the agent might choose an ended
 * one among those that stay.
 */
function endRested(
  { freeSockets }: Pick<PlainAgent, 'freeSockets'>,
  hasRested: (socket: Socket) => boolean,
): void {
  for (const sockets of Object.values(freeSockets)) {
    if (sockets?.some(hasRested)) for (const socket of sockets) socket.destroy();
  }
}

function readResponse(
  outgoing: ClientRequest,
  { timeoutMs, maxAnswerBytes }: { timeoutMs: number; maxAnswerBytes: number },
): Promise<ButtonResponse> {
  return new Promise((resolve) => {
    let connected = false;
    const deadline = setTimeout(() => {
      finish({ result: connected ? 'unclear' : 'not-sent', reason: 'timeout' });
      outgoing.destroy();
    }, timeoutMs);
    const finish = (response: ButtonResponse): void => {
      clearTimeout(deadline);
      resolve(response);
    };

    outgoing.on('socket', (socket) => {
      if (socket.connecting)
        socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => (connected = true));
      else connected = true;
    });
    outgoing.on('error', (error) => {
      finish({ result: connected ? 'unclear' : 'not-sent', reason: networkReason(error) });
    });
    outgoing.on('response', (incoming) => {
      readBody(incoming, maxAnswerBytes).then(
        (text) => {
          finish({ ...toAnswer(incoming, text), ...(text === TOO_LARGE ? { isTooLarge: true } : {}) });
        },
        () => {
          finish(toAnswer(incoming, undefined));
        },
      );
    });
  });
}

const TOO_LARGE = Symbol();

/** Rejects if the response is cut off. Stops reading a response that is too large. */
async function readBody(
  incoming: IncomingMessage,
  maxAnswerBytes: number,
): Promise<string | typeof TOO_LARGE> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    size += bytes.length;
    if (size > maxAnswerBytes) return TOO_LARGE;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

type Answered = Extract<ButtonResponse, { result: 'answered' }>;

function toAnswer(incoming: IncomingMessage, text: string | symbol | undefined): Answered {
  const retryAfterMs = retryAfter(incoming);
  const serverTime = new Date(incoming.headers.date ?? '');
  return {
    result: 'answered',
    status: incoming.statusCode ?? 0,
    body: parseBody(text),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(Number.isNaN(+serverTime) ? {} : { serverTime }),
  };
}

function parseBody(text: string | symbol | undefined): unknown {
  if (typeof text !== 'string') return undefined;
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/**
 * `Retry-After` in seconds or as a date, or else, on a 429, Button's `X-Button-Limit-Reset-Seconds`; limited
 * to between a second and a quarter of an hour. Button may print the state of its limit on any response, so
 * on others than a 429 it asks for nothing.
 *
 * Source: https://developer.usebutton.com/docs/audiences-api (rate limit headers, documented for that API
 * only); RFC 9110, section 10.2.3 (`Retry-After`)
 */
function retryAfter({ headers, statusCode }: IncomingMessage): number | undefined {
  const limitReset = statusCode === 429 ? headers['x-button-limit-reset-seconds'] : undefined;
  const text = headers['retry-after'] ?? limitReset;
  if (typeof text !== 'string') return undefined;
  const ms = /^-?\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.min(900_000, Math.max(1000, ms));
}

/** The error's code; its message may name hosts and addresses, never what was sent. */
function networkReason(error: Error & { code?: unknown }): string {
  return typeof error.code === 'string' ? error.code.toLowerCase() : 'network_error';
}
