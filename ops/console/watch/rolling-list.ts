import type { Row } from '../view.ts';

/** What a list is made from. */
export type RollingSource<Item, Shown extends Row> = {
  /** Begins to read everything, in any order. */
  read: () => AsyncIterator<Item>;
  /** The row of an item; undefined for an item that is not shown. */
  rowOf: (item: Item) => Shown | undefined;
  /** How many items one refresh reads at most. */
  itemsPerRefresh: number;
};

/** The latest rows of a table that cannot be read in the order of time. */
export type RollingList<Shown extends Row> = {
  /** Reads on from where the last refresh stopped. Throws as `read` does; the next refresh begins anew. */
  refresh: () => Promise<void>;
  /** The latest first. */
  rows: () => Shown[];
  /**
   * How many refreshes the last whole pass took; undefined until everything has been read once.
   */
  refreshesOfAPass: () => number | undefined;
};

/** More than the page shows, so that a row that leaves the table makes room for the next. */
const MOST_KEPT = 200;
const MOST_SHOWN = 50;

/**
 * Passes over a table again and again, a bounded number of items in each refresh, and keeps the latest rows.
 * A row that a whole pass did not meet again is dropped.
 */
export function createRollingList<Item, Shown extends Row>({
  read,
  rowOf,
  itemsPerRefresh,
}: RollingSource<Item, Shown>): RollingList<Shown> {
  let kept = new Map<string, { row: Shown; pass: number }>();
  let iterator: AsyncIterator<Item> | undefined;
  let pass = 0;
  let refreshes = 0;
  let refreshesOfAPass: number | undefined;

  const latest = (): { row: Shown; pass: number }[] =>
    [...kept.values()].toSorted(({ row: one }, { row: other }) => compare(one, other));

  const endPass = (): void => {
    kept = new Map([...kept].filter(([, entry]) => entry.pass === pass));
    pass += 1;
    refreshesOfAPass = refreshes;
    refreshes = 0;
    iterator = undefined;
  };

  const readOn = async (): Promise<void> => {
    iterator ??= read();
    for (let count = 0; count < itemsPerRefresh; count += 1) {
      const next = await iterator.next();
      if (next.done === true) {
        endPass();
        return;
      }
      const row = rowOf(next.value);
      if (row) kept.set(row.key, { row, pass });
    }
  };

  return {
    async refresh() {
      refreshes += 1;
      try {
        await readOn();
      } catch (error) {
        iterator = undefined;
        refreshes = 0;
        throw error;
      }
      if (kept.size > MOST_KEPT)
        kept = new Map(
          latest()
            .slice(0, MOST_KEPT)
            .map((entry) => [entry.row.key, entry]),
        );
    },
    rows: () =>
      latest()
        .slice(0, MOST_SHOWN)
        .map(({ row }) => row),
    refreshesOfAPass: () => refreshesOfAPass,
  };
}

/** The latest first; rows of one instant by their keys, so that they do not change places. */
function compare(one: Row, other: Row): number {
  return Date.parse(other.at) - Date.parse(one.at) || (one.key < other.key ? -1 : 1);
}
