import { setTimeout as delay } from 'node:timers/promises';

/** Far above what a busy machine needs. */
const LIMIT_MS = 120_000;
const INTERVAL_MS = 50;

/**
 * Looks again and again until there is a result. Throws what `look` throws, and after two minutes, or
 * `limitMs`, an error that says what it waited for; `what` may depend on what has been seen by then.
 */
export async function until<Seen>(
  what: string | (() => string),
  look: () => Promise<Seen | undefined>,
  limitMs = LIMIT_MS,
): Promise<Seen> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (Date.now() > deadline) {
      throw new Error(`Waited ${limitMs / 1000} s in vain for ${typeof what === 'string' ? what : what()}`);
    }
    await delay(INTERVAL_MS);
  }
}
