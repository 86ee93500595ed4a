import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';

import { callerPath } from './caller-path.ts';
import { defaultOutputsFile } from './default-outputs-file.ts';
import type { Outlets } from './run.ts';
import { readStage } from './stage.ts';
import { suggestion } from './suggestion.ts';
import { opsLine } from './timeline/words.ts';
import { UsageError } from './usage-error.ts';

/** What Button can be made to do: what it is for, and the request to the simulator's control API. */
type Trigger = { summary: string; request: (of: Purchase) => { path: string; body: object } };

/** The purchase that a trigger is about, in Button's field names. */
type Purchase = {
  button_order_id: string;
  publisher_customer_id: string;
  amount: number;
  currency: string;
};

/** Where the simulator takes in transactions. */
const PURCHASES = '/transactions';

const transaction = (status: string, more: object = {}) => ({
  request: (of: Purchase) => ({ path: PURCHASES, body: { ...of, status, ...more } }),
});

const TRIGGERS: Readonly<Record<string, Trigger>> = {
  'tx-pending': {
    summary: 'a shopper bought: a pending transaction, with its webhook',
    ...transaction('pending'),
  },
  'tx-validated': {
    summary: 'the time for returns is over: a validated transaction, with its webhook',
    ...transaction('validated'),
  },
  'tx-declined': {
    summary: 'the purchase was cancelled: a declined transaction, with its webhook',
    ...transaction('declined'),
  },
  'lost-webhook': {
    summary: 'a pending transaction whose webhook is lost: only a read of the Transactions API finds it',
    ...transaction('pending', { webhook: false }),
  },
  ping: {
    summary: "a Ping, as the button in Button's Dashboard sends",
    request: () => ({ path: '/webhooks', body: { event_type: 'ping', data: {} } }),
  },
  outage: {
    summary: 'Button answers the next five requests about orders with 503',
    request: () => ({ path: '/faults', body: { on: 'api', times: 5, answer: { status: 503 } } }),
  },
};

const USAGE = `Makes the Button simulator of npm start do something.

npm run trigger -- TRIGGER [options]

${Object.entries(TRIGGERS)
  .map(([name, { summary }]) => `  ${name.padEnd(14)}${summary}`)
  .join('\n')}

  --order ID      the Button order (default: a new one); the same one again changes its transaction
  --shopper ID    who bought (default: me)
  --amount MINOR  the commission, in minor units (default: 500)
  --currency ISO  its currency (default: USD)
  --outputs-file FILE  that of one of several systems on this machine
  --help
`;

/** Runs `npm run trigger`; returns the exit code. */
export async function triggerButton(args: readonly string[], { out, err }: Outlets): Promise<number> {
  try {
    const { values, positionals } = readLine(args);
    if (values.help === true) {
      out(USAGE);
      return 0;
    }
    const [name = ''] = positionals;
    const trigger = TRIGGERS[name];
    if (trigger === undefined)
      throw new UsageError(
        `There is no trigger "${name}".${suggestion(name, Object.keys(TRIGGERS))} --help lists them.`,
      );
    const file = values['outputs-file'];
    const { localEndpoints } = await readStage(file === undefined ? defaultOutputsFile() : callerPath(file));
    const control = localEndpoints?.buttonControl;
    if (control === undefined)
      throw new UsageError('Only the Button simulator of npm start can be made to do this. Is it running?');
    const purchase = purchaseOf(values);
    const request = trigger.request(purchase);
    await post(control, request);
    out(`${name}: ${trigger.summary}.\n`);
    if (request.path === PURCHASES) out(`What happened: ${opsLine('show', purchase.button_order_id)}\n`);
    return 0;
  } catch (error) {
    err(`${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

/** Throws a `UsageError`. */
function readLine(args: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        order: text,
        shopper: text,
        amount: text,
        currency: text,
        'outputs-file': text,
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${problem}\n(--help lists the options)`, { cause: error });
  }
}

function purchaseOf({
  order = `btnorder-${randomBytes(6).toString('hex')}`,
  shopper = 'me',
  amount = '500',
  currency = 'USD',
}: {
  order?: string;
  shopper?: string;
  amount?: string;
  currency?: string;
}): Purchase {
  if (!/^\d{1,9}$/.test(amount))
    throw new UsageError('--amount is a whole number of minor units, such as 500.');
  if (!/^[A-Z]{3}$/.test(currency)) throw new UsageError('--currency is three capital letters, such as USD.');
  return { button_order_id: order, publisher_customer_id: shopper, amount: Number(amount), currency };
}

async function post(control: string, { path, body }: { path: string; body: object }): Promise<void> {
  const response = await fetch(`${control}${path}`, { method: 'POST', body: JSON.stringify(body) }).catch(
    (error: unknown) => {
      throw new UsageError('The Button simulator does not answer. Start it: npm start', { cause: error });
    },
  );
  if (!response.ok)
    throw new Error(`The Button simulator answered ${response.status}: ${await response.text()}`);
}
