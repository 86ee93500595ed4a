import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text as textOf } from 'node:stream/consumers';

import { isKey } from '../look-up/look-up.ts';
import type { Broadcast } from './broadcast.ts';
import { BOARD_HEADERS, STRICT_HEADERS } from './headers.ts';
import type { PageFile } from './page-files.ts';
import { refusalOf } from './request-guard.ts';
import {
  ACTION_NAMES,
  type ActionName,
  type ActionResult,
  type StageFacts,
  type TimelineAnswer,
} from './view.ts';

/** What the server offers to its page. */
export type ConsoleOffer = {
  files: ReadonlyMap<string, PageFile>;
  facts: StageFacts;
  broadcast: Broadcast;
  lookUp: (id: string) => Promise<TimelineAnswer>;
  /** Throws if it cannot be done. */
  act: (name: ActionName, input: unknown) => Promise<ActionResult>;
  /** The boards as one HTML page without scripts, if they are drawn here. */
  boardsPage?: () => string;
};

/** A running server, on this machine only. */
export type ConsoleServer = { port: number; close: () => Promise<void> };

type Exchange = { request: IncomingMessage; response: ServerResponse; url: URL };

/**
 * Serves the page on a free port of 127.0.0.1, or on `port`. Only requests with the token of this run, from
 * the page itself, are answered (`request-guard.ts`).
 */
export async function serveConsole(
  offer: ConsoleOffer,
  { port, token }: { port: number; token: string },
): Promise<ConsoleServer> {
  const server = createServer((request, response) => {
    const known = { port: portOf(server.address()), token };
    answer(offer, { request, response, known }).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else sendJson(response, 502, { problem: error instanceof Error ? error.message : String(error) });
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: portOf(server.address()),
    close: async () => {
      offer.broadcast.close();
      server.close();
      server.closeAllConnections();
      await Promise.resolve();
    },
  };
}

function portOf(address: ReturnType<ReturnType<typeof createServer>['address']>): number {
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return address.port;
}

async function answer(
  offer: ConsoleOffer,
  {
    request,
    response,
    known,
  }: { request: IncomingMessage; response: ServerResponse; known: { port: number; token: string } },
): Promise<void> {
  const { headers, method = '' } = request;
  const url = URL.parse(request.url ?? '/', 'http://127.0.0.1');
  if (!url) {
    request.resume();
    sendText(response, 400, 'This is no address.');
    return;
  }
  const cookieName = `button-console-${known.port}`;
  const linkToken = url.pathname === '/' ? url.searchParams.get('token') : null;
  const refusal = refusalOf(
    {
      method,
      host: headers.host,
      origin: headers.origin,
      fetchSite: headers['sec-fetch-site']?.toString(),
      token: linkToken ?? cookieOf(headers.cookie, cookieName),
    },
    known,
  );
  if (refusal) {
    request.resume();
    sendText(response, refusal.status, refusal.problem);
    return;
  }
  // The script takes the token out of the address; the cookie keeps it from scripts.
  if (linkToken !== null)
    response.setHeader('set-cookie', `${cookieName}=${linkToken}; HttpOnly; SameSite=Strict; Path=/`);
  if (method === 'GET') await answerRead(offer, { request, response, url });
  else if (method === 'POST') await answerAction(offer, { request, response, url });
  else sendText(response, 405, 'There are only GET and POST.');
}

function cookieOf(header: string | undefined, name: string): string | undefined {
  const cookies = (header ?? '').split(';').map((cookie) => cookie.trim());
  return cookies.find((cookie) => cookie.startsWith(`${name}=`))?.slice(name.length + 1);
}

async function answerRead(offer: ConsoleOffer, { request, response, url }: Exchange): Promise<void> {
  request.resume();
  const file = offer.files.get(url.pathname);
  if (file) {
    response.writeHead(200, { ...STRICT_HEADERS, 'content-type': file.contentType }).end(file.body);
    return;
  }
  const read = READS[url.pathname];
  if (!read) sendText(response, 404, 'There is no such page.');
  else await read(offer, { request, response, url });
}

/** What the page reads, by path. */
const READS: Readonly<Record<string, (offer: ConsoleOffer, exchange: Exchange) => void | Promise<void>>> = {
  '/stage': ({ facts }, { response }) => {
    sendJson(response, 200, facts);
  },
  '/events': ({ broadcast }, { response }) => {
    broadcast.open(response);
  },
  '/timeline': async ({ lookUp }, { response, url }) => {
    const id = (url.searchParams.get('id') ?? '').trim();
    if (isKey(id)) sendJson(response, 200, await lookUp(id));
    else sendJson(response, 400, { problem: 'This cannot be an id.' });
  },
  '/boards': ({ boardsPage }, { response }) => {
    if (!boardsPage) {
      sendText(response, 404, 'The boards of this stage are in CloudWatch.');
      return;
    }
    const body = boardsPage();
    response.writeHead(200, { ...BOARD_HEADERS, 'content-type': 'text/html; charset=utf-8' }).end(body);
  },
};

/** Far above what the page sends. */
const MOST_BODY_BYTES = 16_384;

async function answerAction(offer: ConsoleOffer, { request, response, url }: Exchange): Promise<void> {
  const name = ACTION_NAMES.find((known) => url.pathname === `/actions/${known}`);
  const length = Number(request.headers['content-length'] ?? Infinity);
  if (name === undefined || !(length <= MOST_BODY_BYTES)) {
    request.resume();
    if (name === undefined) sendText(response, 404, 'There is no such action.');
    else sendText(response, 413, 'An action is a short JSON document of a known length.');
    return;
  }
  if (!offer.facts.actions.includes(name)) {
    request.resume();
    sendJson(response, 403, { ok: false, message: 'This console only reads.' });
    return;
  }
  const body = parseJson(await textOf(request));
  if (body === undefined) sendJson(response, 400, { ok: false, message: 'The body is not JSON.' });
  else sendJson(response, 200, await offer.act(name, body));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response
    .writeHead(status, { ...STRICT_HEADERS, 'content-type': 'application/json; charset=utf-8' })
    .end(JSON.stringify(body));
}

function sendText(response: ServerResponse, status: number, body: string): void {
  response
    .writeHead(status, { ...STRICT_HEADERS, 'content-type': 'text/plain; charset=utf-8' })
    .end(`${body}\n`);
}
