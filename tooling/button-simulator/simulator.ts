import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readApiRequest } from './api-request.ts';
import { assembleButton, type ButtonSettings } from './assemble-button.ts';
import { bodyBytes, errorAnswer, type Answer } from './button-answer.ts';
import { SimulatorClock, type ClockSettings } from './clock.ts';
import { answerControlApi } from './control-api.ts';
import { SimulatorControls } from './controls.ts';
import { answerExchange, type Exchange } from './exchange.ts';
import { newId } from './ids.ts';
import { WebhookPoster } from './post-webhook.ts';

export type SimulatorOptions = ButtonSettings & {
  host: '127.0.0.1';
  /** 0 chooses any free port. */
  port: number;
  clock: ClockSettings;
  /** How long a webhook waits for its response, in real time; Button's own limit is unknown. */
  webhookTimeoutMs: number;
};

export type ButtonSimulator = {
  /** The base of Button's API, without a slash at its end. */
  url: string;
  /** The base of the control API, without a slash at its end. */
  controlUrl: string;
  /** What the control API offers, without HTTP. */
  controls: SimulatorControls;
  /**
   * Ends everything: the server, its connections, everything that waits on the clock. Nothing keeps the
   * process alive after that.
   */
  close(): Promise<void>;
};

/** The defaults. */
export const defaultOptions: SimulatorOptions = {
  host: '127.0.0.1',
  port: 0,
  brandApiKey: 'sk-simulated-brand',
  publisherApiKey: 'sk-simulated-publisher',
  webhooks: [],
  world: {},
  commissionPercent: 5,
  finalizationDays: 30,
  publisher: { id: 'org-7c41b0e2a95d3f18', name: 'Example Rewards' },
  brand: { id: 'org-1d6e83fa50b24c97', name: 'Northway Outfitters' },
  furtherBrands: [],
  accountCurrencies: ['USD'],
  country: 'US',
  clock: { speed: 1 },
  webhookTimeoutMs: 10_000,
};

/** Starts a Button. Rejects with the server's error if the port is taken. */
export async function startButtonSimulator(
  options: Partial<SimulatorOptions> = {},
): Promise<ButtonSimulator> {
  const settings = { ...defaultOptions, ...options };
  const closing = new AbortController();
  const poster = new WebhookPoster(settings.webhookTimeoutMs);
  const clock = new SimulatorClock(settings.clock);
  const { exchange, ...parts } = assembleButton(settings, { clock, poster, newId });
  const controls = new SimulatorControls({ ...parts, clock });
  const server = createServer((message, response) => {
    void answerMessage({ controls, exchange, closing: closing.signal }, message, response);
  });
  const url = await listen(server, settings);
  return {
    url,
    controlUrl: `${url}/control`,
    controls,
    close: async () => {
      closing.abort();
      server.close();
      server.closeAllConnections();
      poster.close();
      await clock.stop();
    },
  };
}

type Serving = { controls: SimulatorControls; exchange: Exchange; closing: AbortSignal };

async function answerMessage(
  { controls, exchange, closing }: Serving,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const request = await readApiRequest(message);
    const resource = request.path.split('/')[1];
    if (resource === 'control') sendPlain(response, await answerControlApi(controls, request));
    else if (resource === 'v1') await answerExchange(exchange, request, { response, closing });
    else sendPlain(response, errorAnswer(404, 'Not found'));
  } catch (error) {
    // The caller is gone, or close() cancelled a delayed response; anything else is a fault of ours and must
    // be shown.
    if (response.destroyed || closing.aborted) response.destroy();
    else sendPlain(response, errorAnswer(500, `The simulator failed: ${String(error)}`));
  }
}

function sendPlain(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(bodyBytes(body));
}

async function listen(server: Server, { host, port }: SimulatorOptions): Promise<string> {
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  return `http://${host}:${isPort(address) ? address.port : port}`;
}

function isPort(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}
