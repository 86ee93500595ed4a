/**
 * The program of an execution environment: loads a function's handler and feeds it events from the Runtime
 * API, as Lambda's nodejs24.x does. It ends when the Runtime API goes away, and so never outlives the
 * deployment.
 */
import { flushCompileCache } from 'node:module';
import { loadHandler } from './load-handler.ts';
import type { Handler, LambdaContext } from './load-handler.ts';
import { errorReport } from './error-report.ts';
import { nextEvent, postError, postInitError, postResponse } from './runtime-api-client.ts';
import type { NextEvent } from './runtime-api-client.ts';
import { setRequestId, wrapConsole } from './structured-console.ts';

const { env } = process;
let current: NextEvent | undefined;

// Set for this program's own sake: the function must not see what Lambda does not set.
delete env['NODE_COMPILE_CACHE'];
wrapConsole(env['AWS_LAMBDA_LOG_FORMAT'] ?? 'Text', env['AWS_LAMBDA_LOG_LEVEL'] ?? 'INFO');
process.on('unhandledRejection', (reason) => {
  failAndExit(reason, 'Runtime.UnhandledPromiseRejection');
});
process.on('uncaughtException', (error) => {
  failAndExit(error, 'Runtime.UncaughtException');
});

let handler: Handler;
try {
  handler = await loadHandler(env['LAMBDA_TASK_ROOT'] ?? process.cwd(), env['_HANDLER'] ?? '');
} catch (error) {
  console.error('Uncaught Exception', error);
  await postInitError(errorReport(error));
  process.exit(1);
}

// Environments are killed, so that nothing is written when they end.
flushCompileCache();

for (;;) {
  current = await nextEvent();
  setRequestId(current.requestId);
  env['_X_AMZN_TRACE_ID'] = current.traceId;
  await runOnce(handler, current);
}

async function runOnce(handle: Handler, event: NextEvent): Promise<void> {
  try {
    const result: unknown = await handle(JSON.parse(event.json), contextOf(event));
    await postResponse(event.requestId, JSON.stringify(result === undefined ? null : result));
  } catch (error) {
    console.error('Invoke Error', error);
    await postError(event.requestId, errorReport(error));
  }
}

/**
 * Which invocation a stray error belongs to cannot be known; Lambda blames the one in progress and starts
 * afresh.
 */
function failAndExit(error: unknown, errorType: string): void {
  console.error(errorType, error);
  const report = { ...errorReport(error), errorType };
  const post = current === undefined ? postInitError(report) : postError(current.requestId, report);
  void post.finally(() => process.exit(1));
}

/** https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html */
function contextOf(event: NextEvent): LambdaContext {
  return {
    awsRequestId: event.requestId,
    callbackWaitsForEmptyEventLoop: true,
    functionName: env['AWS_LAMBDA_FUNCTION_NAME'] ?? '',
    functionVersion: env['AWS_LAMBDA_FUNCTION_VERSION'] ?? '',
    invokedFunctionArn: event.functionArn,
    logGroupName: env['AWS_LAMBDA_LOG_GROUP_NAME'] ?? '',
    logStreamName: env['AWS_LAMBDA_LOG_STREAM_NAME'] ?? '',
    memoryLimitInMB: env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE'] ?? '',
    getRemainingTimeInMillis: () => event.deadlineEpochMs - Date.now(),
  };
}
