import * as z from 'zod';

import type { TransactionsApi } from '../button/transactions-api.ts';
import { repairsIn, sumTallies } from './rules/drift.ts';
import { pageSizeOf } from './rules/page-size.ts';
import { followTrail, type PageTrail } from './rules/page-trail.ts';
import { learnForm, type LearntForm, type NextPage } from './rules/paging-form.ts';
import { passOver } from './rules/gap.ts';
import { afterPage, type Position, type ReadWindow } from './rules/position.ts';
import { afterFailure, hasTooManyPages, readShorter, type WindowFailure } from './rules/window-failure.ts';
import { failureOf, fetchPage, reasonOf } from './fetch-page.ts';
import type { PageStep, ReadPagePorts } from './page-step.ts';
import { storeRows } from './store-rows.ts';

const RowSchema = z.object({ id: z.string() });

/**
 * Compares, for one window, the accounts' own lists with Button's list over all accounts. A row that is only
 * in the latter is stored like any other; a row that is only in the former is stored already. Both are
 * counted: one of the lists is not reliable.
 *
 * A window is read completely in one slice, so the slice's time limits the memory; a window that is too long
 * for that is read in halves. Source: docs/button/transactions-api.md, "Accounts" (support both).
 */
export async function compareLists(
  { position, window }: { position: Position; window: ReadWindow },
  api: TransactionsApi,
  ports: ReadPagePorts,
): Promise<PageStep> {
  const readStartedAt = ports.now().toISOString();
  const listing = await api.listAccounts();
  if (!listing.ok) return stopped(position, listing.reason);
  const { accounts, cutShortBy } = listing.value;
  if (cutShortBy !== undefined) return stopped(position, cutShortBy);

  const unmatched = new Map<string, unknown>();
  let onlyInAccounts = 0;
  for (const accountId of [null, ...accounts.map(({ id }) => id)]) {
    for await (const page of pages({ accountId, position, window }, api, ports)) {
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

type Problem = { reason: string; failure?: WindowFailure; isPaused?: boolean };
type ListedPage = { rows: readonly unknown[] } | { problem: Problem };

/** Every page of one list in the window; a problem ends it. */
async function* pages(
  { accountId, position, window }: { accountId: string | null; position: Position; window: ReadWindow },
  api: TransactionsApi,
  ports: ReadPagePorts,
): AsyncGenerator<ListedPage> {
  const { start, end } = window;
  const pageSize = pageSizeOf(position, window, ports.pageSize);
  const query = { accountId, timeField: 'created_date', start, end, pageSize } as const;
  let next: NextPage | null = null;
  let trail: PageTrail | undefined;
  let learnt: LearntForm | undefined;
  for (let number = 1; number === 1 || next !== null; number += 1) {
    if (!ports.timeLeft()) {
      yield { problem: { reason: OUT_OF_TIME } };
      return;
    }
    const reading = await fetchPage({ query, next, learnt }, { api, now: ports.now });
    if (!reading.ok) {
      const failure = failureOf(reading, { isFirstPage: next === null });
      if (failure === undefined || failure === 'denied')
        yield { problem: { reason: reasonOf(reading, undefined) } };
      else {
        const isPaused = reading.reason === 'unavailable' && reading.afterMs !== undefined;
        yield { problem: { reason: reasonOf(reading, failure), failure, isPaused } };
      }
      return;
    }
    const { rows } = reading.value;
    yield { rows };
    next = reading.value.next;
    if (reading.form) learnt = learnForm(reading.form, learnt, ports.now());
    const followed = next === null ? undefined : followTrail(trail, { number, rows, next });
    const isTooLong = next !== null && hasTooManyPages(position, { ...window, pages: number });
    if (followed === 'endless' || isTooLong) {
      yield { problem: { reason: 'endless_pages', failure: isTooLong ? 'too-many-pages' : 'endless' } };
      return;
    }
    trail = followed;
  }
}

const OUT_OF_TIME = 'out_of_time';

/** A window of this stream that cannot be read is only counted: the accounts' own streams read its rows. */
async function giveUp(
  { position, window, problem }: { position: Position; window: ReadWindow; problem: Problem },
  { positions, metrics, pageSize, now }: ReadPagePorts,
): Promise<PageStep> {
  const { reason, failure, isPaused = false } = problem;
  const half = reason === OUT_OF_TIME ? readShorter(position, window, 2) : undefined;
  const after = failure && afterFailure({ position, window, pageSize, isPaused }, failure);
  if (half === undefined && after === undefined) return stopped(position, reason);

  const isPassedOver = after?.then === 'pass-over';
  if (isPassedOver) metrics.add({ name: 'WindowsPassedOver', value: 1 });
  const beyond = { to: window.end, most: window.end, at: now() };
  const next = half ?? (isPassedOver ? passOver(position, beyond).position : after?.position) ?? position;
  if (!(await positions.save(next))) return { position, stop: { outcome: 'overtaken' } };
  return after?.then === 'wait' ? stopped(next, reason) : { position: next };
}

function stopped(position: Position, reason: string): PageStep {
  return { position, stop: { outcome: 'partial', reason } };
}
