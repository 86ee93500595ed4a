import type { ApiKeyProblem } from '../button/api-key.ts';
import type { TransactionsApi } from '../button/transactions-api.ts';
import { CROSS_CHECK } from './rules/begin-stream.ts';
import { isGap } from './rules/gap.ts';
import {
  isCaughtUp,
  isFinished,
  isInFuture,
  isLeftToAnother,
  windowToRead,
  type Position,
} from './rules/position.ts';
import {
  LONGEST_CHAIN,
  nextReadMessage,
  slicesCounted,
  type StreamToRead,
  type ReadMessage,
} from './rules/read-message.ts';
import { log } from '../runtime/logger.ts';
import type { PositionStore } from './store/position-store.ts';
import { compareLists } from './compare-lists.ts';
import type { ReadPagePorts } from './page-step.ts';
import { canReadLatest } from './pass-over-window.ts';
import { readPage } from './read-page.ts';
import { isAtLastTry } from './rules/window-failure.ts';

/** The result of one slice of work. Only `complete` is success. */
export type ReconcileOutcome =
  /** Everything up to now, or to the stream's end, is stored. */
  | { outcome: 'complete' }
  /** The slice's time was over; another read message continues. */
  | { outcome: 'handed-on' }
  /**
   * Button could not be read; what is stored stays stored, and the next run of the planner continues from
   * there.
   */
  | { outcome: 'partial'; reason: string }
  /** Another worker has taken the stream, or a message on the queue continues it. */
  | { outcome: 'overtaken' }
  | { outcome: 'not-configured' }
  /** The position is unreadable or in the future; the planner replaces it. */
  | { outcome: 'unusable-position' }
  /** The planner creates positions; without one there is nothing to read. */
  | { outcome: 'unknown-stream' };

/** What reconciling needs. */
export type ReconcilePorts = ReadPagePorts & {
  /** Instead of the API, the reason why there is no usable key. */
  api: TransactionsApi | ApiKeyProblem;
  positions: ReadPagePorts['positions'] & Pick<PositionStore, 'saveAndReport'>;
  send: (messages: readonly ReadMessage[]) => Promise<void>;
  /** How long a daily report of drift is kept, in days. */
  driftRetentionDays: number;
};

/**
 * Reads one stream of one account for a slice of time, window by window and page by page. Every row goes
 * through the same merge as a webhook. The position is saved after every page, and never before its rows are
 * stored.
 *
 * Throws if the table or the queue cannot be reached: the read message then stays on its queue.
 */
export async function reconcile(toRead: StreamToRead, ports: ReconcilePorts): Promise<ReconcileOutcome> {
  const outcome = await takeAndRead(toRead, ports);
  ports.metrics.add({ name: METRIC_OF_OUTCOME[outcome.outcome], value: 1 });
  if (outcome.outcome === 'partial' && outcome.reason === 'unauthorized')
    ports.metrics.add({ name: 'PublisherKeyUnusable', value: 1 });
  if (outcome.outcome === 'partial' && outcome.reason === CHAIN_TOO_LONG)
    ports.metrics.add({ name: 'ReconcilerChainsStopped', value: 1 });
  return outcome;
}

/** Why a slice starts no other one before the end of its stream: its chain is as long as a chain may be. */
const CHAIN_TOO_LONG = 'chain_too_long';

const METRIC_OF_OUTCOME = {
  complete: 'ReconcilerSlicesComplete',
  'handed-on': 'ReconcilerSlicesHandedOn',
  partial: 'ReconcilerSlicesPartial',
  overtaken: 'ReconcilerSlicesOvertaken',
  'not-configured': 'ReconcilerNotConfigured',
  'unusable-position': 'UnusablePositions',
  'unknown-stream': 'ReconcilerUnknownStreams',
} as const satisfies Record<ReconcileOutcome['outcome'], string>;

async function takeAndRead(
  { account, stream, chain, slice: number = 1 }: StreamToRead,
  { api, ...ports }: ReconcilePorts,
): Promise<ReconcileOutcome> {
  if (typeof api === 'string') return { outcome: 'not-configured' };
  const current = await ports.positions.read(account, stream);
  if (!current) return { outcome: 'unknown-stream' };
  const now = ports.now();
  if (current === 'unreadable' || isInFuture(current, now)) return { outcome: 'unusable-position' };
  if (isLeftToAnother(current, chain, now)) return { outcome: 'overtaken' };
  if (current.retryAt !== undefined && Date.parse(current.retryAt) > now.getTime()) {
    return { outcome: 'partial', reason: 'asked_to_wait' };
  }
  const taken = await ports.positions.take(current);
  if (!taken) return { outcome: 'overtaken' };

  const begun = chain === undefined ? taken : { ...taken, chain };
  const read = await readSlice(begun, api, ports);
  const nextNumber = number + slicesCounted({ isIdle: read.position === begun });
  const slice = guarded(nextNumber, read);
  if (slice.outcome.outcome === 'overtaken') return slice.outcome;
  const isHandedOn = slice.outcome.outcome === 'handed-on';
  if (!(await saveEnd(slice.position, isHandedOn, ports))) return { outcome: 'overtaken' };
  if (isHandedOn) {
    const { fence, window } = slice.position;
    const next = { account, stream, slice: nextNumber, ...(chain !== undefined && { chain }) };
    await ports.send([nextReadMessage(next, { fence, pages: window?.pages ?? 0 })]);
  }
  return slice.outcome;
}

/** The slice. If its chain may have no other slice, the planner's next run reads the rest. */
function guarded(nextNumber: number, slice: Slice): Slice {
  if (slice.outcome.outcome !== 'handed-on' || nextNumber <= LONGEST_CHAIN) return slice;
  return { ...slice, outcome: { outcome: 'partial', reason: CHAIN_TOO_LONG } };
}

type SlicePorts = Omit<ReconcilePorts, 'api'>;
type Slice = { position: Position; outcome: ReconcileOutcome };

async function readSlice(taken: Position, api: TransactionsApi, ports: SlicePorts): Promise<Slice> {
  const { now, timeLeft, windows } = ports;
  let clock = now();
  let position = taken;
  const isCrossCheck = taken.stream === CROSS_CHECK.stream;
  // Asked before the window: if that fails again, Button may ask for a pause, and nothing more can be read.
  const isLatestShown = !isCrossCheck && isAtLastTry(taken) && (await canReadLatest(taken, api, ports));
  for (;;) {
    const window = windowToRead(position, clock, windows);
    if (!window) return { position, outcome: { outcome: 'complete' } };
    if (!timeLeft()) return { position, outcome: { outcome: 'handed-on' } };

    const isSameSecond = position.readThrough === taken.readThrough;
    const step = isCrossCheck
      ? await compareLists({ position, window }, api, ports)
      : await readPage({ position, window, isLatestShown: isLatestShown && isSameSecond }, api, ports);
    ({ position } = step);
    if (step.stop) return { position, outcome: step.stop };
    // The clock that is behind decides: what Button's clock has not reached yet cannot have been read.
    if (step.serverTime && step.serverTime < clock) clock = step.serverTime;
    if (isCaughtUp(position, clock, windows)) return { position, outcome: { outcome: 'complete' } };
  }
}

/** How long a gap is kept after it was read, for anybody who looks for it. */
const CLOSED_GAP_KEPT_SECONDS = 30 * 86_400;

/** One write for each slice, if there is anything to write; false if another worker has taken the stream. */
async function saveEnd(position: Position, isHandedOn: boolean, ports: SlicePorts): Promise<boolean> {
  const now = ports.now();
  const isClosed = isGap(position) && isFinished(position);
  const expiresAtEpochSeconds = Math.floor(now.getTime() / 1000) + CLOSED_GAP_KEPT_SECONDS;
  const ended = {
    ...position,
    ...(isClosed ? { expiresAtEpochSeconds } : {}),
    ...(isHandedOn ? { handedOnAt: now.toISOString() } : {}),
  };
  if (isClosed) log.info('gap_read', { account: position.account, stream: position.stream });
  if (position.drift === undefined) return !(isClosed || isHandedOn) || ports.positions.save(ended);
  const day = now.toISOString().slice(0, 10);
  return ports.positions.saveAndReport(ended, { day, retentionDays: ports.driftRetentionDays });
}
