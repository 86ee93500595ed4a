import { incrementalPosition, type FirstRead } from '../../shared/reconciliation/rules/begin-stream.ts';
import {
  isToReread,
  notesOfAccounts,
  rereadPosition,
} from '../../shared/reconciliation/rules/conflict-note.ts';
import type { Position } from '../../shared/reconciliation/rules/position.ts';
import { rereadsInTurn } from '../../shared/reconciliation/rules/reread-turns.ts';
import type { Metrics } from '../../shared/runtime/metric-definitions.ts';
import { reportUnreadable } from '../../shared/dynamodb/unreadable-item.ts';
import type { PositionStore } from '../../shared/reconciliation/store/position-store.ts';
import { ensurePosition, type PrepareStreamsPorts } from './prepare-streams.ts';

/** What preparing needs. */
export type PrepareRereadsPorts = {
  positions: PrepareStreamsPorts['positions'] & Pick<PositionStore, 'conflictNotes'>;
  firstRead: FirstRead;
  readFrom: string;
  /** How long after a change Button shows it at the latest. */
  lagMs: number;
  metrics: Metrics;
  now: () => Date;
};

/** The most conflicts that are read again in one run: each takes a call to Button. */
const MAX_REREADS = 100;

/**
 * Gives each recent conflict a stream that reads its transaction again, until a read has settled it or it is
 * too old. A read settles it only if it began after every version was seen, plus Button's lag. If there are
 * too many for one run, each has its turn. An account that Button has never listed cannot be read: a webhook
 * may name one. Throws if the table cannot be reached.
 */
export async function prepareRereads(
  { deployedAt, known }: { deployedAt: string; known: readonly string[] },
  { positions, firstRead, readFrom, lagMs, metrics, now }: PrepareRereadsPorts,
): Promise<{ account: string; streams: string[] }[]> {
  const at = now();
  const notes = await positions.conflictNotes(reportUnreadable(metrics));
  const recent = notesOfAccounts(
    notes.filter((note) => isToReread(note, at)),
    known,
  );
  const stored = await storedPositions(new Set(recent.map(({ account }) => account)), positions);
  const rereads = recent.map((note) => {
    const beginning = rereadPosition(
      note,
      incrementalPosition(note.account, { firstRead, readFrom, deployedAt }),
      at,
    );
    const { account, stream } = beginning;
    const current = stored.get(`${account} ${stream}`);
    return { note, stream, beginning, current, last: current === 'unreadable' ? undefined : current };
  });
  const prepared: { account: string; streams: string[] }[] = [];
  for (const { beginning, current } of rereadsInTurn(rereads, { now: at, lagMs, most: MAX_REREADS })) {
    await ensurePosition({ current, beginning, isDue: true, now: at }, positions);
    prepared.push({ account: beginning.account, streams: [beginning.stream] });
  }
  return prepared;
}

/** The positions of these accounts, by account and stream: one query for each account. */
async function storedPositions(
  accounts: ReadonlySet<string>,
  positions: Pick<PositionStore, 'list'>,
): Promise<Map<string, Position | 'unreadable'>> {
  const lists = await Promise.all(
    [...accounts].map(async (account) =>
      (await positions.list(account)).map(
        ({ stream, position }) => [`${account} ${stream}`, position] as const,
      ),
    ),
  );
  return new Map(lists.flat());
}
