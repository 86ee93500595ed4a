import { runPreflight } from './run.ts';

process.exitCode = await runPreflight(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
});
