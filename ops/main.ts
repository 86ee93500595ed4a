import { Console } from 'node:console';

import { runOps } from './run.ts';

// What the library logs on the way must not stand in the result.
globalThis.console = new Console(process.stderr);

process.exitCode = await runOps(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
});
