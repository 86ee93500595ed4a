import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AccountBook } from './account-book.ts';
import { readApiRequest } from './api-request.ts';
import { bodyBytes, errorAnswer, type Answer } from './button-answer.ts';
import { SimulatorClock, type ClockSettings } from './clock.ts';
import { answerControlApi } from './control-api.ts';
import { SimulatorControls } from './controls.ts';
import { answerExchange, type Exchange } from './exchange.ts';
import { FaultRules } from './fault-rules.ts';
import { OrderBook } from './order-book.ts';
import type { Brand, Organization } from './organizations.ts';
import { WebhookPoster } from './post-webhook.ts';
import { RequestLog } from './request-log.ts';
import { Shoppers } from './shoppers.ts';
import { TransactionBook } from './transaction-book.ts';
import { webhookData } from './transaction-rows.ts';
import { WebhookDispatcher, type Webhook } from './webhook-dispatcher.ts';
import { defaultWorld, WorldSchema, type WorldChange } from './world.ts';

export type SimulatorOptions = {
  host: '127.0.0.1';
  /** 0 takes any free port. */
  port: number;
  /** Basic user name for /v1/order. */
  brandApiKey: string;
  /** Basic user name for /v1/affiliation; may be the Brand's. */
  publisherApiKey: string;
  /** Where events go; can be changed later over the control API. */
  webhooks: readonly Webhook[];
  /** What differs from the default world. */
  world: WorldChange;
  /** The Publisher's share of each line item. */
  commissionPercent: number;
  /** How long an order stays open when the Brand does not say. */
  finalizationDays: number;
  publisher: Organization;
  /** The Brand of `brandApiKey`. */
  brand: Organization;
  /** Further Brands, each with its own key and its own orders. */
  furtherBrands: readonly Brand[];
  /** The currencies that the Publisher has an account in before any transaction. */
  accountCurrencies: readonly string[];
  /** ISO 3166 alpha-2, shown in the rows of the Transactions API. */
  country: string;
  clock: ClockSettings;
  /** How long a webhook waits for its answer, in real time; Button's own limit is unknown. */
  webhookTimeoutMs: number;
};

export type ButtonSimulator = {
  /** The base of Button's API, without a slash at its end. */
  url: string;
  /** The base of the control API, without a slash at its end. */
  controlUrl: string;
  /** What the control API offers, without HTTP. */
  controls: SimulatorControls;
  /** Ends everything: the server, its connections, what waits on the clock. Nothing keeps the process alive then. */
  close(): Promise<void>;
};

/** What holds where the caller says nothing. */
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

/** Starts a Button of one's own. Rejects with the server's error when the port is taken. */
export async function startButtonSimulator(
  options: Partial<SimulatorOptions> = {},
): Promise<ButtonSimulator> {
  const settings = { ...defaultOptions, ...options };
  const closing = new AbortController();
  const poster = new WebhookPoster(settings.webhookTimeoutMs);
  const { controls, exchange } = assemble(settings, poster, closing.signal);
  const server = createServer((message, response) => {
    void answerMessage({ controls, exchange }, message, response);
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
      await exchange.clock.stop();
    },
  };
}

type Assembled = { controls: SimulatorControls; exchange: Exchange };

/** Puts the parts together: orders make transactions, transactions make events, all on one clock in one world. */
function assemble(settings: SimulatorOptions, poster: WebhookPoster, closing: AbortSignal): Assembled {
  const startingWorld = WorldSchema.parse({ ...defaultWorld, ...settings.world });
  const world = { ...startingWorld };
  const clock = new SimulatorClock(settings.clock);
  const faults = new FaultRules();
  const log = new RequestLog();
  const shoppers = new Shoppers();
  const { publisher, brand, furtherBrands, commissionPercent, country } = settings;
  const accounts = new AccountBook(publisher, settings.accountCurrencies);
  const brands = [{ apiKey: settings.brandApiKey, organization: brand }, ...furtherBrands];
  const dispatcher = new WebhookDispatcher({ clock, world, faults, poster });
  dispatcher.setWebhooks(settings.webhooks);
  const transactions = new TransactionBook({
    ...{ clock, world, accounts, shoppers, publisher, commissionPercent, country },
    brands: [brand, ...furtherBrands.map(({ organization }) => organization)],
    onVersion: (version, eventType) => {
      const { key: transactionKey, orderId } = version;
      dispatcher.publish({ eventType, transactionKey, orderId, data: webhookData(version) });
    },
  });
  const orders = new OrderBook({
    clock,
    world,
    finalizationDays: settings.finalizationDays,
    onChange: (order) => {
      transactions.follow(order);
    },
  });
  const api = { orders, transactions, accounts, world, brands, publisherApiKey: settings.publisherApiKey };
  const parts = {
    clock,
    world,
    startingWorld,
    log,
    orders,
    transactions,
    accounts,
    shoppers,
    dispatcher,
    faults,
  };
  return { controls: new SimulatorControls(parts), exchange: { api, clock, faults, log, closing } };
}

async function answerMessage(
  { controls, exchange }: Assembled,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const request = await readApiRequest(message);
    const resource = request.path.split('/')[1];
    if (resource === 'control') sendPlain(response, await answerControlApi(controls, request));
    else if (resource === 'v1') await answerExchange(exchange, request, response);
    else sendPlain(response, errorAnswer(404, 'Not found'));
  } catch (error) {
    // The caller is gone, or a delayed answer was called off by close(); anything else is a fault of ours to be shown.
    if (response.destroyed || exchange.closing.aborted) response.destroy();
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
