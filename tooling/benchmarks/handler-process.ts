import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import * as z from 'zod';

/** What a list of events used in its own process. */
export type Run = z.infer<typeof RunSchema>;

const RunSchema = z.object({
  /** CPU of loading the function, including what it awaits while it loads. */
  loadMs: z.number(),
  /** CPU of handling the events after the warm-up. */
  cpuMs: z.number(),
  wallMs: z.number(),
  /** The peak since the process started, in MiB. */
  peakRssMb: z.number(),
  results: z.array(z.unknown()),
});

/** A function in its own process, like one execution environment of Lambda. */
export type HandlerProcess = {
  handle(events: readonly unknown[], warmUp?: number): Promise<Run>;
  /** The function's log so far. */
  logSoFar(): string;
  /** Ends the process and returns its log. */
  end(): Promise<string>;
};

/** How to start the process. */
export type HandlerProcessOptions = {
  /** The file that Lambda would load. */
  file: string;
  env: Readonly<Record<string, string>>;
  nodeOptions?: readonly string[];
};

const CHILD = join(import.meta.dirname, 'children', 'run-handler.mjs');

/**
 * Starts the process and resolves once the function is loaded. If it cannot be loaded, throws what the
 * process wrote.
 */
export async function startHandler({
  file,
  env,
  nodeOptions = [],
}: HandlerProcessOptions): Promise<HandlerProcess> {
  const child = fork(CHILD, [file], {
    env: { ...env, PATH: process.env['PATH'] },
    execArgv: [...nodeOptions],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    serialization: 'json',
  });
  const log: string[] = [];
  child.stdout?.on('data', (chunk: Buffer) => log.push(chunk.toString('utf8')));
  const errors = child.stderr ? text(child.stderr) : Promise.resolve('');
  await nextMessage(child, errors);
  return {
    async handle(events, warmUp = 0) {
      child.send({ events, warmUp });
      const run = RunSchema.parse(await nextMessage(child, errors));
      // Log and answer arrive through different channels. What was logged before the answer is read by now,
      // or in the next turn of the event loop.
      await new Promise((resolve) => setImmediate(resolve));
      return run;
    },
    logSoFar: () => log.join(''),
    async end() {
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
      return log.join('');
    },
  };
}

/** Removes the line of code that Node.js shows for an error: in a bundle it is most of the file. */
function withoutCode(text: string): string {
  return text
    .split('\n')
    .filter((line) => line.length < 1000)
    .join('\n');
}

function nextMessage(child: ChildProcess, errors: Promise<string>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = (): void => {
      errors.then((text) => {
        reject(new Error(`The measured function ended.\n${withoutCode(text)}`));
      }, reject);
    };
    child.once('exit', ended);
    child.once('message', (message) => {
      child.off('exit', ended);
      resolve(message);
    });
  });
}

/** Loads a function in a new process, gives it one list of events, and ends the process. */
export async function runOnce(
  options: HandlerProcessOptions,
  events: readonly unknown[],
  warmUp = 0,
): Promise<Run & { log: string }> {
  const handler = await startHandler(options);
  const run = await handler.handle(events, warmUp);
  return { ...run, log: await handler.end() };
}
