import { Console } from 'node:console';

import { UsageError } from '../usage-error.ts';
import { readConsoleArguments, USAGE } from './arguments.ts';
import { runConsole } from './run-console.ts';

// The library's log lines must not be part of what is printed.
globalThis.console = new Console(process.stderr);

try {
  const { help, ...options } = readConsoleArguments(process.argv.slice(2));
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  if (help) print(USAGE);
  else {
    const { url, close } = await runConsole(options, print);
    print(
      `${options.write ? 'It may replay and reconcile' : 'It only reads'}. Ctrl-C ends it.\n\n  ${url}\n`,
    );
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void close());
  }
} catch (error) {
  const problem = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${problem}\n${error instanceof UsageError ? '(--help lists the options)\n' : ''}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
