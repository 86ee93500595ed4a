import { parseArgs } from 'node:util';

/** The options of `npm start`. */
export type Arguments = {
  help: boolean;
  /** End after the tour. */
  once: boolean;
  json: boolean;
  tour: boolean;
  /** Begin with what the last such system stored, and store it again at the end. */
  keep: boolean;
  endpointsFile?: string;
  config?: string;
  buttonUrl?: string;
  buttonApiKey?: string;
  webhookSecrets?: [string, ...string[]];
  controlPort: number;
};

/** The help text. */
export const USAGE = `Runs the whole system on this machine, plays a tour, and runs until Ctrl-C.

npm start -- [options]
  --once                   end after the tour; exit 0 only if every step succeeded
  --json                   print one JSON document at the end of the tour
  --no-tour                only set everything up
  --keep                   continue where the last system with --keep stopped, without another tour, and store the
                           state again at the end; it has no metrics, events on the bus or unsent webhooks
  --endpoints-file FILE    write the endpoints as JSON once everything is ready
  --config FILE            deploy this configuration instead of infra/config/local.json
  --button-url URL         use this Button instead of the simulator
  --button-api-key KEY     the API key for it (default: a random one)
  --webhook-secret SECRET  a webhook's secret (default: a random one); may be given several times
  --control-port PORT      the port of the control server (default: any free one)
  --help
`;

/** Reads the command line, or says what is wrong with it. */
export function readArguments(
  args: readonly string[],
): { ok: true; options: Arguments } | { ok: false; problem: string } {
  try {
    const { values } = parseArgs({
      args: [...args],
      allowNegative: true,
      options: {
        help: { type: 'boolean', default: false },
        once: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        tour: { type: 'boolean', default: true },
        keep: { type: 'boolean', default: false },
        'endpoints-file': { type: 'string' },
        config: { type: 'string' },
        'button-url': { type: 'string' },
        'button-api-key': { type: 'string' },
        'webhook-secret': { type: 'string', multiple: true },
        'control-port': { type: 'string', default: '0' },
      },
    });
    return { ok: true, options: toArguments(values) };
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) };
  }
}

type Values = {
  help: boolean;
  once: boolean;
  json: boolean;
  tour: boolean;
  keep: boolean;
  'endpoints-file'?: string | undefined;
  config?: string | undefined;
  'button-url'?: string | undefined;
  'button-api-key'?: string | undefined;
  'webhook-secret'?: string[] | undefined;
  'control-port': string;
};

/** Throws an error for the user if a value is not valid. */
function toArguments(values: Values): Arguments {
  const { help, once, json, tour, keep, config } = values;
  const controlPort = Number(values['control-port']);
  if (!/^\d+$/.test(values['control-port']) || controlPort > 65_535) {
    throw new Error('--control-port must be a number from 0 to 65535');
  }
  if (
    values['button-url'] !== undefined &&
    !/^https?:$/.test(URL.parse(values['button-url'])?.protocol ?? '')
  ) {
    throw new Error('--button-url must be an http or https URL');
  }
  if (values['webhook-secret']?.includes('')) throw new Error('--webhook-secret must not be empty');
  const [firstSecret, ...moreSecrets] = values['webhook-secret'] ?? [];
  return {
    help,
    once,
    json,
    tour,
    keep,
    controlPort,
    ...(values['endpoints-file'] === undefined ? {} : { endpointsFile: values['endpoints-file'] }),
    ...(config === undefined ? {} : { config }),
    ...(values['button-url'] === undefined ? {} : { buttonUrl: values['button-url'] }),
    ...(values['button-api-key'] === undefined ? {} : { buttonApiKey: values['button-api-key'] }),
    ...(firstSecret === undefined ? {} : { webhookSecrets: [firstSecret, ...moreSecrets] }),
  };
}
