#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { defaultOptions, startButtonSimulator, type ButtonSimulator } from './simulator.ts';

const USAGE = `Usage: npm run button-simulator -- [options]

  --port NUMBER             where to listen, 0 for any free port (default 4010)
  --webhook-url URL         where to send signed webhooks (default: nowhere)
  --webhook-secret SECRET   what to sign them with (default simulated-webhook-secret)
  --brand-api-key KEY       Basic user name for /v1/order (default ${defaultOptions.brandApiKey})
  --publisher-api-key KEY   Basic user name for /v1/affiliation (default ${defaultOptions.publisherApiKey})
  --help                    this text
`;

type Command = {
  port: number;
  webhookUrl: string | undefined;
  webhookSecret: string;
  brandApiKey: string;
  publisherApiKey: string;
};

/** Reads the command line; throws with a line for the user if it is not valid. */
function readCommand(args: string[]): Command | 'help' {
  const { values } = parseArgs({
    args,
    options: {
      port: { type: 'string', default: '4010' },
      'webhook-url': { type: 'string' },
      'webhook-secret': { type: 'string', default: 'simulated-webhook-secret' },
      'brand-api-key': { type: 'string', default: defaultOptions.brandApiKey },
      'publisher-api-key': { type: 'string', default: defaultOptions.publisherApiKey },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const webhookUrl = values['webhook-url'];
  if (!/^\d{1,5}$/.test(values.port) || Number(values.port) > 65_535) {
    throw new Error(`--port must be a number from 0 to 65535, not ${values.port}`);
  }
  if (webhookUrl !== undefined && !(URL.canParse(webhookUrl) && /^https?:/.test(webhookUrl))) {
    throw new Error(`--webhook-url must be an http or https URL, not ${webhookUrl}`);
  }
  return {
    port: Number(values.port),
    webhookUrl,
    webhookSecret: values['webhook-secret'],
    brandApiKey: values['brand-api-key'],
    publisherApiKey: values['publisher-api-key'],
  };
}

function welcome({ url, controlUrl }: ButtonSimulator, command: Command): string {
  const order = JSON.stringify({
    total: 2500,
    currency: 'USD',
    order_id: 'DEMO-1',
    purchase_date: '2025-03-14T15:09:26Z',
    btn_ref: 'fakesrctok-abcdef0123456789',
    line_items: [{ identifier: 'mug', total: 2500, quantity: 1 }],
  });
  return `Button simulator

  Button's API   ${url}/v1
  control API    ${controlUrl}
  webhooks       ${command.webhookUrl ?? 'nowhere yet: start with --webhook-url, or PUT /control/webhook-endpoints'}

Report an order, as a Brand:
  curl -u ${command.brandApiKey}: -H 'content-type: application/json' ${url}/v1/order \\
    -d '${order}'

See what the Publisher earns on it:
  curl -u ${command.publisherApiKey}: '${url}/v1/affiliation/transactions?time_field=modified_date'

Finalize it, and see the webhooks:
  curl -X POST ${controlUrl}/orders/DEMO-1/finalize
  curl ${controlUrl}/webhooks

More controls: the README of @button-serverless/button-simulator. Ctrl-C ends it.
`;
}

async function start(command: Command): Promise<ButtonSimulator> {
  const { port, webhookUrl, webhookSecret, brandApiKey, publisherApiKey } = command;
  const webhooks = webhookUrl === undefined ? [] : [{ name: 'main', url: webhookUrl, secret: webhookSecret }];
  return startButtonSimulator({ port, brandApiKey, publisherApiKey, webhooks });
}

/** One line for a person, for errors that a person can fix. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? error.code : undefined;
  const port = 'port' in error ? String(error.port) : '';
  if (code === 'EADDRINUSE') return `Port ${port} is taken; choose another with --port.`;
  if (code === 'EACCES') return `Port ${port} is not for ordinary users; choose one above 1023 with --port.`;
  return error.message;
}

async function run(args: string[]): Promise<void> {
  const command = readCommand(args);
  if (command === 'help') {
    process.stdout.write(USAGE);
    return;
  }
  const simulator = await start(command);
  process.stdout.write(welcome(simulator, command));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void simulator.close());
}

run(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
});
