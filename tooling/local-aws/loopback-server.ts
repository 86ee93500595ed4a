import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';

/** An HTTP server that only this machine can reach. */
export type LoopbackServer = {
  port: number;
  /** `http://127.0.0.1:<port>`, without a trailing slash. */
  url: string;
  /** Drops open connections and resolves once the port is free. Calling it twice is harmless. */
  close(): Promise<void>;
};

/** Listens on a free port of 127.0.0.1. Rejects when no port can be had. */
export async function listenOnLoopback(listener: RequestListener): Promise<LoopbackServer> {
  const server = createServer(listener);
  // A long poll or a paused debugger is no reason to cut a local connection.
  server.requestTimeout = 0;
  // Longer than clients keep an idle connection, so that none is closed under a request.
  server.keepAliveTimeout = 120_000;

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });

  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return {
    port: address.port,
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
