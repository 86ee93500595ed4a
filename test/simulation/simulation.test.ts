import { beforeEach, describe, expect, it, vi } from 'vitest';

import { generateSchedule } from './generate.ts';
import { runSchedule, type StoryLine } from './run-schedule.ts';
import { shrinkSchedule } from './shrink.ts';

/** Seeds that have broken an invariant once, and why. */
const FOUND: readonly (readonly [seed: number, because: string])[] = [
  [
    156,
    'a version was on the queue when the ledger was backed up, and nobody sent it again after the restore',
  ],
  [219, 'an entry was replayed after the backup: the restored ledger has forgotten the replay'],
  [4, 'a 202 was answered to an update of an order that Button then found finalized'],
  [312, 'an order that was tried often enough before was not looked for by its token, and was created twice'],
  [3938, 'one look-up by token that failed, after many tries, let an order be created twice'],
  [
    4472,
    'what the restored ledger had forgotten of a replay was not replayed until all was at rest, which it never was',
  ],
  [
    9918,
    'a refusal let it be forgotten that an unclear create had been carried out, and the next version created another',
  ],
  [
    11368,
    'a replay soon after a replay was one message to SQS, though the order had been refused in between',
  ],
  [11422, 'an order that was refused once more after its replay still stood as replayed in quarantine'],
  [12006, 'a reporter did not know of a breaker that it had opened by a write whose answer was lost'],
  [13600, 'an order that was refused once more by a clock behind that of its replay still stood as replayed'],
];

describe('a schedule', () => {
  beforeEach(() => {
    for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(console, level).mockReturnValue();
  });

  it('has at least sixty steps, and every kind of them comes about', () => {
    const schedules = Array.from({ length: 200 }, (_, seed) => generateSchedule(seed));

    const kinds = new Set(schedules.flatMap(({ steps }) => steps.map(({ kind }) => kind)));

    expect(schedules.every(({ steps }) => steps.length >= 60)).toBe(true);
    expect(kinds.size).toBe(30);
  });

  it('ends the same way every time, down to the millisecond', async () => {
    const reported: StoryLine[][] = [[], []];

    for (const lines of reported) await runSchedule(generateSchedule(7), (line) => lines.push(line));

    expect(reported[0]?.length).toBeGreaterThan(60);
    expect(reported[1]).toEqual(reported[0]);
  });

  it.each(FOUND)('keeps every invariant with the seed %i, where once %s', async (seed) => {
    expect(await runSchedule(generateSchedule(seed))).toBeUndefined();
  });

  it('that breaks an invariant is shrunk to the steps that it takes', async () => {
    const schedule = generateSchedule(3);
    // Nobody can undo what Button itself forgets: an order that it never carried out is lost.
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
