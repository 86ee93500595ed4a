import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createRollingList } from '../../../ops/console/watch/rolling-list.ts';

type Item = { key: string; at: string };

function itemAt(key: number, minute: number): Item {
  return { key: `k-${key}`, at: new Date(Date.UTC(2026, 5, 1, 0, minute)).toISOString() };
}

/** A table whose content may change between two reads. */
function listOf(table: { items: readonly Item[] }, itemsPerRefresh = 10) {
  return createRollingList({
    read: async function* read() {
      await Promise.resolve();
      yield* table.items;
    },
    rowOf: (item: Item) => item,
    itemsPerRefresh,
  });
}

describe('the latest rows of a table that is not ordered by time', () => {
  it('are the latest 50, the latest first, once everything was read, however little a refresh reads', async () => {
    const minutes = fc.array(fc.nat(10_000), { maxLength: 120 });
    await fc.assert(
      fc.asyncProperty(minutes, fc.integer({ min: 1, max: 40 }), async (found, itemsPerRefresh) => {
        const items = found.map((minute, index) => itemAt(index, minute));
        const list = listOf({ items }, itemsPerRefresh);
        while (list.refreshesOfAPass() === undefined) await list.refresh();

        const latest = items
          .map(({ at }) => at)
          .toSorted()
          .toReversed()
          .slice(0, 50);
        expect(list.rows().map(({ at }) => at)).toEqual(latest);
      }),
      { numRuns: 30 },
    );
  });

  it('reads on from where it stopped, and says how many refreshes a pass takes', async () => {
    const table = { items: Array.from({ length: 25 }, (_, index) => itemAt(index, index)) };
    const list = listOf(table);
    await list.refresh();
    expect([list.rows().length, list.refreshesOfAPass()]).toEqual([10, undefined]);
    await list.refresh();
    await list.refresh();

    expect([list.rows().length, list.refreshesOfAPass()]).toEqual([25, 3]);
  });

  it('shows a change of a row, and drops a row that has left the table after the next whole pass', async () => {
    const table = { items: [itemAt(1, 1), itemAt(2, 2)] };
    const list = listOf(table);
    await list.refresh();
    table.items = [itemAt(1, 9)];
    await list.refresh();

    expect(list.rows()).toEqual([itemAt(1, 9)]);
  });

  it('starts again after a failure, and keeps what it knows until then', async () => {
    let isDown = false;
    const list = createRollingList({
      read: async function* read() {
        await Promise.resolve();
        if (isDown) throw new Error('down');
        yield itemAt(1, 1);
      },
      rowOf: (item: Item) => item,
      itemsPerRefresh: 10,
    });
    await list.refresh();
    isDown = true;
    await expect(list.refresh()).rejects.toThrow('down');
    expect(list.rows()).toHaveLength(1);
    isDown = false;
    await list.refresh();

    expect(list.rows()).toHaveLength(1);
  });
});
