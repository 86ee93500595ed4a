/**
 * The simulator's functions that the tour uses, over its HTTP control API: the simulator may run anywhere.
 */
export type SimulatorControl = {
  /** Sets the shopper behind a `btn_ref`. */
  setShopper: (btnRef: string, publisherCustomerId: string) => Promise<void>;
  /** Loses an order's next webhook. */
  loseNextWebhook: (orderId: string) => Promise<void>;
  /** Ends an order's time for returns. */
  finalize: (orderId: string) => Promise<void>;
  /** Makes Button fail: see "Faults" in tooling/button-simulator/README.md. */
  addFault: (rule: object) => Promise<void>;
  clearFaults: () => Promise<void>;
  /** Creates a transaction by hand, in Button's field names, and sends a webhook about it. */
  injectTransaction: (transaction: object) => Promise<void>;
  /** Where the one webhook is sent, and which secret signs it. */
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
