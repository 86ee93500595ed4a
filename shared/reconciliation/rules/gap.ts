import { sizesOf } from './page-size.ts';
import { toSecond, type Position } from './position.ts';

/** How long a gap waits after it could not be read. */
export const GAP_RETRY_MS = 3_600_000;

const BACKFILL = /^backfill-[^/]+/;

/** Whether the stream reads a range that another stream has passed over. Pure. */
export function isGap({ stream }: Pick<Position, 'stream'>): boolean {
  return /(?:^|\/)gap-\d/.test(stream);
}

/**
 * The stream that reads what `position` passes over, from `from` up to `to` (ISO 8601 UTC): a stream with an
 * end, which is read until nothing is left. Streams that pass over the same range share one. A backfill has
 * its own, because it decides by itself what is historical. Pure.
 */
export function gapPosition(position: Position, { from, to }: { from: string; to: string }): Position {
  const { account, stream, historicalBefore, timeField, learnt } = position;
  const [owner = timeField] = BACKFILL.exec(stream) ?? [];
  const start = toSecond(Date.parse(from));
  return {
    account,
    stream: `${owner === undefined ? '' : `${owner}/`}gap-${start}`,
    fence: 0,
    readThrough: start,
    historicalBefore,
    ...(timeField ? { timeField } : {}),
    ...(learnt ? { learnt } : {}),
    ...sizesOf(position),
    readFrom: start,
    readUntil: to,
    // This range has failed often enough: it is read in parts at once.
    narrowUntil: to,
  };
}

/**
 * The position beyond a range that is passed over. A gap that follows directly on another is at least twice
 * as long, so that a long unreadable stretch needs few steps. Up to `most`, the end of what can be read now,
 * no failed window is waited for again. Pure.
 */
export function passOver(
  position: Position,
  { to, most, at }: { to: string; most: string; at: Date },
): { position: Position; gap: { from: string; to: string } } {
  const { window: _window, lastGap, readThrough: from, ...rest } = position;
  const begin = Date.parse(from);
  const doubled = lastGap?.end === from ? begin + 2000 * lastGap.seconds : 0;
  const endMs = Math.min(Math.max(Date.parse(to), doubled), Math.max(Date.parse(to), Date.parse(most)));
  const end = toSecond(endMs);
  const seconds = Math.max(1, Math.round((endMs - begin) / 1000));
  return {
    gap: { from, to: end },
    position: {
      ...rest,
      readThrough: end,
      narrowUntil: toSecond(Date.parse(most)),
      notBefore: end,
      lastGap: { end, seconds },
      completedAt: at.toISOString(),
    },
  };
}
