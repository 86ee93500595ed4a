import { expect } from 'vitest';

import type { Death } from './lifeline.ts';
import type { World } from './world.ts';

/**
 * Plays a story once without a death, and then once for every call that its processes make, dying there before and after the call's
 * effect: each must end as the first did. Returns how many calls there were.
 */
export async function endsTheSame(world: World, play: (death?: Death) => Promise<unknown>): Promise<number> {
  const calm = await play();
  const calls = world.lifeline.calls();
  for (let atCall = 1; atCall <= calls; atCall += 1) {
    for (const when of ['before its effect', 'after its effect'] as const) {
      const end = await play({ atCall, when });
      expect({ died: { atCall, when }, end }).toEqual({ died: { atCall, when }, end: calm });
    }
  }
  return calls;
}
