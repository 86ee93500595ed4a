import { setTimeout as delay } from 'node:timers/promises';

const LIMIT_MS = 30_000;
const INTERVAL_MS = 50;

/** Looks again and again until there is something to see. Throws after half a minute, saying what it waited for. */
export async function until<Seen>(what: string, look: () => Promise<Seen | undefined>): Promise<Seen> {
  const deadline = Date.now() + LIMIT_MS;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (Date.now() > deadline) throw new Error(`Waited ${LIMIT_MS / 1000} s in vain for ${what}`);
    await delay(INTERVAL_MS);
  }
}
