import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createMetricStore } from '../cloudwatch/metric-store.ts';
import type { MetricStore } from '../cloudwatch/metric-store.ts';
import { createAccountConcurrency, DEFAULT_ACCOUNT_CONCURRENCY } from '../lambda/account-concurrency.ts';
import type { FunctionConfiguration } from '../lambda/function-configuration.ts';
import { createLambdaMetrics } from '../lambda/function-metrics.ts';
import type { InvocationResult } from '../lambda/invocation-result.ts';
import { createLocalFunction } from '../lambda/local-function.ts';
import type { LocalFunction } from '../lambda/local-function.ts';
import { openLog } from '../log.ts';
import { startProcesses } from '../processes.ts';

/** A function without a deployment, and its output. */
export type FixtureFunction = LocalFunction & { lines: string[]; metrics: MetricStore; directory: string };

/** Runs `code` as a function's only file until the test ends. */
export async function startFunction(
  code: string,
  {
    fileName = 'index.js',
    accountConcurrency = DEFAULT_ACCOUNT_CONCURRENCY,
    ...configuration
  }: Partial<FunctionConfiguration> & { fileName?: string; accountConcurrency?: number } = {},
): Promise<FixtureFunction> {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, fileName), code);
  const lines: string[] = [];
  const log = openLog({ directory, name: 'Function' }, (line) => lines.push(line));
  const metrics = createMetricStore();
  const processes = startProcesses();
  const localFunction = createLocalFunction(
    {
      logicalId: 'Function',
      name: 'stack-Function-1',
      recursiveLoop: 'Terminate',
      roleArn: 'arn:aws:iam::000000000000:role/any',
      arn: 'arn:aws:lambda:us-east-1:000000000000:function:stack-Function-1',
      handler: 'index.handler',
      codeDirectory: directory,
      timeoutMs: 10_000,
      memorySizeMb: 256,
      logFormat: 'JSON',
      applicationLogLevel: 'INFO',
      logGroupName: '/aws/lambda/stack-Function-1',
      environment: {},
      reservedConcurrency: undefined,
      processLimit: 10,
      initLimitMs: 10_000,
      ...configuration,
    },
    {
      processes,
      log,
      metrics: createLambdaMetrics(metrics).forFunction('stack-Function-1'),
      concurrency: createAccountConcurrency(accountConcurrency),
      region: 'us-east-1',
      accessKeyId: 'local',
      endpoints: {},
      compileCacheDirectory: join(process.cwd(), '.local', 'compile-cache'),
    },
  );
  onTestFinished(async () => {
    localFunction.close();
    await processes.close();
    await log.close();
  });
  return { ...localFunction, lines, metrics, directory };
}

/** The handler's result. Throws if the invocation did not succeed. */
export function payloadOf(result: InvocationResult): unknown {
  if (result.status !== 'succeeded') throw new Error(JSON.stringify(result));
  return result.payload;
}

/** An empty directory that is deleted after the test. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'local-aws-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}
