import { surviveClosedPipes } from './closed-pipe.ts';
import { sendOrders } from './send-orders.ts';

surviveClosedPipes([process.stdout, process.stderr]);
process.exitCode = await sendOrders(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
});
