import { describe, expect, it } from 'vitest';

import { gapPosition, isGap, passOver } from '../../../../shared/reconciliation/rules/gap.ts';
import type { Position } from '../../../../shared/reconciliation/rules/position.ts';

const INCREMENTAL: Position = {
  account: 'acc-1',
  stream: 'incremental',
  fence: 3,
  readThrough: '2026-06-01T10:00:00Z',
  historicalBefore: '2026-05-01T00:00:00Z',
};
const at = new Date('2026-06-02T00:00:00Z');
const range = { from: '2026-06-01T10:00:00Z', to: '2026-06-01T10:00:01Z' };

describe('gapPosition', () => {
  it('is a stream with an end that begins at the position of the other one', () => {
    expect(gapPosition(INCREMENTAL, range)).toEqual({
      account: 'acc-1',
      stream: 'gap-2026-06-01T10:00:00Z',
      fence: 0,
      readThrough: range.from,
      historicalBefore: INCREMENTAL.historicalBefore,
      readFrom: range.from,
      readUntil: range.to,
      narrowUntil: range.to,
    });
  });

  it('is shared by streams that read by the same date, but a backfill has its own and decides what is historical', () => {
    const of = (changes: Partial<Position>) => gapPosition({ ...INCREMENTAL, ...changes }, range).stream;

    expect(of({ stream: 'sweep-daily' })).toBe(of({}));
    expect(of({ stream: 'sweep-weekly', timeField: 'created_date' })).toBe(
      'created_date/gap-2026-06-01T10:00:00Z',
    );
    expect(of({ stream: 'backfill-may' })).toBe('backfill-may/gap-2026-06-01T10:00:00Z');
    expect(of({ stream: 'backfill-may/gap-2026-06-01T09:00:00Z' })).toBe(of({ stream: 'backfill-may' }));
    expect(of({ stream: 'gap-2026-06-01T09:00:00Z' })).toBe(of({}));
  });

  it('is distinguished from every other stream', () => {
    const streams = [
      'incremental',
      'sweep-daily',
      'sweep-weekly',
      'backfill-gap-1',
      'backfill-x',
      'cross-check',
    ];

    expect(streams.filter((stream) => isGap({ stream }))).toEqual([]);
    for (const stream of streams) expect(isGap(gapPosition({ ...INCREMENTAL, stream }, range))).toBe(true);
  });
});

describe('passOver', () => {
  const window = { ...range, start: range.from, end: range.to, next: null, pages: 0, rows: 0, repaired: 0 };
  const most = '2026-06-01T23:00:00Z';

  it('continues after the range and never reaches back over it', () => {
    const { position, gap } = passOver({ ...INCREMENTAL, window }, { to: range.to, most, at });

    expect(gap).toEqual(range);
    expect(position).toMatchObject({
      readThrough: range.to,
      notBefore: range.to,
      completedAt: at.toISOString(),
    });
    expect(position).not.toHaveProperty('window');
  });

  it('passes over at least twice as much after a previous gap, up to what can be read', () => {
    let position: Position = INCREMENTAL;
    const ends: string[] = [];
    for (let gaps = 0; gaps < 6; gaps += 1) {
      const to = new Date(Date.parse(position.readThrough) + 1000).toISOString();
      ({ position } = passOver(position, { to, most: '2026-06-01T10:00:30Z', at }));
      ends.push(position.readThrough.slice(17, 19));
    }

    expect(ends).toEqual(['01', '03', '07', '15', '30', '31']);
  });
});
