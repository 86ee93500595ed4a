import { expect, it } from 'vitest';

import { awaitBackfill } from '../../ops/await-backfill.ts';
import type { BackfillProgress } from '../../shared/transactions/backfill.ts';

const until = (hour: number, finished = false): BackfillProgress => ({
  readFrom: '2026-01-01T00:00:00Z',
  readThrough: `2026-01-01T0${hour}:00:00Z`,
  readUntil: '2026-01-01T06:00:00Z',
  finished,
  share: hour / 6,
});

it('backfill-show --wait says how many hours of the range are read, of those that were left, until it is finished', async () => {
  const states = [until(2), until(3), until(3), until(5), until(6, true)];
  const shown: [string, number | undefined, number][] = [];

  const end = await awaitBackfill(
    () => Promise.resolve(states.shift()),
    (unit, total) => {
      let sum = 0;
      return (count = 1) => {
        sum += count;
        shown.push([unit, total, sum]);
      };
    },
    () => Promise.resolve(),
  );

  expect(end).toEqual(until(6, true));
  expect(shown).toEqual([
    ['hours of the range', 4, 1],
    ['hours of the range', 4, 1],
    ['hours of the range', 4, 3],
  ]);
});
