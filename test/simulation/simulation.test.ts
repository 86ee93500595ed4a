import { readFileSync } from 'node:fs';

import { beforeEach, describe, expect, it, vi } from 'vitest';

import { generateSchedule, type Schedule } from './generate.ts';
import { runSchedule, type StoryLine } from './run-schedule.ts';
import { shrinkSchedule } from './shrink.ts';
import { share } from '../volume.ts';

/**
 * Schedules that once broke an invariant, and why. They are stored in full, so that a change of the generator
 * does not lose them.
 */
const FOUND = readFileSync(new URL('found-schedules.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as { because: string; schedule: Schedule });

describe('a schedule', () => {
  beforeEach(() => {
    for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(console, level).mockReturnValue();
  });

  it('has at least sixty steps, and every kind of step occurs', () => {
    const schedules = Array.from({ length: 200 }, (_, seed) => generateSchedule(seed));

    const kinds = new Set(schedules.flatMap(({ steps }) => steps.map(({ kind }) => kind)));

    expect(schedules.every(({ steps }) => steps.length >= 60)).toBe(true);
    expect(kinds.size).toBe(40);
  });

  it('ends the same way every time, down to the millisecond', async () => {
    const reported: StoryLine[][] = [[], []];

    for (const lines of reported) await runSchedule(generateSchedule(7), (line) => lines.push(line));

    expect(reported[0]?.length).toBeGreaterThan(60);
    expect(reported[1]).toEqual(reported[0]);
  });

  it.each(share(FOUND, 2))(
    'that once broke an invariant keeps it now: $because',
    { tags: ['volume'] },
    async ({ schedule }) => {
      expect(await runSchedule(schedule)).toBeUndefined();
    },
  );

  it('that breaks an invariant is shrunk to the steps that break it', async () => {
    const schedule = FOUND.at(-1)?.schedule;
    if (!schedule) throw new Error('There is no schedule');
    // Nobody can recover what Button itself forgets: an order that it never created is lost.
    const send = schedule.steps.find((step) => step.kind === 'send' && step.version !== undefined);
    if (send?.kind !== 'send') throw new Error('There is no order in it');
    const steps = schedule.steps.map((step) =>
      step === send
        ? { ...send, version: { orderId: 'nobody', sequence: 1, kind: 'created' as const } }
        : step,
    );
    const violation = await runSchedule({ ...schedule, steps });

    const shrunk = violation && (await shrinkSchedule({ schedule: { ...schedule, steps }, violation }));

    expect(violation?.invariant).toBe('no order is lost');
    expect(shrunk?.schedule.steps).toEqual([expect.objectContaining({ kind: 'send' })]);
  });
});
