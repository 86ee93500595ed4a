import { describe, expect, it } from 'vitest';

import { chooseEntries } from '../../ops/chosen-entries.ts';
import { findEntries, findWholeOrders } from '../../ops/quarantine-entries.ts';
import type { QuarantineSummary } from '../../shared/quarantine/quarantine-review.ts';

/** Five refusals, one a day, on pages of two. The second one was replayed. */
const ENTRIES: QuarantineSummary[] = [1, 2, 3, 4, 5].map((day) => ({
  kind: 'webhook',
  id: `entry-${day}`,
  reasons: (day === 4 ? ['amount_missing', 'too_deep'] : ['not_json']).map((code) => ({
    code,
    problem: 'x',
  })),
  refusedAt: `2026-06-0${day}T12:00:00.000Z`,
  origin: 'webhook',
  refusals: 1,
  replays: 0,
  ...(day === 2 ? { replayedAt: '2026-06-10T12:00:00.000Z' } : {}),
}));

const review = {
  list: (_kind: string, { nextPage = '0' }: { nextPage?: string }) => {
    const start = Number(nextPage);
    const entries = ENTRIES.slice(start, start + 2);
    return Promise.resolve(
      start + 2 < ENTRIES.length ? { entries, nextPage: String(start + 2) } : { entries },
    );
  },
  read: () => Promise.resolve(undefined),
};

async function found(filter: Partial<Parameters<typeof findEntries>[2]>) {
  const { entries, more } = await findEntries(review, 'webhook', {
    ...{ withReplayed: false, limit: 100 },
    ...filter,
  });
  return { days: entries.map(({ id }) => Number(id.split('-')[1])), more };
}

describe('findEntries', () => {
  it.each([
    ['replayed ones are left out', {}, [5, 4, 3, 1]],
    ['unless it is asked for', { withReplayed: true }, [5, 4, 3, 2, 1]],
    ['from an instant on', { since: '2026-06-03T12:00:00.000Z' }, [5, 4, 3]],
    ['for one reason among others', { reason: 'too_deep' }, [4]],
  ])('finds the matching entries on every page, the newest first: %s', async (_what, filter, days) => {
    expect(await found(filter)).toEqual({ days, more: false });
  });

  it('finds as many as requested, and says whether there are more', async () => {
    expect(await found({ limit: 3 })).toEqual({ days: [5, 4, 3], more: true });
    expect(await found({ limit: 4 })).toEqual({ days: [5, 4, 3, 1], more: false });
  });
});

describe('findWholeOrders', () => {
  const orderIds = ['a', 'b', 'a', 'c', 'b'];
  const ofOrders = {
    ...review,
    list: async (...args: Parameters<typeof review.list>) => {
      const { entries, ...page } = await review.list(...args);
      return {
        ...page,
        entries: entries.map((entry) => ({ ...entry, orderId: orderIds[Number(entry.id.slice(6)) - 1] })),
      };
    },
  };

  it.each([
    [2, [1, 3], true],
    [3, [1, 3], true],
    [4, [1, 3, 2, 5], true],
    [5, [1, 3, 2, 5, 4], false],
    [1, [1], true],
  ])('keeps the entries of an order together, with a limit of %i', async (limit, days, more) => {
    const found = await findWholeOrders(ofOrders, 'order#acme', { limit, withReplayed: true });

    expect(found.entries.map(({ id }) => Number(id.split('-')[1]))).toEqual(days);
    expect(found.more).toBe(more);
  });
});

describe('chooseEntries', () => {
  it('selects with --all only what was never replayed: a second run continues where the first stopped (F12)', async () => {
    const choice = { arguments: [], all: true, limit: 100 };

    expect((await chooseEntries(review, 'webhook', choice)).ids).toEqual(
      [1, 3, 4, 5].map((day) => `entry-${day}`),
    );
  });
});
