import {
  planReconciliation,
  type PlannedStream,
} from '../../../functions/reconciliation-planner/plan-reconciliation.ts';
import { reconcile } from '../../../shared/reconciliation/reconcile.ts';
import type { ButtonHttp } from '../../../shared/button/button-http.ts';
import { withKeyWait, type KeyWait } from '../../../shared/button/key-wait.ts';
import { createTransactionsApi } from '../../../shared/button/transactions-api.ts';
import { isGap } from '../../../shared/reconciliation/rules/gap.ts';
import type { Measured, MetricName } from '../../../shared/runtime/metric-definitions.ts';
import { isFinished, type Position } from '../../../shared/reconciliation/rules/position.ts';
import type { ReadMessage } from '../../../shared/reconciliation/rules/read-message.ts';
import { sentReadMessage } from './sent-read-message.ts';
import { createInMemoryPositions } from '../../fakes/in-memory-positions.ts';
import { createInMemoryQuarantine } from '../../fakes/in-memory-stores.ts';
import { createInMemoryTransactions } from '../../fakes/in-memory-transactions.ts';

const MINUTE_MS = 60_000;

function createWait(): KeyWait {
  let until: string | undefined;
  return {
    read: () => Promise.resolve(until),
    extend: (later) => {
      until = later;
      return Promise.resolve();
    },
  };
}

/** Planner and reconciler in memory, on their own clock, with the test's own Button. */
export function createReconciledButton(http: ButtonHttp, startAt: string) {
  const clock = { now: new Date(startAt) };
  const positions = createInMemoryPositions();
  const transactions = createInMemoryTransactions();
  const quarantine = createInMemoryQuarantine();
  const sent: ReadMessage[] = [];
  const measured: Measured[] = [];
  const waiting = { wait: createWait(), listWait: createWait(), now: () => clock.now };
  const ports = {
    api: withKeyWait(createTransactionsApi(http, 'sk-test'), waiting),
    positions,
    metrics: { add: (one: Measured) => measured.push(one) },
    send: (messages: readonly ReadMessage[]) => {
      sent.push(...messages);
      return Promise.resolve();
    },
    now: () => clock.now,
  };

  /** A tick of the planner, and all the work of the reconciler that follows from it. */
  async function tick(
    streams: readonly PlannedStream[] = ['incremental'],
    pageSize = 100,
  ): Promise<string[]> {
    const outcomes: string[] = [];
    await planReconciliation({
      ...ports,
      ...{ firstRead: 'live', readFrom: startAt, streams, sweepDays: 120, lagMs: 2 * MINUTE_MS },
      tickId: clock.now.toISOString(),
    });
    for (let message = sent.shift(); message; message = sent.shift()) {
      const toRead = sentReadMessage(message.body);
      const result = await reconcile(toRead, {
        ...ports,
        ...{ transactions, quarantine, pageSize, driftRetentionDays: 400 },
        windows: { overlapMs: 15 * MINUTE_MS, lagMs: 2 * MINUTE_MS },
        timeLeft: () => true,
      });
      const reason = 'reason' in result ? ` ${result.reason}` : '';
      outcomes.push(`${toRead.account} ${toRead.stream}: ${result.outcome}${reason}`);
    }
    return outcomes.sort();
  }

  /** A tick every ten minutes; the first one comes in ten minutes. */
  async function live(minutes: number, pageSize?: number): Promise<void> {
    for (let passed = 0; passed < minutes; passed += 10) {
      clock.now = new Date(clock.now.getTime() + 10 * MINUTE_MS);
      await tick(['incremental'], pageSize);
    }
  }

  async function positionOf(stream: string, account = 'acc-1'): Promise<Position> {
    const position = await positions.read(account, stream);
    if (position === undefined || position === 'unreadable') throw new Error(`no position of ${stream}`);
    return position;
  }

  /** The gaps of the account that are not read yet, by their bounds. */
  async function gaps(account = 'acc-1'): Promise<string[]> {
    const streams = await positions.list(account);
    return streams.flatMap(({ position }) =>
      position !== 'unreadable' && isGap(position) && !isFinished(position)
        ? [`${position.readThrough} ${position.readUntil ?? ''}`]
        : [],
    );
  }

  return {
    ...{ clock, positions, transactions, quarantine, measured, tick, live, positionOf, gaps },
    stored: () =>
      transactions
        .all()
        .map(({ key }) => key)
        .filter((key) => key.startsWith('order#'))
        .sort(),
    sum: (name: MetricName) =>
      measured.filter((one) => one.name === name).reduce((total, { value }) => total + value, 0),
    last: (name: MetricName) => measured.findLast((one) => one.name === name)?.value,
  };
}
