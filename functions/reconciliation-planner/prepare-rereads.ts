import { livePosition, type FirstRead } from '../../shared/reconciliation/rules/begin-stream.ts';
import {
  isToReread,
  notesOfAccounts,
  rereadPosition,
} from '../../shared/reconciliation/rules/conflict-note.ts';
import type { Metrics } from '../../shared/runtime/metric-definitions.ts';
import { reportUnreadable } from '../../shared/dynamodb/unreadable-item.ts';
import type { PositionStore } from '../../shared/reconciliation/store/position-store.ts';
import { ensurePosition, type PrepareStreamsPorts } from './prepare-streams.ts';

/** What preparing needs. */
export type PrepareRereadsPorts = {
  positions: PrepareStreamsPorts['positions'] & Pick<PositionStore, 'conflictNotes'>;
  firstRead: FirstRead;
  readFrom: string;
  metrics: Metrics;
  now: () => Date;
};

/** The most conflicts that are read again in one run, the latest first: each takes a call to Button. */
const MAX_REREADS = 100;

/**
 * Gives each recent conflict a stream that reads its transaction again in every run until the conflict is
 * settled or too old. A read settles it only if it began after every version was seen, plus Button's lag. An
 * account that Button has never listed cannot be read: a webhook may name one. Throws if the table cannot be
 * reached.
 */
export async function prepareRereads(
  { deployedAt, known }: { deployedAt: string; known: readonly string[] },
  { positions, firstRead, readFrom, metrics, now }: PrepareRereadsPorts,
): Promise<{ account: string; streams: string[] }[]> {
  const at = now();
  const notes = await positions.conflictNotes(reportUnreadable(metrics));
  const young = notesOfAccounts(notes, known).filter((note) => isToReread(note, at));
  const latest = young.toSorted((one, other) => (one.since > other.since ? -1 : 1)).slice(0, MAX_REREADS);
  const prepared: { account: string; streams: string[] }[] = [];
  for (const note of latest) {
    const live = livePosition(note.account, { firstRead, readFrom, deployedAt });
    const beginning = rereadPosition(note, live, at);
    const { account, stream } = beginning;
    const current = await positions.read(account, stream);
    await ensurePosition({ current, beginning, isDue: true, now: at }, positions);
    prepared.push({ account, streams: [stream] });
  }
  return prepared;
}
