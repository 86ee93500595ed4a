import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

type Fields = Record<string, unknown>;
type Answer = { status: number; body: unknown };

/** A row of the Transactions API, with types for the fields that the stub reads. */
export type StubRow = Fields & { id: string; account_id: string; modified_date: string };

/** A second, minimal Button, written from docs/button alone, without looking at the simulator. */
export type ButtonStub = {
  url: string;
  /** Its orders, by the brand's order id. */
  orders: Map<string, Fields>;
  /** The requests that it got, as `METHOD path`, with the query. */
  requests: string[];
  /** Every refusal, for a test to print when something goes wrong. */
  complaints: string[];
  rows: StubRow[];
  /** From now on, answers every call about an order with this status. */
  refuseOrders: (status: number) => void;
  close: () => Promise<void>;
};

const ROWS_PER_PAGE = 2;
const TIME_FIELDS = ['created_date', 'modified_date', 'attribution_date'] as const;

/** Starts the stub with one API key, these accounts and these rows. */
export async function startButtonStub(given: {
  apiKey: string;
  accounts: readonly Fields[];
  rows: readonly StubRow[];
}): Promise<ButtonStub> {
  const authorization = `Basic ${Buffer.from(`${given.apiKey}:`).toString('base64')}`;
  let orderRefusal: number | undefined;
  const stub = {
    orders: new Map<string, Fields>(),
    requests: [] as string[],
    complaints: [] as string[],
    rows: [...given.rows],
  };

  const answer = async (request: IncomingMessage): Promise<Answer> => {
    const { method = '', url = '', headers } = request;
    const body = await text(request);
    const { pathname, searchParams } = new URL(url, 'http://stub');
    stub.requests.push(`${method} ${url}`);
    if (headers.authorization !== authorization) return refuse(401, 'Invalid api_key');

    const segments = pathname.split('/').slice(1).map(decodeURIComponent);
    if (segments[0] !== 'v1') return refuse(404, 'No such version');
    if (segments[1] === 'order' && segments.length <= 3) {
      if (orderRefusal !== undefined) return refuse(orderRefusal, 'No orders today');
      if (method === 'POST' && headers['content-type'] !== 'application/json')
        return refuse(400, 'Send JSON');
      return answerOrder(stub.orders, { method, orderId: segments[2], body });
    }
    if (method === 'GET' && segments.slice(1).join('/') === 'brands')
      return { status: 200, body: { meta: { status: 'ok' }, objects: [] } };
    if (method !== 'GET' || segments[1] !== 'affiliation' || segments[2] !== 'accounts') {
      return refuse(404, 'Not found');
    }
    if (segments.length === 3)
      return { status: 200, body: { meta: { status: 'ok' }, objects: given.accounts } };
    const account = given.accounts.find(({ id }) => id === segments[3]);
    if (!account || segments[4] !== 'transactions') return refuse(404, `Could not find ${segments[3] ?? ''}`);
    return listTransactions(
      stub.rows.filter((row) => row.account_id === account['id']),
      searchParams,
    );
  };

  const server = createServer((request, response) => {
    void answer(request).then(({ status, body }) => {
      if (status >= 400) stub.complaints.push(`${stub.requests.at(-1) ?? ''}: ${JSON.stringify(body)}`);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    ...stub,
    url: `http://127.0.0.1:${port}`,
    refuseOrders: (status) => {
      orderRefusal = status;
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** docs/button/order-api.md, "Endpoints" and "Responses". */
function answerOrder(
  orders: Map<string, Fields>,
  { method, orderId: named, body }: { method: string; orderId: string | undefined; body: string },
): Answer {
  if (named === undefined) {
    if (method !== 'POST') return refuse(404, 'Not found');
    const order = JSON.parse(body) as Fields;
    const missing = ['total', 'currency', 'order_id', 'purchase_date'].filter((name) => !(name in order));
    if (missing.length > 0) return refuse(400, `Missing ${missing.join(', ')}`);
    const id = String(order['order_id']);
    if (orders.has(id)) return refuse(409, 'Order already exists');
    const created = { ...order, button_order_id: `btnorder-${id}`, status: 'open' };
    orders.set(id, created);
    return accept(created);
  }
  const orderId = named.replace(/^btnorder-/, '');
  const order = orders.get(orderId);
  if (!order) return refuse(404, `Could not find ${orderId}`);
  switch (method) {
    case 'GET':
      return accept(order);
    case 'POST': {
      const updated = { ...order, ...(JSON.parse(body) as Fields) };
      orders.set(orderId, updated);
      return accept(updated);
    }
    case 'DELETE':
      if (body !== '') return refuse(400, 'A cancellation has no body');
      orders.set(orderId, { ...order, status: 'deleted' });
      return accept(null);
    default:
      return refuse(404, 'Not found');
  }
}

/**
 * docs/button/transactions-api.md: filters together with the cursor, a fixed number of rows, and `meta.next`
 * as the guide prints it.
 */
function listTransactions(rows: readonly StubRow[], parameters: URLSearchParams): Answer {
  const field = TIME_FIELDS.find((name) => name === (parameters.get('time_field') ?? 'created_date'));
  if (!field) return refuse(400, 'Unknown time_field');
  const [start, end] = [parameters.get('start'), parameters.get('end')];
  if (start === null || end === null) return refuse(400, 'start and end are required');
  if (![start, end].every((instant) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/.test(instant))) {
    return refuse(400, 'start and end are RFC 3339');
  }
  const listed = rows.filter((row) => {
    const instant = Date.parse(String(row[field]));
    return instant >= Date.parse(start) && instant < Date.parse(end);
  });
  const cursor = parameters.get('cursor');
  const begin = cursor === null ? 0 : Number(Buffer.from(cursor, 'base64').toString().replace('p=', ''));
  if (!Number.isInteger(begin)) return refuse(400, 'Bad cursor');
  const position = Buffer.from(`p=${begin + ROWS_PER_PAGE}`).toString('base64');
  const account = String(listed[0]?.account_id);
  // The path without `accounts`, and Button's own host: a client that followed it would fail, or send the key
  // to another host.
  const next = `https://api.usebutton.com/v1/affiliation/${account}/transactions?cursor=${encodeURIComponent(position)}`;
  const isLast = begin + ROWS_PER_PAGE >= listed.length;
  return {
    status: 200,
    body: {
      meta: { status: 'ok', next: isLast ? null : next, previous: null },
      objects: listed.slice(begin, begin + ROWS_PER_PAGE),
    },
  };
}

function accept(object: Fields | null): Answer {
  return { status: 200, body: { meta: { status: 'ok' }, object } };
}

function refuse(status: number, message: string): Answer {
  return { status, body: { meta: { status: 'error' }, error: { message } } };
}
