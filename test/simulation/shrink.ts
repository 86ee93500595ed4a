import type { Schedule } from './generate.ts';
import { runSchedule, type Violation } from './run-schedule.ts';

/**
 * A schedule that is left when every step has gone that is not needed to break the invariant, and what breaks
 * it there.
 */
export type Shrunk = { schedule: Schedule; violation: Violation };

/** How many runs are spent on one failure at the most. */
const MAX_RUNS = 400;

/**
 * Drops steps while the same invariant breaks: half of them at once, then a quarter, down to single ones,
 * over and over until none can go. Chance is drawn from the seed, so a dropped step shifts what follows; what
 * is left is one short way to the failure, not the only one.
 */
export async function shrinkSchedule(failing: Shrunk): Promise<Shrunk> {
  let smallest = failing;
  let runs = 0;
  let size = Math.ceil(failing.schedule.steps.length / 2);
  while (size >= 1 && runs < MAX_RUNS) {
    const before = smallest.schedule.steps.length;
    for (let start = 0; start < smallest.schedule.steps.length && runs < MAX_RUNS;) {
      const { schedule } = smallest;
      const steps = schedule.steps.toSpliced(start, size);
      runs += 1;
      const candidate = { ...schedule, steps };
      const violation = await runSchedule(candidate);
      if (violation?.invariant === failing.violation.invariant) smallest = { schedule: candidate, violation };
      else start += size;
    }
    if (size > 1) size = Math.ceil(size / 2);
    else if (smallest.schedule.steps.length === before) break;
  }
  return smallest;
}
