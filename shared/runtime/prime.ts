import type { Secret } from './secret.ts';

/** What a function does before its first event. */
export type PrimeOptions = {
  /** Reads of tables that find little or nothing, until the signal; the function's rights must cover them. */
  readTables: (signal: AbortSignal) => Promise<unknown>;
  secret: Pick<Secret<unknown>, 'read'>;
  /** The pure part of the work, on a constant. */
  rehearse: () => void;
  limitMs?: number;
};

/**
 * Creates what the bundle's entry (infra/function-bundles.ts) awaits before the first event: small reads of
 * tables, a read of the secret, and a rehearsal. It opens connections and compiles code
 * while Lambda starts the environment with a whole processor; the first event would have only a part of one,
 * and a waiting caller.
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
