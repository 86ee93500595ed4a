import type { Schedule } from './generate.ts';
import { runSchedule, type Violation } from './run-schedule.ts';

/**
 * A schedule without the steps that are not needed to break the invariant, and the violation that it causes.
 */
export type Shrunk = { schedule: Schedule; violation: Violation };

/** The most runs that are spent on one failure. */
const MAX_RUNS = 400;

/**
 * Removes steps while the same invariant breaks: half of them at once, then a quarter, down to single steps,
 * again and again until none can be removed. Random numbers come from the seed, so a removed step changes
 * what follows. The result is one short way to the failure, not the only one.
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
