import { sendOrders } from './send-orders.ts';

process.exitCode = await sendOrders(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
});
