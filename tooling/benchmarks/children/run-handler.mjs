// The child process of a measurement. It loads a function as Lambda does, sends it events and reports the
// time and memory used.
//
// argv: the file to load. Lists of events arrive over IPC, one list at a time.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [, , file] = process.argv;

function cpuMs(since) {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}

/**
 * Peak memory of this process alone. `maxRSS` would include the parent's memory at the fork, if that was
 * larger.
 */
function peakRssMb() {
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(kib) / 1024;
}

/** The longest that Lambda lets a function run. */
const TIMEOUT_MS = 900_000;

const context = (id, deadlineMs = Date.now() + TIMEOUT_MS) => ({
  awsRequestId: `request-${id}`,
  functionName: 'measured',
  functionVersion: '$LATEST',
  invokedFunctionArn: 'arn:aws:lambda:eu-west-1:111122223333:function:measured',
  memoryLimitInMB: '512',
  callbackWaitsForEmptyEventLoop: true,
  getRemainingTimeInMillis: () => deadlineMs - Date.now(),
});

// If log lines are counted, they are written as Lambda writes them: one JSON object each.
if (process.env.AWS_LAMBDA_LOG_FORMAT === 'JSON') {
  const { wrapConsole } = await import('@button-serverless/local-aws/structured-console');
  wrapConsole('JSON', 'INFO');
}

const beforeLoad = process.cpuUsage();
const loaded = await import(pathToFileURL(file).href);
const handler = loaded.handler ?? loaded.default.handler;
const loadMs = cpuMs(beforeLoad);

let count = 0;
process.on('message', async ({ events, warmUp = 0 }) => {
  // Results by event, without those of the warm-up.
  const results = [];
  let before = process.cpuUsage();
  let startedAt = performance.now();
  for (const [index, event] of events.entries()) {
    if (index === warmUp) {
      before = process.cpuUsage();
      startedAt = performance.now();
    }
    count += 1;
    results.push(await handler(event, context(count)));
  }
  process.send({
    loadMs,
    cpuMs: cpuMs(before),
    wallMs: performance.now() - startedAt,
    peakRssMb: peakRssMb(),
    results,
  });
});
process.send({ ready: true });
