import type { Secret } from './secret.ts';

/** What a function does before its first event. */
export type PrimeOptions = {
  /**
   * Makes small reads of tables, and ends at the signal. The function must have the rights for these reads.
   */
  readTables: (signal: AbortSignal) => Promise<unknown>;
  secret: Pick<Secret<unknown>, 'read'>;
  /** The pure part of the work, on a constant. */
  rehearse: () => void;
  limitMs?: number;
};

/**
 * Creates what the bundle's entry (infra/function-bundles.ts) awaits before the first event: small reads of
 * tables, a read of the secret, and a rehearsal. This opens connections and compiles code while Lambda starts
 * the environment, with a whole processor. The first event gets only a part of a processor, and its caller
 * waits.
 *
 * Never throws. It stops after `limitMs`, so that no call is in progress when the environment is frozen. If
 * something failed here, the first event meets the failure itself.
 */
export function createPrime({
  readTables,
  secret,
  rehearse,
  limitMs = 1000,
}: PrimeOptions): () => Promise<void> {
  return async () => {
    const signal = AbortSignal.timeout(limitMs);
    await Promise.allSettled([
      secret.read({ signal }),
      readTables(signal),
      // After the calls were sent, because they take their time anyway.
      Promise.resolve().then(rehearse),
    ]);
  };
}
