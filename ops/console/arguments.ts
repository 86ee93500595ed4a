import { parseArgs } from 'node:util';

import { UsageError } from '../usage-error.ts';

/** The options of `npm run console`. */
export type ConsoleArguments = {
  help: boolean;
  /** The configuration that names the stage. */
  config?: string;
  outputsFile?: string;
  write: boolean;
  port: number;
};

/** The help text. */
export const USAGE = `Shows a deployed stage on a live page, with your AWS credentials. It only reads, unless you add --write.

npm run console -- [CONFIG] [options]
  CONFIG                the configuration of the stage that you mean; another stage is refused
  --outputs-file FILE   the outputs that cdk deploy wrote (default: cdk-outputs.json, or else the system that
                        npm start runs on this machine)
  --write               allow replays and reconciliation
  --port PORT           the port of the page on 127.0.0.1 (default: any free one)
  --help
`;

/** Reads the command line. Throws a `UsageError`. */
export function readConsoleArguments(args: readonly string[]): ConsoleArguments {
  const { values, positionals } = parse(args);
  const [config, ...more] = positionals;
  if (more.length > 0) throw new UsageError('One configuration file is enough.');
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65_535)
    throw new UsageError('--port: is a number from 0 to 65535');
  const { help, write, 'outputs-file': outputsFile } = values;
  return {
    help,
    write,
    port,
    ...(config !== undefined && { config }),
    ...(outputsFile !== undefined && { outputsFile }),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', default: false },
        'outputs-file': { type: 'string' },
        write: { type: 'boolean', default: false },
        port: { type: 'string', default: '0' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
