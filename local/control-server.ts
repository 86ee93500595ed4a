import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** What the control server offers. */
export type Controls = {
  /** 0 takes any free port. */
  port: number;
  reconcile: () => Promise<unknown>;
  events: () => unknown;
  metrics: () => unknown;
  alarms: () => unknown;
};

/** A running control server. */
export type ControlServer = {
  urls: { reconcileUrl: string; eventsUrl: string; metricsUrl: string; alarmsUrl: string };
  close: () => Promise<void>;
};

/**
 * A small HTTP server for what AWS shows in its console: POST /reconcile, GET /events, GET /metrics, GET
 * /alarms; JSON.
 *
 * Throws an error for the user if the port is taken.
 */
export async function startControlServer(controls: Controls): Promise<ControlServer> {
  const routes: Record<string, () => unknown> = {
    'POST /reconcile': controls.reconcile,
    'GET /events': controls.events,
    'GET /metrics': controls.metrics,
    'GET /alarms': controls.alarms,
  };
  const server = createServer((request, response) => {
    void answer(routes, request, response);
  });
  server.listen(controls.port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    if (!isPortTaken(error)) throw error;
    throw new Error(`Port ${controls.port} is taken; choose another with --control-port.`, { cause: error });
  }
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : controls.port;
  const base = `http://127.0.0.1:${port}`;
  return {
    urls: {
      reconcileUrl: `${base}/reconcile`,
      eventsUrl: `${base}/events`,
      metricsUrl: `${base}/metrics`,
      alarmsUrl: `${base}/alarms`,
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await Promise.resolve();
    },
  };
}

function isPortTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}

async function answer(
  routes: Record<string, () => unknown>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [path = ''] = (request.url ?? '').split('?');
  const route = routes[`${request.method ?? ''} ${path}`];
  request.resume();
  if (!route) {
    send(response, 404, { error: `Not here; there are ${Object.keys(routes).join(', ')}` });
    return;
  }
  try {
    send(response, 200, await route());
  } catch (error) {
    send(response, 502, { error: error instanceof Error ? error.message : String(error) });
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response
    .writeHead(status, { 'content-type': 'application/json' })
    .end(`${JSON.stringify(body, null, 2)}\n`);
}
