import * as z from 'zod';

const OrdersSchema = z.array(
  z.looseObject({
    order_id: z.string(),
    button_order_id: z.string(),
    total: z.number(),
    status: z.string(),
    brand: z.string(),
  }),
);
const RequestsSchema = z.array(
  z.object({
    method: z.string(),
    path: z.string(),
    query: z.string(),
    orderId: z.string().nullable(),
    status: z.number().nullable(),
  }),
);

/** The simulator over its HTTP control API. Every method throws if the simulator refuses. */
export type SimulatorClient = {
  /** The orders at Button with a brand's order id. */
  orders: (orderId: string) => Promise<z.infer<typeof OrdersSchema>>;
  /** The requests to Button about an order, as `METHOD status`. A cut connection has the status null. */
  calls: (orderId: string) => Promise<string[]>;
  /** The requests to a path, as query strings. */
  queries: (path: RegExp) => Promise<string[]>;
  addFault: (fault: object) => Promise<void>;
  clearFaults: () => Promise<void>;
  setWorld: (change: object) => Promise<void>;
  injectTransaction: (row: object) => Promise<void>;
  setShopper: (btnRef: string, publisherCustomerId: string) => Promise<void>;
  finalize: (orderId: string) => Promise<void>;
};

export function connectSimulator(controlUrl: string): SimulatorClient {
  const ask = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`${controlUrl}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = await response.text();
    if (!response.ok)
      throw new Error(`The simulator answered ${response.status} to ${method} ${path}: ${answer}`);
    return JSON.parse(answer);
  };
  const requests = async () => RequestsSchema.parse(await ask('GET', '/requests'));
  return {
    orders: async (orderId) =>
      OrdersSchema.parse(await ask('GET', '/orders')).filter((order) => order.order_id === orderId),
    calls: async (orderId) =>
      (await requests())
        .filter((request) => request.orderId === orderId)
        .map(({ method, status }) => `${method} ${String(status)}`),
    queries: async (path) => (await requests()).filter((it) => path.test(it.path)).map(({ query }) => query),
    addFault: async (fault) => {
      await ask('POST', '/faults', fault);
    },
    clearFaults: async () => {
      await ask('DELETE', '/faults');
    },
    setWorld: async (change) => {
      await ask('PUT', '/world', change);
    },
    injectTransaction: async (row) => {
      await ask('POST', '/transactions', row);
    },
    setShopper: async (btnRef, publisherCustomerId) => {
      await ask('PUT', '/shoppers', { [btnRef]: { publisherCustomerId, pubRef: null } });
    },
    finalize: async (orderId) => {
      await ask('POST', `/orders/${encodeURIComponent(orderId)}/finalize`);
    },
  };
}
