import type { ConflictNote } from './conflict-note.ts';
import { shownAfterMs } from '../../transactions/rules/clocks.ts';
import { isFinished, isInFuture, type Position } from './position.ts';

/** A conflict to read again in one account, and the position of the last time; undefined if never. */
export type Reread = { note: ConflictNote; stream: string; last: Position | undefined };

/** When rereads have their turn: in this run, at most this number of them. */
export type Turn = { now: Date; lagMs: number; most: number };

/**
 * The rereads whose turn it is. Pure.
 *
 * A read that began late enough after the conflict arose has settled it, so it needs no other. Those that can
 * be settled now come first; among them those that were never read, then those that were read longest ago. A
 * conflict that may be in many accounts takes one place after the other, like the others.
 */
export function rereadsInTurn<One extends Reread>(rereads: readonly One[], turn: Turn): One[] {
  const open = withoutRepeats(rereads).filter((one) => !isSettled(one, turn));
  const accountsBefore = new Map<string, number>();
  const queue = open.map((reread) => {
    const conflict = JSON.stringify([reread.note.key, reread.note.createdDate]);
    const place = accountsBefore.get(conflict) ?? 0;
    accountsBefore.set(conflict, place + 1);
    return { reread, place };
  });
  const order = queue.map(({ reread, place }) => ({
    reread,
    keys: [
      settlesFromMs(reread, turn) <= turn.now.getTime() ? 0 : 1,
      Date.parse(reread.last?.createdAt ?? '') || 0,
      place,
      Date.parse(reread.note.since),
    ],
  }));
  return order
    .toSorted((one, other) => compare(one.keys, other.keys))
    .slice(0, turn.most)
    .map(({ reread }) => reread);
}

/** Notes that name an account and notes that name none may mean the same; the later one counts. */
function withoutRepeats<One extends Reread>(rereads: readonly One[]): One[] {
  const bySince = rereads.toSorted((one, other) => (one.note.since < other.note.since ? -1 : 1));
  return [...new Map(bySince.map((one) => [`${one.note.account} ${one.stream}`, one])).values()];
}

/** Not if the second was passed over: then the conflict has not been read. */
function isSettled(reread: Reread, turn: Turn): boolean {
  const { last } = reread;
  if (!last || !isFinished(last) || isInFuture(last, turn.now) || last.lastGap) return false;
  return Date.parse(last.createdAt ?? '') >= settlesFromMs(reread, turn);
}

/** A read that begins at or after this instant (milliseconds since 1970) settles the conflict. */
function settlesFromMs({ note }: Reread, { lagMs }: Turn): number {
  return Date.parse(note.since) + shownAfterMs(lagMs);
}

function compare(one: readonly number[], other: readonly number[]): number {
  const index = one.findIndex((key, at) => key !== other[at]);
  return (one[index] ?? 0) - (other[index] ?? 0);
}
