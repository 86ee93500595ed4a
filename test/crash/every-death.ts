import { expect } from 'vitest';

import { volume } from '../volume.ts';
import type { Death } from './lifeline.ts';
import type { World } from './world.ts';

const MOMENTS = ['before its effect', 'after its effect'] as const;

/** At how many of the two moments of each call a process dies: at one of them in turn, or at both. */
const MOMENTS_OF_A_CALL = volume({ short: 1, long: MOMENTS.length });

/**
 * Plays a story once without a death. Then plays it again for every call of its processes, with a death
 * before or after the call's effect. Each must end like the first one. In `npm test`, calls alternate between
 * the two moments; in `npm run test:long`, each call has both. Returns the number of calls.
 */
export async function endsTheSame(world: World, play: (death?: Death) => Promise<unknown>): Promise<number> {
  const calm = await play();
  const calls = world.lifeline.calls();
  for (let atCall = 1; atCall <= calls; atCall += 1) {
    const first = (atCall - 1) % MOMENTS.length;
    for (const when of [...MOMENTS, ...MOMENTS].slice(first, first + MOMENTS_OF_A_CALL)) {
      const end = await play({ atCall, when });
      expect({ died: { atCall, when }, end }).toEqual({ died: { atCall, when }, end: calm });
    }
  }
  return calls;
}
