import { describe, expect, it } from 'vitest';

import { prepareStreams } from '../../../functions/reconciliation-planner/prepare-streams.ts';
import type { FirstRead } from '../../../shared/reconciliation/rules/begin-stream.ts';
import type { Position } from '../../../shared/reconciliation/rules/position.ts';
import { createInMemoryPositions, type InMemoryPositions } from '../../fakes/in-memory-positions.ts';

const now = new Date('2026-06-15T12:00:00.000Z');

const sweep: Position = {
  account: 'acc-1',
  stream: 'sweep-daily',
  fence: 3,
  readThrough: '2026-06-10T00:00:00Z',
  historicalBefore: null,
  readFrom: '2026-06-08T00:00:00Z',
  readUntil: '2026-06-15T00:00:00Z',
};

/** Prepares the account for a tick in which the daily sweep is due. */
function prepare(positions: InMemoryPositions, firstRead: FirstRead = 'live') {
  return prepareStreams(
    {
      account: 'acc-1',
      sweeps: [{ stream: 'sweep-daily', days: 7 }],
      deployedAt: '2026-01-01T00:00:00.000Z',
    },
    {
      positions,
      metrics: { add: () => undefined },
      firstRead,
      readFrom: '2026-01-01T00:00:00Z',
      now: () => now,
    },
  );
}

describe('prepareStreams', () => {
  it('says which streams failed when they were last read, and until when they waited', async () => {
    const positions = createInMemoryPositions();
    const incremental = {
      account: 'acc-1',
      stream: 'incremental',
      fence: 1,
      readThrough: sweep.readThrough,
      historicalBefore: null,
    };
    const gap = { ...sweep, stream: 'gap-2026-06-09T00:00:00Z', narrowUntil: '2026-06-15T00:00:00Z' };
    await positions.create(incremental);
    await positions.create({ ...sweep, retryAt: '2026-06-15T11:50:00.000Z' });
    await positions.create(gap);

    const { failed } = await prepare(positions);

    expect([...failed]).toEqual(
      expect.arrayContaining([
        ['sweep-daily', '2026-06-15T11:50:00.000Z'],
        [gap.stream, undefined],
      ]),
    );
    expect(failed.has('incremental')).toBe(false);
  });

  it('lets a sweep in progress go on where it is, although the next one is due (E15)', async () => {
    const positions = createInMemoryPositions();
    await positions.create(sweep);

    const { streams } = await prepare(positions);

    expect(await positions.read('acc-1', 'sweep-daily')).toEqual(sweep);
    expect(streams).toEqual(['incremental', 'sweep-daily']);
  });

  it('starts a finished sweep again when the next one is due, and stops any worker of the last one (E6, E15)', async () => {
    const positions = createInMemoryPositions();
    const over = { ...sweep, readThrough: '2026-06-15T00:00:00Z' };
    await positions.create(over);

    await prepare(positions);

    expect(await positions.read('acc-1', 'sweep-daily')).toMatchObject({
      fence: 4,
      readThrough: '2026-06-08T12:00:00Z',
      readUntil: '2026-06-15T11:00:00Z',
    });
    expect(await positions.save(over)).toBe(false);
  });

  it("starts a sweep with the paging form and the page size that work for the account's incremental stream", async () => {
    const positions = createInMemoryPositions();
    const works = {
      learnt: { form: 'cursor-alone', learntAt: '2026-06-15T11:00:00.000Z' },
      pageSize: 10,
      failedPageSize: { size: 100, failedAt: '2026-06-15T11:00:00.000Z' },
    } as const;
    const { readFrom: _from, readUntil: _until, ...rest } = sweep;
    await positions.create({ ...rest, stream: 'incremental', ...works });

    await prepare(positions);

    expect(await positions.read('acc-1', 'sweep-daily')).toMatchObject(works);
  });

  it('leaves an existing incremental stream as it is, whatever it counts as historical', async () => {
    const positions = createInMemoryPositions();
    const { readFrom: _from, readUntil: _until, ...rest } = sweep;
    const incremental = { ...rest, stream: 'incremental' };
    await positions.create(incremental);

    await prepare(positions, 'historical');

    expect(await positions.read('acc-1', 'incremental')).toEqual(incremental);
  });
});
