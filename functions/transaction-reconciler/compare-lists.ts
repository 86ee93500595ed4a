import * as z from 'zod';

import type { TransactionsApi } from '../../shared/button/transactions-api.ts';
import { repairsIn, sumTallies } from '../../shared/domain/drift.ts';
import { followTrail, type PageTrail } from '../../shared/domain/page-trail.ts';
import type { LearntForm, NextPage } from '../../shared/domain/paging-form.ts';
import { afterPage, readHalf, type Position, type ReadWindow } from '../../shared/domain/position.ts';
import { fetchPage } from './fetch-page.ts';
import type { PageStep, ReadPagePorts } from './read-page.ts';
import { storeRows } from './store-rows.ts';

/** What comparing needs. */
export type CompareListsPorts = ReadPagePorts & {
  /** False once the slice's time is over. */
  timeLeft: () => boolean;
};

const RowSchema = z.object({ id: z.string() });

/**
 * Compares, for one window, the accounts' own lists with Button's list of all accounts. A row that only the latter shows is stored like
 * any other; a row that only the former show is stored already. Both are counted: one of the lists is not to be trusted.
 *
 * All of a window is read in one slice, so that the slice's time bounds what is held; a window too long for that is read in halves.
 * Source: docs/button/transactions-api.md, "Accounts" (support both).
 */
export async function compareLists(
  { position, window }: { position: Position; window: ReadWindow },
  api: TransactionsApi,
  ports: CompareListsPorts,
): Promise<PageStep> {
  const readStartedAt = ports.now().toISOString();
  const listing = await api.listAccounts();
  if (!listing.ok) return stopped(position, listing.reason);

  const unmatched = new Map<string, unknown>();
  let onlyInAccounts = 0;
  for (const accountId of [null, ...listing.value.map(({ id }) => id)]) {
    for await (const page of pages({ accountId, window }, api, ports)) {
      if ('problem' in page) return giveUp({ position, window, problem: page.problem }, ports);
      for (const row of page.rows) {
        const { id = '' } = RowSchema.safeParse(row).data ?? {};
        if (accountId === null) unmatched.set(id, row);
        else if (!unmatched.delete(id)) onlyInAccounts += 1;
      }
    }
  }
  const rows = [...unmatched.values()];
  ports.metrics.add({ name: 'RowsOnlyInAllAccountsList', value: rows.length });
  ports.metrics.add({ name: 'RowsOnlyInAccountLists', value: onlyInAccounts });
  const drift = await storeRows({ rows, position, readStartedAt }, ports);
  const found = { ...position, drift: sumTallies([position.drift ?? {}, drift]) };
  const moved = afterPage(found, window, {
    next: null,
    rows: rows.length,
    repaired: repairsIn(drift),
    storedAt: ports.now(),
  });
  return (await ports.positions.save(moved))
    ? { position: moved }
    : { position, stop: { outcome: 'overtaken' } };
}

type ListedPage = { rows: readonly unknown[] } | { problem: string };

/** Every page of one list in the window; a problem ends it. */
async function* pages(
  { accountId, window }: { accountId: string | null; window: ReadWindow },
  api: TransactionsApi,
  { timeLeft, pageSize, now }: CompareListsPorts,
): AsyncGenerator<ListedPage> {
  const { start, end } = window;
  const query = { accountId, timeField: 'created_date', start, end, pageSize } as const;
  let next: NextPage | null = null;
  let trail: PageTrail | undefined;
  let learnt: LearntForm | undefined;
  for (let number = 1; number === 1 || next !== null; number += 1) {
    if (!timeLeft()) {
      yield { problem: OUT_OF_TIME };
      return;
    }
    const reading = await fetchPage({ query, next, learnt }, { api, now });
    if (!reading.ok) {
      yield { problem: reading.reason };
      return;
    }
    const { rows } = reading.value;
    yield { rows };
    next = reading.value.next;
    if (reading.form) learnt = { form: reading.form, learntAt: now().toISOString() };
    const followed = next === null ? undefined : followTrail(trail, { number, rows, next });
    if (followed === 'endless') {
      yield { problem: 'endless_pages' };
      return;
    }
    trail = followed;
  }
}

const OUT_OF_TIME = 'out_of_time';

async function giveUp(
  { position, window, problem }: { position: Position; window: ReadWindow; problem: string },
  { positions }: CompareListsPorts,
): Promise<PageStep> {
  const half = problem === OUT_OF_TIME ? readHalf(position, window) : undefined;
  if (!half) return stopped(position, problem);
  return (await positions.save(half)) ? { position: half } : { position, stop: { outcome: 'overtaken' } };
}

function stopped(position: Position, reason: string): PageStep {
  return { position, stop: { outcome: 'partial', reason } };
}
