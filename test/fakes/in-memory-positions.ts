import type { ConflictNote } from '../../shared/reconciliation/rules/conflict-note.ts';
import { sumTallies, type DriftTally } from '../../shared/reconciliation/rules/drift.ts';
import type { Position } from '../../shared/reconciliation/rules/position.ts';
import type { PositionStore } from '../../shared/reconciliation/store/position-store.ts';

/**
 * A store with the same contract as the one in DynamoDB
 * (test/shared/reconciliation/store/position-store.test.ts tests both).
 */
export type InMemoryPositions = PositionStore & {
  /** Adds notes of conflicts, as the code that stores a transaction does. */
  leave: (notes: readonly ConflictNote[]) => Promise<void>;
  /** Corrupts a stored position, as a manual edit might. */
  spoil: (account: string, stream: string) => Promise<void>;
};

export function createInMemoryPositions(): InMemoryPositions {
  const positions = new Map<string, Position | { unreadable: Position }>();
  const reports = new Map<string, DriftTally>();
  const remembered = new Set<string>();
  const notes = new Map<string, ConflictNote>();
  let deployedAt: string | undefined;

  const keyOf = ({ account, stream }: { account: string; stream: string }) => `${account} ${stream}`;
  const current = (key: string): Position | 'unreadable' | undefined => {
    const stored = positions.get(key);
    return stored && ('unreadable' in stored ? 'unreadable' : structuredClone(stored));
  };
  const put = (position: Position): boolean => {
    positions.set(keyOf(position), structuredClone(position));
    return true;
  };
  const putIfFence = (position: Position, fence: number): boolean => {
    const stored = positions.get(keyOf(position));
    const current = stored && ('unreadable' in stored ? stored.unreadable : stored);
    return current?.fence === fence && put(position);
  };
  return {
    read: (account, stream) => Promise.resolve(current(keyOf({ account, stream }))),
    list(account) {
      const keys = [...positions.keys()].filter((key) => key.startsWith(`${account} `)).sort();
      return Promise.resolve(
        keys.map((key) => ({
          stream: key.slice(account.length + 1),
          position: current(key) ?? ('unreadable' as const),
        })),
      );
    },
    create: (position) => Promise.resolve(!positions.has(keyOf(position)) && put(position)),
    take(position) {
      const stored = current(keyOf(position));
      if (stored === undefined || stored === 'unreadable' || stored.fence !== position.fence) {
        return Promise.resolve(undefined);
      }
      const { retryAt: _over, handedOnAt: _come, ...rest } = stored;
      const taken = { ...rest, fence: stored.fence + 1 };
      put(taken);
      return Promise.resolve(taken);
    },
    save: (position) => Promise.resolve(putIfFence(position, position.fence)),
    saveAndReport({ drift, ...position }, { day }) {
      if (!putIfFence(position, position.fence)) return Promise.resolve(false);
      const key = `${position.account} ${day}`;
      if (drift && Object.keys(drift).length > 0)
        reports.set(key, sumTallies([reports.get(key) ?? {}, drift]));
      return Promise.resolve(true);
    },
    replaceUnreadable(position) {
      const key = keyOf(position);
      const isReadable = positions.has(key) && current(key) !== 'unreadable';
      return Promise.resolve(!isReadable && put(position));
    },
    readReport: ({ account, day }) => Promise.resolve(reports.get(`${account} ${day}`)),
    markDeployment(startedAt) {
      deployedAt ??= startedAt;
      return Promise.resolve(deployedAt);
    },
    conflictNotes: () => Promise.resolve([...notes.values()]),
    leave(left) {
      for (const note of left) notes.set(JSON.stringify([note.account, note.createdDate, note.key]), note);
      return Promise.resolve();
    },
    rememberAccounts(listed) {
      for (const account of listed) remembered.add(account);
      return Promise.resolve([...remembered]);
    },
    spoil(account, stream) {
      const key = keyOf({ account, stream });
      const stored = positions.get(key);
      if (stored && !('unreadable' in stored)) positions.set(key, { unreadable: stored });
      return Promise.resolve();
    },
  };
}
