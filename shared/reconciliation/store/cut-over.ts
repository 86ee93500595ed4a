import type { TableAccess } from '../../dynamodb/table-access.ts';
import { markDeployment, readDeploymentMark } from './deployment-mark.ts';

/** When this system took over, as one instance of a function knows it. */
export type CutOver = {
  /**
   * The instant (ISO 8601 UTC); `startedAt` is written if it is the first. Throws as `markDeployment` does.
   */
  at: (startedAt: string) => Promise<string>;
  /** Reads it before the first event needs it, and writes nothing. Throws as `readDeploymentMark` does. */
  readAhead: (signal: AbortSignal) => Promise<void>;
};

/**
 * The configured instant, or else the one of the deployment. That never changes, so it is read once in a
 * process.
 */
export function cachedCutOver(liveFrom: string | undefined, positions: TableAccess): CutOver {
  let known = liveFrom;
  return {
    at: async (startedAt) => {
      known ??= await markDeployment(positions, startedAt);
      return known;
    },
    readAhead: async (signal) => {
      known ??= await readDeploymentMark(positions, signal);
    },
  };
}
