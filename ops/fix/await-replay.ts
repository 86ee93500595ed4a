import { replayResult, type ReplayResult, type Stored } from './replay-result.ts';

/** The interval between two looks, in milliseconds. */
const INTERVAL_MS = 500;

/**
 * Waits until a replay is reported or refused, or `forMs` have passed; then it says why the replay waits.
 * Throws as `read` does.
 */
export async function awaitReplay(
  before: Stored,
  {
    read,
    wait,
    forMs,
  }: { read: () => Promise<Stored>; wait: (ms: number) => Promise<unknown>; forMs: number },
): Promise<ReplayResult> {
  for (let waitedMs = 0; ; waitedMs += INTERVAL_MS) {
    const result = replayResult(before, await read());
    if (result.result !== 'waits' || waitedMs >= forMs) return result;
    await wait(INTERVAL_MS);
  }
}
