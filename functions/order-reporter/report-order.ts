import {
  decide,
  type DecisionContext,
  type NextStep,
  type OrderCommand,
} from '../../shared/orders/rules/order-decision.ts';
import { readMessageToken } from '../../shared/orders/rules/message-token.ts';
import { parseOrderEvent } from '@button-serverless/validation/orders';
import { evolveAll } from '../../shared/orders/rules/order-evolution.ts';
import { initialState, type OrderState } from '../../shared/orders/rules/order-ledger.ts';
import {
  isProbeMessage,
  readRetryMessage,
  type RetryMessage,
} from '../../shared/orders/rules/retry-message.ts';
import {
  UNKNOWN_ORDER,
  UNREADABLE_ENTRY,
  UNSTORABLE,
  VERSION_REASONS,
} from '../../shared/orders/version-reasons.ts';
import { RetryableError } from '../../shared/runtime/errors.ts';
import { fitsLedger } from '../../shared/orders/store/order-ledger-store.ts';
import type { QuarantineReason } from '../../shared/quarantine/quarantine-store.ts';
import { reportUnreadable, UnreadableItemError } from '../../shared/dynamodb/unreadable-item.ts';
import type { Versioned, WriteResult } from '../../shared/dynamodb/versioned-item.ts';
import { failingReason, refuseMessage, refuseVersion, toReason } from './keep-refused.ts';
import { measureWrite, METRIC_OF_OUTCOME } from './measure-reports.ts';
import type { OrderMessage, OrderOutcome, ReportOrderPorts, ReportOutcome, Work } from './ports.ts';
import { probeButton } from './probe-button.ts';
import { reportClaimed } from './report-claimed.ts';

export type { OrderMessage, ReportOrderPorts, ReportOutcome } from './ports.ts';

const MAX_RACES = 5;

/**
 * Reports one message: parse, decide and store, call Button, settle.
 *
 * The message is done (the caller acknowledges it) as soon as the ledger or the quarantine holds it, whatever
 * Button answered. Throws `RetryableError`, or what a store throws, if that could not be reached: the message
 * then stays on the queue.
 */
export async function reportOrder(message: OrderMessage, ports: ReportOrderPorts): Promise<ReportOutcome> {
  if (isProbeMessage(message.body)) {
    await probeButton(ports);
    return 'probed';
  }
  const retry = readRetryMessage(message.body);
  const outcome = await unlessUnreadable({ message, isRetry: retry !== undefined }, ports, () =>
    retry ? resumeOrder(message, retry, ports) : reportVersion(message, ports),
  );
  ports.metrics.add({ name: METRIC_OF_OUTCOME[outcome], value: 1, dimensions: { Brand: ports.brand } });
  return outcome;
}

/**
 * An unreadable entry in the ledger must not block the order's messages: each goes to quarantine, to be
 * replayed once the entry is fixed. A retry message is dropped, because it carries nothing.
 */
async function unlessUnreadable(
  { message, isRetry }: { message: OrderMessage; isRetry: boolean },
  ports: ReportOrderPorts,
  report: () => Promise<OrderOutcome>,
): Promise<OrderOutcome> {
  try {
    return await report();
  } catch (error) {
    if (!(error instanceof UnreadableItemError)) throw error;
    reportUnreadable(ports.metrics, 'UnreadableLedgerItems')(error.key);
    if (!isRetry) await refuseMessage(message, [UNREADABLE_ENTRY], ports);
    return 'quarantined';
  }
}

async function reportVersion(message: OrderMessage, ports: ReportOrderPorts): Promise<OrderOutcome> {
  const parsing = parseOrderEvent(message.body, ports.settings);
  const work = { message, isProbe: false, ports };
  if (!parsing.ok) return refuse(work, parsing.violations.map(toReason));

  const { event, warnings } = parsing;
  const incoming = {
    event,
    messageId: message.messageId,
    sentAt: message.sentAt,
    warnings: warnings.map(({ code }) => code),
    isReplay: message.replayOf !== undefined,
    replayOf: message.replayOf,
  };
  const isPaused = await ports.breaker.isOpen();
  // A new order is not in the ledger: its claim is written without a read, and a lost race returns the stored
  // item.
  const known = event.kind === 'created' ? undefined : await ports.ledger.read(event.orderId);
  return decideAndReport(work, {
    state: known ?? unknown(event.orderId, ports),
    command: { command: 'receive', incoming },
    isPaused,
  });
}

async function resumeOrder(
  message: OrderMessage,
  { orderId, isProbe }: RetryMessage,
  ports: ReportOrderPorts,
): Promise<OrderOutcome> {
  const { breaker } = ports;
  const isPaused = await (isProbe ? breaker.isPaused(message.sentAt) : breaker.isOpen(message.sentAt));
  const state = await ports.ledger.read(orderId);
  const work = { message, isProbe, ports };
  return state?.value.newest
    ? decideAndReport(work, { state, command: { command: 'resume' }, isPaused })
    : refuse(work, [UNKNOWN_ORDER]);
}

/** Keeps a refused message in quarantine. The token that it names still belongs to the order. */
async function refuse(work: Work, reasons: readonly QuarantineReason[]): Promise<OrderOutcome> {
  const { message, ports } = work;
  await refuseMessage(message, reasons, ports);
  const token = readMessageToken(message.body, ports.settings);
  if (!token) return 'quarantined';
  const { orderId, btnRef } = token;
  const isPaused = await ports.breaker.isOpen();
  const state = (await ports.ledger.read(orderId)) ?? unknown(orderId, ports);
  await decideAndReport(work, { state, command: { command: 'note-token', btnRef }, isPaused });
  return 'quarantined';
}

function unknown(orderId: string, { brand }: ReportOrderPorts): Versioned<OrderState> {
  return { value: initialState(brand, orderId), revision: 0 };
}

/** The question to the ledger, and what it was known to hold. */
type Request = { state: Versioned<OrderState>; command: OrderCommand; isPaused: boolean };

/** Decides on the ledger's entry, and decides again if another writer was faster. */
async function decideAndReport(work: Work, { state, command, isPaused }: Request): Promise<OrderOutcome> {
  const { message, ports } = work;
  let current = state;
  let isRefused = false;
  for (let race = 0; race < MAX_RACES; race += 1) {
    const { value: before, revision } = current;
    const { events, next, refusal, keep } = decide(before, command, decisionContext(ports, isPaused));
    if (refusal && !isRefused) {
      await refuseMessage(message, [VERSION_REASONS[refusal]], ports);
      isRefused = true;
    }
    if (events.length === 0) return outcomeOf(next);
    const after = evolveAll(before, events);
    if (keep && before.newest && !isRefused) {
      await refuseVersion(before, [failingReason(keep.code, keep.failures)], work);
      isRefused = true;
    }
    const written = await store({ value: after, revision }, command, ports);
    if (written === 'unstorable')
      return command.command === 'receive' ? refuse(work, [UNSTORABLE]) : 'quarantined';
    if (!written.ok) {
      current = written.current;
      continue;
    }
    measureWrite({ before, after, events }, ports);
    if (next.step !== 'call' || !after.newest) return outcomeOf(next);
    const outcome = await reportClaimed({ value: after, revision: revision + 1 }, work);
    return isRefused ? 'quarantined' : outcome;
  }
  throw new RetryableError('Too many writers at one order');
}

/** If the table can never accept a message, it must not come back from the queue again and again. */
async function store(
  { value, revision }: Versioned<OrderState>,
  { command }: OrderCommand,
  { ledger }: ReportOrderPorts,
): Promise<WriteResult<OrderState> | 'unstorable'> {
  const isBrought = command === 'receive' || command === 'note-token';
  if (isBrought && !fitsLedger(value)) return 'unstorable';
  try {
    return await ledger.write(value, revision);
  } catch (error) {
    if (isBrought && error instanceof Error && error.name === 'ValidationException') return 'unstorable';
    throw error;
  }
}

function outcomeOf(next: NextStep): OrderOutcome {
  if (next.step === 'nothing') return next.outcome;
  throw new RetryableError('Another run is reporting this version');
}

function decisionContext(
  { claimant, now, policy, verifyBefore }: ReportOrderPorts,
  isPaused: boolean,
): DecisionContext {
  return { claimant: { ...claimant(), now: now() }, policy, isPaused, verifyBefore };
}
