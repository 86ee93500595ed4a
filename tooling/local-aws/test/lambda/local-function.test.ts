// @module-tag long
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { payloadOf, startFunction } from '../fixture-function.ts';
import type { FixtureFunction } from '../fixture-function.ts';
import { anyList, textLike } from '../match.ts';

// https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
describe('execution environments', () => {
  it('passes the event and the context to the handler', async () => {
    const echo = await startFunction(`exports.handler = async (event, context) => ({
      event, context: { ...context, left: context.getRemainingTimeInMillis() } });`);

    const payload = payloadOf(await echo.invoke({ order: 1 }));

    expect(payload).toMatchObject({
      event: { order: 1 },
      context: {
        functionName: 'stack-Function-1',
        functionVersion: '$LATEST',
        invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:stack-Function-1',
        memoryLimitInMB: '256',
        logGroupName: '/aws/lambda/stack-Function-1',
        callbackWaitsForEmptyEventLoop: true,
        awsRequestId: textLike(/^[0-9a-f-]{36}$/),
        logStreamName: textLike(/\[\$LATEST\]/),
      },
    });
    const { left } = (payload as { context: { left: number } }).context;
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(10_000);
  });

  it('keeps an environment and its state for the next invocation', async () => {
    const counter = await startFunction(
      `let count = 0; exports.handler = async () => ({ count: ++count, pid: process.pid });`,
    );

    const first = payloadOf(await counter.invoke({}));
    const second = payloadOf(await counter.invoke({}));

    expect(second).toEqual({ ...(first as object), count: 2 });
  });

  it('starts another environment when the first is busy, because one runs one invocation at a time', async () => {
    const slow = await startFunction(BUSY_UNTIL_FILE);

    const both = Promise.all([slow.invoke({}), slow.invoke({})]);
    await vi.waitFor(() => {
      expect(slow.lines).toHaveLength(2);
    }, 120_000);
    await writeFile(join(slow.directory, 'go'), '');
    const [one, two] = (await both).map(payloadOf);

    expect(one).not.toEqual(two);
  });

  it('makes an invocation wait when this machine runs its maximum number of environments', async () => {
    const single = await startFunction(`exports.handler = async () => process.pid;`, {
      processLimit: 1,
    });

    const pids = (await Promise.all([1, 2, 3].map(() => single.invoke({})))).map(payloadOf);

    expect(new Set(pids).size).toBe(1);
  });

  it('runs no more environments than keep the processor busy', async () => {
    const quick = await startFunction(`exports.handler = async () => process.pid;`);

    const pids = (await Promise.all(Array.from({ length: 20 }, () => quick.invoke({})))).map(payloadOf);

    // One more may start if this machine stops for half a second.
    expect(new Set(pids).size).toBeLessThanOrEqual(availableParallelism() + 2);
  });

  it('starts one more environment for an invocation if all others wait for something', async () => {
    const slow = await startFunction(BUSY_UNTIL_FILE);
    const more = availableParallelism() + 2;

    const all = Promise.all(Array.from({ length: more }, () => slow.invoke({})));
    await vi.waitFor(() => {
      expect(slow.lines).toHaveLength(more);
    }, 120_000);
    await writeFile(join(slow.directory, 'go'), '');

    expect(new Set((await all).map(payloadOf)).size).toBe(more);
  });

  // https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
  it('refuses an invocation over the reserved concurrency', async () => {
    const reserved = await startFunction(BUSY_UNTIL_FILE, { reservedConcurrency: 1 });

    const running = reserved.invoke({});
    await vi.waitFor(() => {
      expect(reserved.lines).toHaveLength(1);
    }, 120_000);
    const refused = await reserved.invoke({});
    await writeFile(join(reserved.directory, 'go'), '');

    expect(refused).toMatchObject({ status: 'refused', error: { errorType: 'TooManyRequestsException' } });
    expect((await running).status).toBe('succeeded');
  });

  // https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
  it('refuses an invocation over the concurrency of the account', async () => {
    const busy = await startFunction(BUSY_UNTIL_FILE, { accountConcurrency: 1 });

    const running = busy.invoke({});
    await vi.waitFor(() => {
      expect(busy.lines).toHaveLength(1);
    }, 120_000);
    const refused = await busy.invoke({});
    await writeFile(join(busy.directory, 'go'), '');
    await running;
    const later = await busy.invoke({});

    expect(refused).toMatchObject({ status: 'refused', error: { errorType: 'TooManyRequestsException' } });
    expect(later.status).toBe('succeeded');
  });

  // https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html, "Invoke phase"
  it('freezes the process between invocations, and lets it continue with the next', async () => {
    const frozen = await startFunction(`exports.handler = async () => process.pid;`);

    const before = payloadOf(await frozen.invoke({}));
    await vi.waitFor(async () => {
      expect(await stateOf(before)).toBe('stopped');
    }, 120_000);
    const after = payloadOf(await frozen.invoke({}));

    expect(after).toBe(before);
  });

  // https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html
  it('kills a function at its timeout and continues with a fresh environment', async () => {
    const stuck = await startFunction(
      `exports.handler = async ({ hang }) => { if (hang) for (;;); return process.pid; };`,
      { timeoutMs: 1000 },
    );

    const before = payloadOf(await stuck.invoke({ hang: false }));
    const result = await stuck.invoke({ hang: true });
    const after = payloadOf(await stuck.invoke({ hang: false }));

    expect(result).toMatchObject({
      status: 'failed',
      error: {
        errorType: 'Sandbox.Timedout',
        errorMessage: textLike(/Task timed out after 1\.00 seconds$/),
      },
    });
    expect(after).not.toBe(before);
    expect(() => process.kill(before as number, 0)).toThrow('ESRCH');
  });

  it('reports a process that ends in the middle as Runtime.ExitError', async () => {
    const leaving = await startFunction(
      `exports.handler = async ({ code }) => code === undefined ? 'here' : process.exit(code);`,
    );

    const result = await leaving.invoke({ code: 3 });
    const next = await leaving.invoke({});

    expect(result).toMatchObject({
      status: 'failed',
      error: { errorType: 'Runtime.ExitError', errorMessage: textLike(/exit status 3/) },
    });
    expect(payloadOf(next)).toBe('here');
  });

  it('loads slow code again in the time of the invocation, because the init phase is limited', async () => {
    const slow = await startFunction(
      `await new Promise((resolve) => setTimeout(resolve, 60_000)); export const handler = async () => 1;`,
      { fileName: 'index.mjs', initLimitMs: 200, timeoutMs: 500 },
    );

    const result = await slow.invoke({});

    expect(result).toMatchObject({
      error: { errorMessage: textLike(/Task timed out after 0\.50 seconds/) },
    });
  });

  // The same page, "Failures during the Init phase".
  it('loads code a second time, with the invocation, when it fails to load', async () => {
    const shaky = await startFunction(`
      const { appendFileSync, readFileSync } = require('node:fs');
      appendFileSync(__dirname + '/loads', 'x');
      if (readFileSync(__dirname + '/loads', 'utf8') === 'x') throw new Error('not the first time');
      exports.handler = async () => 'loaded';`);

    expect(payloadOf(await shaky.invoke({}))).toBe('loaded');
  });

  it('gives the handler the environment of Lambda, and nothing of this process', async () => {
    process.env['ONLY_IN_THE_PARENT'] = '1';
    const curious = await startFunction(`exports.handler = async () => process.env;`, {
      environment: { TABLE_NAME: 'orders' },
    });

    const environment = payloadOf(await curious.invoke({}));

    expect(environment).toMatchObject({
      TABLE_NAME: 'orders',
      _HANDLER: 'index.handler',
      AWS_REGION: 'us-east-1',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      AWS_LAMBDA_FUNCTION_NAME: 'stack-Function-1',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      LAMBDA_TASK_ROOT: curious.directory,
      _X_AMZN_TRACE_ID: textLike(
        /^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0;Lineage=[0-9a-f]{8}:1$/,
      ),
    });
    expect(environment).not.toHaveProperty('ONLY_IN_THE_PARENT');
    expect(environment).not.toHaveProperty('NODE_COMPILE_CACHE');
  });
});

// https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html
describe('errors of a handler', () => {
  it('reports type, message and stack', async () => {
    const failing = await startFunction(
      `exports.handler = async () => { throw new RangeError('too far'); };`,
    );

    const result = await failing.invoke({});

    expect(result).toMatchObject({
      status: 'failed',
      error: {
        errorType: 'RangeError',
        errorMessage: 'too far',
        stackTrace: anyList(),
      },
    });
    expect(result).toHaveProperty('error.stackTrace.0', 'RangeError: too far');
  });

  it('attributes an unhandled rejection to the invocation in progress', async () => {
    const careless = await startFunction(
      `exports.handler = () => { Promise.reject(new Error('lost')); return new Promise(() => {}); };`,
    );

    const result = await careless.invoke({});

    expect(result).toMatchObject({
      status: 'failed',
      error: { errorType: 'Runtime.UnhandledPromiseRejection', errorMessage: 'lost' },
    });
  });
});

// https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html
describe('loading a handler', () => {
  it.each([
    ['Runtime.ImportModuleError', 'exports.handler = async () => 1;', { handler: 'missing.handler' }],
    ['Runtime.ImportModuleError', `require('no-such-package');`, {}],
    ['Runtime.HandlerNotFound', 'exports.other = async () => 1;', {}],
    ['Runtime.MalformedHandlerName', 'exports.handler = async () => 1;', { handler: 'index' }],
    ['Runtime.UserCodeSyntaxError', 'exports.handler = ;', {}],
    ['Runtime.UserCodeSyntaxError', 'export const handler = async () => 1;', {}],
    [
      'Runtime.CallbackHandlerDeprecated',
      'exports.handler = (event, context, callback) => callback(null, 1);',
      {},
    ],
    ['TypeError', `throw new TypeError('at load');`, {}],
  ])('answers %s for %s', async (errorType, code, configuration) => {
    const broken = await startFunction(code, configuration);

    const result = await broken.invoke({});

    expect(result).toMatchObject({ status: 'failed', error: { errorType } });
  });

  it('reads .mjs as an ES module and finds handlers in folders of exports', async () => {
    const module = await startFunction(`export const deep = { handler: async () => import.meta.url };`, {
      fileName: 'index.mjs',
      handler: 'index.deep',
    });
    const nested = await startFunction(`export const handler = async () => 'named';`, {
      fileName: 'app.mjs',
      handler: 'app.handler',
    });

    const notAFunction = await module.invoke({});
    const found = await nested.invoke({});

    expect(notAFunction).toMatchObject({ error: { errorType: 'Runtime.HandlerNotFound' } });
    expect(payloadOf(found)).toBe('named');
  });
});

// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
describe('payload limits', () => {
  const SIX_MB = 6 * 1024 * 1024;

  it('accepts a request of 6 MB and refuses a larger one', async () => {
    const measure = await startFunction(`exports.handler = async (event) => event.length;`);

    const whole = await measure.invoke('x'.repeat(SIX_MB - 2));
    const over = await measure.invoke('x'.repeat(SIX_MB - 1));

    expect(payloadOf(whole)).toBe(SIX_MB - 2);
    expect(over).toMatchObject({ status: 'refused', error: { errorType: 'RequestTooLargeException' } });
  });

  it('fails an invocation whose response is over 6 MB, and runs the next', async () => {
    const big = await startFunction(`exports.handler = async ({ size }) => 'x'.repeat(size);`);

    const result = await big.invoke({ size: 7_000_000 });
    const next = await big.invoke({ size: 1 });

    expect(result).toMatchObject({ status: 'failed', error: { errorType: 'Function.ResponseSizeTooLarge' } });
    expect(payloadOf(next)).toBe('x');
  });

  it('refuses an asynchronous event over 1 MB', async () => {
    const any = await startFunction(`exports.handler = async () => 1;`);

    const result = any.invokeAsync('x'.repeat(1024 * 1024));

    expect(result).toMatchObject({ status: 'refused', error: { errorType: 'RequestTooLargeException' } });
  });
});

// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
describe('asynchronous invocation', () => {
  it('tries a failed event twice more, then drops it', async () => {
    const failing = await startFunction(
      `exports.handler = async (event) => { process.stdout.write('try ' + event + '\\n'); throw new Error(); };`,
    );
    failing.setAsyncRetries({ delaysMs: [1, 1], maximumEventAgeMs: 60_000 });

    failing.invokeAsync('a');
    await vi.waitFor(() => {
      expect(tries(failing.lines)).toHaveLength(3);
    }, 120_000);
    await failing.invoke('b');

    expect(tries(failing.lines)).toEqual(
      ['try "a"', 'try "a"', 'try "a"', 'try "b"'].map((line) => line.replaceAll('"', '')),
    );
  });

  it('does not count a throttled invocation as a try', async () => {
    const busy = await startFunction(
      `${BUSY_UNTIL_FILE.replace('async ()', 'async (event)')}
      const wait = exports.handler;
      exports.handler = async (event) => {
        if (event === 'first') return wait(event);
        process.stdout.write('try ' + event + '\\n');
        throw new Error();
      };`,
      { accountConcurrency: 1 },
    );
    busy.setAsyncRetries({ delaysMs: [1], maximumEventAgeMs: 60_000 });

    const first = busy.invoke('first');
    await vi.waitFor(() => {
      expect(busy.lines).toHaveLength(1);
    }, 120_000);
    busy.invokeAsync('a');
    await vi.waitFor(() => {
      expect(throttlesOf(busy)).toBeGreaterThan(0);
    }, 120_000);
    await writeFile(join(busy.directory, 'go'), '');
    await first;
    await vi.waitFor(() => {
      expect(tries(busy.lines)).toHaveLength(2);
    }, 120_000);
    await vi.waitFor(async () => {
      expect((await busy.invoke('b')).status).toBe('failed');
    }, 120_000);

    expect(tries(busy.lines)).toEqual(['try a', 'try a', 'try b']);
  });

  it('does not try again what succeeded', async () => {
    const fine = await startFunction(
      `exports.handler = async (event) => { process.stdout.write('try ' + event + '\\n'); };`,
    );
    fine.setAsyncRetries({ delaysMs: [1, 1], maximumEventAgeMs: 60_000 });

    fine.invokeAsync('a');
    await vi.waitFor(() => {
      expect(tries(fine.lines)).toHaveLength(1);
    }, 120_000);
    await fine.invoke('b');

    expect(tries(fine.lines)).toEqual(['try a', 'try b']);
  });
});

// https://docs.aws.amazon.com/lambda/latest/dg/nodejs-logging.html
describe('logging', () => {
  it('writes one JSON object for each line of console, without levels below the configured one', async () => {
    const talking = await startFunction(
      `exports.handler = async () => { console.debug('hidden'); console.info('plain', 7); console.warn({ a: 1 });
        console.error('failed', new RangeError('far')); console.error(new TypeError('odd')); };`,
    );

    await talking.invoke({});

    const requestId = textLike(/^[0-9a-f-]{36}$/);
    const timestamp = textLike(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(talking.lines.map((line): unknown => JSON.parse(line))).toEqual([
      { timestamp, level: 'INFO', requestId, message: 'plain 7' },
      { timestamp, level: 'WARN', requestId, message: { a: 1 } },
      {
        timestamp,
        level: 'ERROR',
        requestId,
        message: textLike(/^failed RangeError: far/),
        errorType: 'RangeError',
        errorMessage: 'far',
        stackTrace: anyList(),
      },
      {
        timestamp,
        level: 'ERROR',
        requestId,
        message: { errorType: 'TypeError', errorMessage: 'odd', stackTrace: anyList() },
      },
    ]);
  });

  it('leaves what is written to stdout unchanged, and wraps what is written to the console', async () => {
    const emf = { _aws: { Timestamp: 1, CloudWatchMetrics: [] }, Orders: 2 };
    const measuring = await startFunction(
      `exports.handler = async () => { process.stdout.write('raw\\n'); process.stdout.write('${JSON.stringify(emf)}\\n');
        console.log(${JSON.stringify(emf)}); };`,
    );

    await measuring.invoke({});

    expect(measuring.lines).toEqual(['raw', JSON.stringify(emf), textLike(/"message":\{"_aws"/)]);
  });

  it('separates with tabs in the text format', async () => {
    const talking = await startFunction(`exports.handler = async () => { console.log('two\\nlines'); };`, {
      logFormat: 'Text',
    });

    await talking.invoke({});

    expect(talking.lines).toEqual([textLike(/^\S+Z\t[0-9a-f-]{36}\tINFO\ttwo\rlines$/)]);
  });
});

const BUSY_UNTIL_FILE = `
const { existsSync } = require('node:fs');
exports.handler = async () => {
  process.stdout.write('started\\n');
  while (!existsSync(__dirname + '/go')) await new Promise((resolve) => setTimeout(resolve, 5));
  return process.pid;
};`;

async function stateOf(pid: unknown): Promise<string | undefined> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8');
  return /^State:.*\((.*)\)$/mu.exec(status)?.[1];
}

function throttlesOf({ metrics }: FixtureFunction): number {
  return metrics
    .metrics()
    .filter(({ name }) => name === 'Throttles')
    .flatMap((metric) => metrics.samples(metric, { fromMs: 0, untilMs: Infinity }))
    .reduce((sum, { value }) => sum + value, 0);
}

function tries(lines: string[]): string[] {
  return lines.filter((line) => line.startsWith('try '));
}
