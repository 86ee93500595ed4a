import { surviveClosedPipes } from './closed-pipe.ts';
import { triggerButton } from './trigger-button.ts';

surviveClosedPipes([process.stdout, process.stderr]);
process.exitCode = await triggerButton(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
});
