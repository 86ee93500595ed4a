import type { TransactionsApi } from '../button/transactions-api.ts';
import { firstReadable } from './rules/first-readable.ts';
import { GAP_RETRY_MS, gapPosition, isGap, passOver } from './rules/gap.ts';
import { pageSizeOf } from './rules/page-size.ts';
import { followTrail, type PageTrail } from './rules/page-trail.ts';
import type { NextPage } from './rules/paging-form.ts';
import { isFinished, lastEndMs, latestEndMs, toSecond, type Position } from './rules/position.ts';
import { log } from '../runtime/logger.ts';
import { failureOf, fetchPage } from './fetch-page.ts';
import type { PageStep, ReadPagePorts } from './page-step.ts';

/** If this number of pages of a second can be read, the second counts as readable. */
const MAX_TRIED_PAGES = 20;

type Ports = Omit<ReadPagePorts, 'quarantine' | 'transactions'>;

/**
 * Continues behind a second that cannot be read: the range that is passed over becomes a separate stream, a
 * gap, which is tried again until it is read. The position is saved after the gap, never before.
 *
 * `stuck` if there is nothing to continue with: Button does not return the latest second either, so Button
 * fails and not this second; or nothing later can be read yet. `isLatestShown`: Button has just returned the
 * latest second. A position with `retryAt` is passed over while Button wants no request: then the search ends
 * at once, behind the second that failed. Throws if the table cannot be reached.
 */
export async function passOverWindow(
  { position, reason, isLatestShown }: { position: Position; reason: string; isLatestShown: boolean },
  api: TransactionsApi,
  ports: Ports,
): Promise<PageStep | 'stuck'> {
  const now = ports.now();
  const endMs = Date.parse(position.window?.end ?? position.readThrough);
  const mostMs = lastEndMs(position, now, ports.windows);
  if (latestSecond(ports) * 1000 < endMs) return 'stuck';
  if (!isLatestShown && !(await canReadLatest(position, api, ports))) return 'stuck';

  const search = createSearch(position, api, ports);
  const range = { from: endMs / 1000, to: Math.ceil(mostMs / 1000) };
  const found = await firstReadable(range, search.isReadable);
  const to = toSecond((found ?? search.end(range)) * 1000);
  const { readUntil } = position;
  if (isGap(position) && readUntil !== undefined) {
    if (Date.parse(to) >= Date.parse(readUntil)) return 'stuck';
    return divide({ position: { ...position, readUntil }, reason }, to, ports);
  }

  const { position: beyond, gap } = passOver(position, { to, most: toSecond(mostMs), at: now });
  // With a pause, the gap has had its try of this hour.
  const wait = position.retryAt === undefined ? {} : { retryAt: inAnHour(ports) };
  await createGap({ ...gapPosition(position, gap), ...wait }, ports);
  if (!(await ports.positions.save(beyond))) return { position, stop: { outcome: 'overtaken' } };
  ports.metrics.add({ name: 'WindowsPassedOver', value: 1 });
  log.warn('window_passed_over', { account: position.account, stream: position.stream, ...gap, reason });
  return { position: beyond };
}

/**
 * Whether Button returns the account's latest second: then it refuses neither the key nor the account, and is
 * not down.
 */
export function canReadLatest(position: Position, api: TransactionsApi, ports: Ports): Promise<boolean> {
  return createSearch(position, api, ports).isReadable(latestSecond(ports));
}

function latestSecond({ now, windows }: Ports): number {
  return latestEndMs(now(), windows) / 1000 - 1;
}

/** If a later part of a gap can be read, the gap becomes two; the first one waits for its next try. */
async function divide(
  { position, reason }: { position: Position & { readUntil: string }; reason: string },
  boundary: string,
  ports: Ports,
): Promise<PageStep> {
  await createGap(gapPosition(position, { from: boundary, to: position.readUntil }), ports);
  const first = { ...position, readUntil: boundary, retryAt: inAnHour(ports) };
  const isSaved = await ports.positions.save(first);
  return { position: first, stop: isSaved ? { outcome: 'partial', reason } : { outcome: 'overtaken' } };
}

function inAnHour({ now }: Ports): string {
  return new Date(now().getTime() + GAP_RETRY_MS).toISOString();
}

/** A gap that was read before is read again; one that is still being read continues. */
async function createGap(gap: Position, { positions, now }: Ports): Promise<void> {
  const begun = { ...gap, createdAt: now().toISOString() };
  if (await positions.create(begun)) return;
  const current = await positions.read(gap.account, gap.stream);
  if (current === undefined) return;
  if (current === 'unreadable') {
    await positions.replaceUnreadable({ ...begun, fence: Math.floor(now().getTime() / 1000) });
    return;
  }
  const isShorter = (current.readUntil ?? '') < (gap.readUntil ?? '');
  if (!isFinished(current) && !isShorter) return;
  const taken = await positions.take(current);
  if (taken) await positions.save({ ...begun, fence: taken.fence });
}

/**
 * Tries seconds by reading them, without storing anything. Stops when the slice's time is over or Button asks
 * for a pause.
 */
function createSearch(position: Position, api: TransactionsApi, { now, pageSize, timeLeft }: Ports) {
  let lastUnreadable: number | undefined;
  let isStopped = false;
  const isReadable = async (second: number): Promise<boolean> => {
    const query = {
      accountId: position.account,
      timeField: position.timeField ?? 'modified_date',
      start: toSecond(second * 1000),
      end: toSecond((second + 1) * 1000),
      pageSize: pageSizeOf(position, position.window, pageSize),
    } as const;
    let next: NextPage | null = null;
    let trail: PageTrail | undefined;
    for (let number = 1; number <= MAX_TRIED_PAGES; number += 1) {
      isStopped ||= !timeLeft();
      if (isStopped) return false;
      const reading = await fetchPage({ query, next, learnt: position.learnt }, { api, now });
      if (!reading.ok) {
        isStopped = failureOf(reading, { isFirstPage: next === null }) === undefined;
        return false;
      }
      const { rows } = reading.value;
      ({ next } = reading.value);
      if (next === null) return true;
      const followed = followTrail(trail, { number, rows, next });
      if (followed === 'endless') return false;
      trail = followed;
    }
    return true;
  };
  return {
    isReadable: async (second: number): Promise<boolean> => {
      const isSo = await isReadable(second);
      if (!isSo && !isStopped) lastUnreadable = Math.max(second, lastUnreadable ?? second);
      return isSo;
    },
    /**
     * Where to continue if no readable second was found: at the end if all seconds were tried, otherwise
     * behind the last one that was tried.
     */
    end: ({ from, to }: { from: number; to: number }): number => {
      if (!isStopped) return Math.max(from, to);
      return Math.max(from, Math.min(to, lastUnreadable === undefined ? from : lastUnreadable + 1));
    },
  };
}
