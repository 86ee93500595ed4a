import { Console } from 'node:console';

import { surviveClosedPipes } from './closed-pipe.ts';
import { runOps } from './run.ts';

// The library's log lines must not be part of the result.
globalThis.console = new Console(process.stderr);

const { stdout, stderr } = process;
surviveClosedPipes([stdout, stderr]);
process.exitCode = await runOps(process.argv.slice(2), {
  out: (text) => void stdout.write(text),
  err: (text) => void stderr.write(text),
  columns: stdout.isTTY ? stdout.columns : undefined,
  terminal: stderr.isTTY ? stderr : undefined,
});
