import { startHandler, type HandlerProcessOptions } from './handler-process.ts';
import type { Laboratory } from './laboratory.ts';

/** The counts from handling some events. */
export type Counted = {
  /** Calls by service and operation (`DynamoDB.PutItem`), for all events together. */
  calls: Readonly<Record<string, number>>;
  readUnits: number;
  writeUnits: number;
  buttonCalls: number;
  logLines: number;
  /** Includes what CloudWatch adds to each line. */
  logBytes: number;
  cpuMs: number;
  wallMs: number;
};

/** CloudWatch Logs bills this many bytes for each line in addition to its text. */
const LOG_LINE_OVERHEAD_BYTES = 26;

/**
 * Lets a function handle events in its own process and counts what they use. `before` is not counted: it
 * opens connections, reads the secret and stores what the events should find.
 */
export async function countOperations(
  { aws, button }: Pick<Laboratory, 'aws' | 'button'>,
  options: HandlerProcessOptions,
  { before, events }: { before: readonly unknown[]; events: readonly unknown[] },
): Promise<Counted> {
  const handler = await startHandler({ ...options, env: { ...options.env, AWS_LAMBDA_LOG_FORMAT: 'JSON' } });
  await handler.handle(before);
  aws.resetUsage();
  const buttonCallsBefore = button.requests();
  const linesBefore = lines(handler.logSoFar()).length;
  const { cpuMs, wallMs } = await handler.handle(events);
  const counted = lines(await handler.end()).slice(linesBefore);
  return {
    ...aws.usage(),
    buttonCalls: button.requests() - buttonCallsBefore,
    logLines: counted.length,
    logBytes: counted.reduce((sum, line) => sum + Buffer.byteLength(line) + LOG_LINE_OVERHEAD_BYTES, 0),
    cpuMs,
    wallMs,
  };
}

/** What a mix of events uses: the counts of each kind, each with its share of the mix. */
export function weighted(parts: readonly (readonly [Counted, number])[]): Counted {
  const sum = (of: (counted: Counted) => number): number =>
    parts.reduce((total, [counted, share]) => total + share * of(counted), 0);
  const names = new Set(parts.flatMap(([{ calls }]) => Object.keys(calls)));
  return {
    calls: Object.fromEntries([...names].map((name) => [name, sum(({ calls }) => calls[name] ?? 0)])),
    readUnits: sum(({ readUnits }) => readUnits),
    writeUnits: sum(({ writeUnits }) => writeUnits),
    buttonCalls: sum(({ buttonCalls }) => buttonCalls),
    logLines: sum(({ logLines }) => logLines),
    logBytes: sum(({ logBytes }) => logBytes),
    cpuMs: sum(({ cpuMs }) => cpuMs),
    wallMs: sum(({ wallMs }) => wallMs),
  };
}

function lines(log: string): string[] {
  return log.split('\n').filter((line) => line.trim() !== '');
}
