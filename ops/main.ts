import { Console } from 'node:console';

import { runOps } from './run.ts';

// The library's log lines must not be part of the result.
globalThis.console = new Console(process.stderr);

process.exitCode = await runOps(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
});
