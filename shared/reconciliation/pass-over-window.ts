import type { TransactionsApi } from '../button/transactions-api.ts';
import { firstReadable } from './rules/first-readable.ts';
import { GAP_RETRY_MS, gapPosition, isGap, passOver } from './rules/gap.ts';
import { followTrail, type PageTrail } from './rules/page-trail.ts';
import type { NextPage } from './rules/paging-form.ts';
import { isFinished, lastEndMs, latestEndMs, toSecond, type Position } from './rules/position.ts';
import { log } from '../runtime/logger.ts';
import { failureOf, fetchPage } from './fetch-page.ts';
import type { PageStep, ReadPagePorts } from './page-step.ts';

/** A second of which so many pages can be read is taken for one that can be read. */
const MAX_TRIED_PAGES = 20;

type Ports = Omit<ReadPagePorts, 'quarantine' | 'transactions'>;

/**
 * Goes on behind a second that can't be read: what is passed over becomes a stream of its own, a gap, which
 * is tried again until it is read. The position is saved after the gap, never before.
 *
 * `stuck` where there is nothing to go on with: Button gives nothing for the latest second either, so it is
 * Button that fails and not this second, or nothing later can be read yet. Throws if the table can't be
 * reached.
 */
export async function passOverWindow(
  { position, reason }: { position: Position; reason: string },
  api: TransactionsApi,
  ports: Ports,
): Promise<PageStep | 'stuck'> {
  const now = ports.now();
  const endMs = Date.parse(position.window?.end ?? position.readThrough);
  const mostMs = lastEndMs(position, now, ports.windows);
  const search = createSearch(position, api, ports);
  if (!isGap(position)) {
    const latest = latestEndMs(now, ports.windows) / 1000 - 1;
    if (latest * 1000 < endMs || !(await search.isReadable(latest))) return 'stuck';
  }
  const range = { from: endMs / 1000, to: Math.ceil(mostMs / 1000) };
  const found = await firstReadable(range, search.isReadable);
  const { readUntil } = position;
  if (isGap(position) && readUntil !== undefined) {
    if (found === undefined) return 'stuck';
    return divide({ position: { ...position, readUntil }, reason }, toSecond(found * 1000), ports);
  }

  const to = toSecond((found ?? search.end(range)) * 1000);
  const { position: beyond, gap } = passOver(position, { to, most: toSecond(mostMs), at: now });
  await createGap(gapPosition(position, gap), ports);
  if (!(await ports.positions.save(beyond))) return { position, stop: { outcome: 'overtaken' } };
  ports.metrics.add({ name: 'WindowsPassedOver', value: 1 });
  log.warn('window_passed_over', { account: position.account, stream: position.stream, ...gap, reason });
  return { position: beyond };
}

/** A gap of which a later part can be read becomes two; the first one waits for its next try. */
async function divide(
  { position, reason }: { position: Position & { readUntil: string }; reason: string },
  boundary: string,
  ports: Ports,
): Promise<PageStep> {
  await createGap(gapPosition(position, { from: boundary, to: position.readUntil }), ports);
  const retryAt = new Date(ports.now().getTime() + GAP_RETRY_MS).toISOString();
  const first = { ...position, readUntil: boundary, retryAt };
  const isSaved = await ports.positions.save(first);
  return { position: first, stop: isSaved ? { outcome: 'partial', reason } : { outcome: 'overtaken' } };
}

/** A gap that was read once is read again; one that is still being read is left to go on. */
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
 * Tries seconds by reading them, without storing anything. Stops when the slice's time is over or Button
 * wants no more requests.
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
      pageSize: Math.min(position.pageSize ?? pageSize, pageSize),
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
    /** Where to go on if no second was found: at the end if all was tried, else behind what was tried. */
    end: ({ from, to }: { from: number; to: number }): number => {
      if (!isStopped) return Math.max(from, to);
      return Math.max(from, Math.min(to, lastUnreadable === undefined ? from : lastUnreadable + 1));
    },
  };
}
