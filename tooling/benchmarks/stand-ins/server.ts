import { createServer as createPlainServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { text } from 'node:stream/consumers';

/** A key and a certificate for localhost, in PEM. */
export type Certificate = { key: string; cert: string };

/** A request to the stand-in. */
export type Asked = { method: string; path: string; headers: IncomingHttpHeaders; body: string };

/** The answer, as JSON. */
export type Answer = { status: number; body: string };

/** The HTTP server of a stand-in. */
export type StandInServer = { url: string; close: () => Promise<void> };

/**
 * Listens on a free port of this machine: over TLS, as AWS and Button do, if there is a certificate, and else
 * without.
 */
export async function listen(
  certificate: Certificate | undefined,
  answer: (asked: Asked) => Promise<Answer>,
): Promise<StandInServer> {
  const listener: RequestListener = (request, response) => {
    text(request)
      .then((body) =>
        answer({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body }),
      )
      .then(({ status, body }) => {
        response.writeHead(status, {
          'content-type': 'application/x-amz-json-1.0',
          'content-length': Buffer.byteLength(body),
        });
        response.end(body);
      })
      .catch((error: unknown) => {
        response.writeHead(500);
        response.end(String(error));
      });
  };
  const server = certificate ? createTlsServer(certificate, listener) : createPlainServer(listener);
  // Longer than any pause here. Closing a connection in use would look like an outage.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return {
    url: `${certificate ? 'https' : 'http'}://localhost:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}
