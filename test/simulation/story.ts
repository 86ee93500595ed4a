import type { Schedule } from './generate.ts';
import { runSchedule, type StoryLine, type Violation } from './run-schedule.ts';
import { shrinkSchedule } from './shrink.ts';
import { generateSchedule } from './generate.ts';

/** A failure for people: how to reproduce it, what broke, and what led to it. */
export type FailureStory = Violation & {
  seed: number;
  /** The number of steps in the schedule and in the shrunk one. */
  steps: number;
  stepsLeft: number;
  /** The parts of Button's behaviour that differ from the default. */
  world: Schedule['world'];
  /** The remaining steps, to be added to found-schedules.jsonl. */
  schedule: Schedule;
  lines: readonly StoryLine[];
};

/**
 * The story of a seed whose schedule breaks an invariant, as short as possible; undefined if it breaks none.
 */
export async function reportFailure(seed: number): Promise<FailureStory | undefined> {
  const schedule = generateSchedule(seed);
  const violation = await runSchedule(schedule);
  if (!violation) return undefined;
  const shrunk = await shrinkSchedule({ schedule, violation });
  const lines: StoryLine[] = [];
  await runSchedule(shrunk.schedule, (line) => lines.push(line));
  return {
    ...shrunk.violation,
    seed,
    steps: schedule.steps.length,
    stepsLeft: shrunk.schedule.steps.length,
    world: schedule.world,
    schedule: shrunk.schedule,
    lines,
  };
}

/** The story as text. Steps start with an asterisk; the other lines show what the system and Button did. */
export function writeStory({
  seed,
  invariant,
  detail,
  steps,
  stepsLeft,
  world,
  lines,
}: FailureStory): string {
  const reported = lines.map(({ atMs, text }) => `  ${writeTime(atMs)}  ${text}`);
  return [
    `Broken: ${invariant}`,
    `  ${detail}`,
    '',
    `Seed ${seed}: ${steps} steps, ${stepsLeft} of them needed.`,
    `To see it again: npm run simulate -- --runs 1 --seed ${seed}`,
    `Button's world: ${Object.entries(world)
      .map(([name, value]) => `${name} ${String(value)}`)
      .join(', ')}`,
    '',
    ...reported,
  ].join('\n');
}

/** Hours, minutes and seconds since the start. */
function writeTime(ms: number): string {
  const parts = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60, (ms / 1000) % 60];
  const [hours = '', minutes = ''] = parts.map((part) => String(Math.floor(part)).padStart(2, '0'));
  return `${hours}:${minutes}:${(parts[2] ?? 0).toFixed(3).padStart(6, '0')}`;
}
