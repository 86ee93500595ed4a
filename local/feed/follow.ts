import { setTimeout as delay } from 'node:timers/promises';

import type { LocalSystem } from '../system.ts';
import { factAsLine, newFacts } from './fact.ts';
import { createFactReader } from './system-facts.ts';

const EVERY_MS = 500;

/** Prints one line for each thing that happens in the system from now on, until it ends. */
export async function follow(
  system: LocalSystem,
  { print, signal }: { print: (line: string) => void; signal: AbortSignal },
): Promise<never> {
  const reader = createFactReader(system);
  const printed = new Set<string>();
  try {
    newFacts(await reader.read(), printed);
    for (;;) {
      await delay(EVERY_MS, undefined, { signal });
      // A part of the system may not answer for a moment; if one has ended, the system ends too.
      const facts = await reader.read().catch(() => []);
      for (const fact of newFacts(facts, printed)) print(factAsLine(fact, new Date()));
    }
  } finally {
    reader.close();
  }
}
