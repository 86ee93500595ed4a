/** What the tour asks of the simulator, over its HTTP control API: the simulator may run anywhere. */
export type SimulatorControl = {
  /** Says whose link is behind a `btn_ref`. */
  setShopper: (btnRef: string, publisherCustomerId: string) => Promise<void>;
  /** Lets an order's next webhook get lost. */
  loseNextWebhook: (orderId: string) => Promise<void>;
  /** Ends an order's time for returns. */
  finalize: (orderId: string) => Promise<void>;
  /** Lets Button misbehave: see "Misbehaviour" in tooling/button-simulator/README.md. */
  addFault: (rule: object) => Promise<void>;
  clearFaults: () => Promise<void>;
  /** Makes a transaction by hand, in Button's field names, and announces it by a webhook. */
  injectTransaction: (transaction: object) => Promise<void>;
  /** Where the one webhook goes, and which secret signs it. */
  setWebhookEndpoint: (endpoint: { url: string; secret: string }) => Promise<void>;
};

/** Connects to a simulator's control API. Every method throws if the simulator does not do it. */
export function connectSimulator(controlUrl: string): SimulatorControl {
  const send = async (method: string, path: string, body?: unknown): Promise<void> => {
    const response = await fetch(`${controlUrl}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`The simulator answered ${response.status} to ${method} ${path}`);
    await response.arrayBuffer();
  };
  return {
    setShopper: (btnRef, publisherCustomerId) =>
      send('PUT', '/shoppers', { [btnRef]: { publisherCustomerId, pubRef: null } }),
    loseNextWebhook: (orderId) =>
      send('POST', '/faults', { on: 'webhook', match: { orderId }, effect: 'lose' }),
    addFault: (rule) => send('POST', '/faults', rule),
    clearFaults: () => send('DELETE', '/faults'),
    injectTransaction: (transaction) => send('POST', '/transactions', transaction),
    setWebhookEndpoint: ({ url, secret }) =>
      send('PUT', '/webhook-endpoints', [{ name: 'local', url, secret }]),
    finalize: (orderId) => send('POST', `/orders/${encodeURIComponent(orderId)}/finalize`),
  };
}
