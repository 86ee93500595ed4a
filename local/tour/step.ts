import { setTimeout as delay } from 'node:timers/promises';

import type { Stage } from './stage.ts';

/** A step of the story. `play` returns what to print, and throws if it failed. */
export type Step = {
  id: string;
  title: string;
  /** Needs the simulator: only there can a webhook be lost, or an order be finalized on request. */
  needsSimulator?: true;
  /** Needs the publisher's side. */
  needsPublisher?: true;
  /** Steps that must succeed before this one can. */
  after?: readonly string[];
  play: (stage: Stage) => Promise<string[]>;
};

/** Button's dates have whole seconds: two changes within one would contradict each other. */
const NEXT_SECOND_MS = 1100;

/** Waits until Button gives the next change another date. */
export function pause(): Promise<void> {
  return delay(NEXT_SECOND_MS);
}
