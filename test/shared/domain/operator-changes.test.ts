import { describe, expect, it } from 'vitest';

import { abandon, retryNow } from '../../../shared/domain/operator-changes.ts';
import type { LedgerEntry, Progress } from '../../../shared/domain/order-ledger.ts';

const now = new Date('2026-06-01T12:00:00.000Z');
const NOON = now.toISOString();
const TOMORROW = '2026-06-02T12:00:00.000Z';
const doubt = { kind: 'unclear', hash: 'h' } as const;

function report(progress: Progress): LedgerEntry {
  const version = { by: 'sequence', sequence: '1' } as const;
  const event = { eventId: 'e', eventSource: 's', messageId: 'm', time: NOON };
  return {
    brand: 'acme',
    orderId: 'o-1',
    newest: { version, kind: 'created', hash: 'h', ...event },
    progress,
    attempts: 7,
    warnings: [],
  };
}

const claimed: Progress = { state: 'claimed', owner: 'run', until: TOMORROW, hash: 'h' };

describe('an operator', () => {
  it.each<[string, Progress, Progress | undefined]>([
    [
      'waits',
      { state: 'waiting', dueAt: TOMORROW, reason: 'x' },
      { state: 'waiting', dueAt: NOON, reason: 'x' },
    ],
    [
      'is in doubt, but for its quiet time',
      { state: 'in-doubt', dueAt: TOMORROW, reason: 'x', doubt },
      { state: 'in-doubt', dueAt: '2026-06-01T12:15:00.000Z', reason: 'x', doubt },
    ],
    ['was refused', { state: 'refused', reason: 'x' }, { state: 'waiting', dueAt: NOON, reason: 'x' }],
    [
      'was refused, and what was in doubt stays so',
      { state: 'refused', reason: 'x', doubt },
      { state: 'in-doubt', dueAt: NOON, reason: 'x', doubt },
    ],
    ['is settled: nothing is to be done', { state: 'settled' }, undefined],
    ['is being reported: nothing is to be done', claimed, undefined],
  ])('has an order tried at once that %s', (_which, progress, expected) => {
    expect(retryNow(report(progress), now)?.progress).toEqual(expected);
  });

  it.each<[string, Progress, Progress | undefined]>([
    ['waits', { state: 'waiting', dueAt: NOON, reason: 'x' }, { state: 'refused', reason: 'abandoned' }],
    [
      'is in doubt, which it stays',
      { state: 'in-doubt', dueAt: NOON, reason: 'x', doubt },
      { state: 'refused', reason: 'abandoned', doubt },
    ],
    ['is settled: nothing is to be done', { state: 'settled' }, undefined],
    ['is being reported: nothing is to be done', claimed, undefined],
  ])('gives an order up that %s', (_which, progress, expected) => {
    expect(abandon(report(progress))?.progress).toEqual(expected);
  });
});
