import {
  backfillPosition,
  backfillStream,
  type BackfillRange,
} from '../reconciliation/rules/begin-stream.ts';
import { isFinished } from '../reconciliation/rules/position.ts';
import { plannedReadMessage, type ReadMessage } from '../reconciliation/rules/read-message.ts';
import type { PositionStore } from '../reconciliation/store/position-store.ts';

/** What starting a backfill needs. */
export type BackfillPorts = {
  positions: Pick<PositionStore, 'create'>;
  /** Throws unless every message is on the queue of read messages. */
  send: (messages: readonly ReadMessage[]) => Promise<void>;
  now: () => Date;
};

/** The result of starting a backfill. */
export type BackfillStart =
  | { outcome: 'started'; stream: string }
  /** It was started before, with the range it had then, and continues; once finished it stays finished. */
  | { outcome: 'resumed'; stream: string }
  | { outcome: 'refused'; reason: 'id_malformed' | 'range_malformed' };

/**
 * Has a range of an account read once more, with the code and the merge of every other read and beside it: no
 * event is published twice, and the incremental position is not changed. If its worker is killed, the next
 * run of the planner sends another read message.
 *
 * Throws if the table or the queue cannot be reached; then start it again under the same id.
 */
export async function startBackfill(range: BackfillRange, ports: BackfillPorts): Promise<BackfillStart> {
  if (!/^[A-Za-z0-9-]{1,64}$/.test(range.id)) return { outcome: 'refused', reason: 'id_malformed' };
  // Also false if one of them is not a date.
  const isRange = Date.parse(range.from) < Date.parse(range.to);
  if (!isRange) return { outcome: 'refused', reason: 'range_malformed' };

  const startedAt = ports.now().toISOString();
  const position = { ...backfillPosition(range), createdAt: startedAt };
  const isNew = await ports.positions.create(position);
  const { account, stream } = position;
  await ports.send([plannedReadMessage({ account, stream }, startedAt)]);
  return { outcome: isNew ? 'started' : 'resumed', stream };
}

/**
 * How far a backfill has got. Instants are ISO 8601 UTC; `share` is between 0 and 1 of the range, not of its
 * rows.
 */
export type BackfillProgress = {
  readFrom: string;
  readThrough: string;
  readUntil: string;
  finished: boolean;
  share: number;
};

/**
 * How far the backfill has got; undefined if there is none with that id. Throws if the table cannot be
 * reached.
 */
export async function backfillProgress(
  { account, id }: Pick<BackfillRange, 'account' | 'id'>,
  positions: Pick<PositionStore, 'read'>,
): Promise<BackfillProgress | 'unreadable' | undefined> {
  const position = await positions.read(account, backfillStream(id));
  if (position === undefined || position === 'unreadable') return position;
  const { readFrom, readThrough, readUntil } = position;
  if (readFrom === undefined || readUntil === undefined) return 'unreadable';
  const lengthMs = Date.parse(readUntil) - Date.parse(readFrom);
  const share = lengthMs === 0 ? 1 : (Date.parse(readThrough) - Date.parse(readFrom)) / lengthMs;
  return { readFrom, readThrough, readUntil, finished: isFinished(position), share };
}
