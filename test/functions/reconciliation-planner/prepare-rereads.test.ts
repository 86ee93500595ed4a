import { describe, expect, it } from 'vitest';

import { prepareRereads } from '../../../functions/reconciliation-planner/prepare-rereads.ts';
import type { ConflictNote } from '../../../shared/reconciliation/rules/conflict-note.ts';
import { createInMemoryPositions } from '../../fakes/in-memory-positions.ts';

const START_MS = Date.parse('2026-06-15T12:00:00.000Z');
const LAG_MS = 120_000;
const minute = (minutes: number) => new Date(START_MS + minutes * 60_000);

const noteOf = (number: number, changes: Partial<ConflictNote> = {}): ConflictNote => ({
  ...{ key: `order#btnorder-${number}`, account: 'acc-1' },
  createdDate: `${new Date(Date.parse('2026-05-01T00:00:00Z') + number * 1000).toISOString().slice(0, 19)}Z`,
  since: minute(0).toISOString(),
  ...changes,
});
const notesOf = (count: number, first = 0, changes: Partial<ConflictNote> = {}) =>
  Array.from({ length: count }, (_, index) => noteOf(first + index, changes));

function createPlanner(known: readonly string[] = ['acc-1']) {
  const positions = createInMemoryPositions();
  /** A run of the planner; the seconds that it reads, by account. */
  async function run(now: Date): Promise<{ account: string; stream: string; second: string }[]> {
    const prepared = await prepareRereads(
      { deployedAt: '2026-01-01T00:00:00.000Z', known },
      {
        positions,
        metrics: { add: () => undefined },
        ...{ firstRead: 'live', readFrom: '2026-01-01T00:00:00Z', lagMs: LAG_MS },
        now: () => now,
      },
    );
    return Promise.all(
      prepared.flatMap(({ account, streams }) =>
        streams.map(async (stream) => {
          const position = await positions.read(account, stream);
          if (position === undefined || position === 'unreadable') throw new Error('no position');
          return { account, stream, second: position.readThrough };
        }),
      ),
    );
  }
  /** Reads them to their end, as the reconciler does; with `isPassedOver`, by leaving a gap. */
  async function read(planned: Awaited<ReturnType<typeof run>>, isPassedOver = false): Promise<void> {
    for (const { account, stream } of planned) {
      const position = await positions.read(account, stream);
      if (position === undefined || position === 'unreadable') throw new Error('no position');
      const { readUntil = '' } = position;
      const gap = isPassedOver ? { lastGap: { end: readUntil, seconds: 1 } } : {};
      await positions.save({ ...position, readThrough: readUntil, ...gap });
    }
  }
  return { leave: (notes: readonly ConflictNote[]) => positions.leave(notes), run, read };
}

describe('transactions, requirement 4: a conflict is read again on purpose', () => {
  it('until a read has begun one lag and the difference of clocks after the conflict arose, and no more then', async () => {
    const planner = createPlanner();
    await planner.leave([noteOf(1)]);
    const counts: number[] = [];

    for (const now of [minute(1), minute(3), minute(12)]) {
      const planned = await planner.run(now);
      await planner.read(planned);
      counts.push(planned.length);
    }

    expect(counts).toEqual([1, 1, 0]);
  });

  it('once more if it has arisen again', async () => {
    const planner = createPlanner();
    await planner.leave([noteOf(1)]);
    await planner.read(await planner.run(minute(3)));
    await planner.leave([noteOf(1, { since: minute(5).toISOString() })]);

    expect(await planner.run(minute(12))).toHaveLength(1);
  });

  it('once more if its second was passed over', async () => {
    const planner = createPlanner();
    await planner.leave([noteOf(1)]);
    await planner.read(await planner.run(minute(3)), true);

    expect(await planner.run(minute(12))).toHaveLength(1);
  });

  it('in its turn, however many there are: those that were never read come first', async () => {
    const planner = createPlanner();
    await planner.leave(notesOf(250));
    const seconds = new Set<string>();

    for (const [minutes, isButtonUp] of [
      [10, true],
      [20, false],
      [30, true],
    ] as const) {
      const planned = await planner.run(minute(minutes));
      expect(planned.length).toBeLessThanOrEqual(100);
      if (isButtonUp) await planner.read(planned);
      for (const { second } of planned) seconds.add(second);
    }

    expect(seconds.size).toBe(250);
  });

  it('before those that no read can settle yet', async () => {
    const planner = createPlanner();
    await planner.leave(notesOf(120, 0, { since: minute(9).toISOString() }));
    await planner.leave(notesOf(1, 500));

    const planned = await planner.run(minute(10));

    expect(planned).toHaveLength(100);
    expect(planned[0]?.second).toBe(noteOf(500).createdDate);
  });

  it('even if others may each be in every account', async () => {
    const planner = createPlanner(['acc-1', 'acc-2', 'acc-3', 'acc-4', 'acc-5']);
    await planner.leave(notesOf(30, 0, { account: '*' }));
    await planner.leave(notesOf(70, 100, { since: minute(1).toISOString() }));

    const first = await planner.run(minute(10));
    await planner.read(first);
    const second = await planner.run(minute(20));
    await planner.read(second);

    expect(new Set(first.map((one) => one.second)).size).toBe(100);
    expect([second.length, (await planner.run(minute(30))).length]).toEqual([100, 20]);
  });

  it('in one stream if notes with and without an account mean the same', async () => {
    const planner = createPlanner();
    await planner.leave([noteOf(1), noteOf(1, { account: '*' })]);

    expect(await planner.run(minute(10))).toHaveLength(1);
  });
});
