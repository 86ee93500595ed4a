import type { ApiKeyProblem } from '../../shared/button/api-key.ts';
import type { OrderApi } from '../../shared/button/order-api.ts';
import type { Measured, Metrics } from '../../shared/domain/metrics.ts';
import { ledgerChange, readMessageValue, valueAtStake } from '../../shared/domain/order-amounts.ts';
import { parseOrderEvent, readMessageOrderId } from '../../shared/domain/order-event.ts';
import {
  orderMessage,
  receiveVersion,
  resumeEntry,
  settleEntry,
  type CallResult,
  type Claimant,
  type Decision,
  type DecisionContext,
  type LedgerEntry,
  type OrderValue,
  type RetryPolicy,
} from '../../shared/domain/order-ledger.ts';
import { isProbeMessage, readRetryMessage, type RetryMessage } from '../../shared/domain/retry-message.ts';
import type { OrderRules, OrderViolation } from '../../shared/domain/validate-order.ts';
import { RetryableError } from '../../shared/runtime/errors.ts';
import { log } from '../../shared/runtime/logger.ts';
import type { OrderLedger } from '../../shared/store/order-ledger-store.ts';
import type { QuarantineReason, QuarantineStore } from '../../shared/store/quarantine-store.ts';
import type { Versioned } from '../../shared/store/versioned-item.ts';
import type { BreakerWatch } from './breaker-watch.ts';
import { callButton, type CallEnd } from './call-button.ts';
import { probeButton } from './probe-button.ts';

/** A message of the order queue. */
export type OrderMessage = {
  messageId: string;
  body: string;
  sentAt: Date;
  /** The quarantine entry that somebody sent again. */
  replayOf?: string | undefined;
};

/** What became of a message; in every case the ledger or the quarantine holds it. */
export type ReportOutcome =
  /** Button holds this version. */
  | 'reported'
  /** Button holds an order with this content already. */
  | 'unchanged'
  /** This version has been dealt with before. */
  | 'duplicate'
  /** A newer version is known. */
  | 'superseded'
  /** The order is cancelled, which can't be undone. */
  | 'ignored-after-cancel'
  /** The ledger holds it and the sweep tries again. */
  | 'waiting'
  /** Refused, by our rules or by Button; kept with the reasons. */
  | 'quarantined'
  /** No order: Button was asked whether it is well. */
  | 'probed';

/** What reporting needs. */
export type ReportOrderPorts = {
  brand: string;
  settings: OrderRules & { orderBy: 'sequence' | 'time' };
  policy: RetryPolicy;
  /** What was reported before this instant is read from Button before anything is sent: for after a restore of the ledger; ISO 8601 UTC. */
  verifyBefore?: string;
  ledger: Pick<OrderLedger, 'read' | 'write'>;
  quarantine: Pick<QuarantineStore, 'put'>;
  breaker: BreakerWatch;
  /** Without the brand's API key, the reason: orders wait in the ledger. */
  orderApi: OrderApi | ApiKeyProblem;
  metrics: Metrics;
  now: () => Date;
  /** A name for this run's claim, and the longest it can still take. */
  claimant: () => Pick<Claimant, 'owner' | 'leaseMs'>;
};

const MAX_RACES = 5;

/**
 * Reports one message: parse, claim in the ledger, call Button, settle.
 *
 * The message is done (acknowledged by the caller) as soon as the ledger or the quarantine holds it, whatever Button said. Throws
 * `RetryableError`, or what a store throws, if that could not be reached: the message then stays on the queue.
 */
export async function reportOrder(message: OrderMessage, ports: ReportOrderPorts): Promise<ReportOutcome> {
  if (isProbeMessage(message.body)) {
    await probeButton(ports);
    return 'probed';
  }
  const retry = readRetryMessage(message.body);
  const outcome = retry ? await resumeOrder(message, retry, ports) : await reportVersion(message, ports);
  ports.metrics.add({ name: METRIC_OF_OUTCOME[outcome], value: 1, dimensions: { Brand: ports.brand } });
  return outcome;
}

const METRIC_OF_OUTCOME = {
  reported: 'OrdersReported',
  unchanged: 'OrdersUnchanged',
  duplicate: 'OrdersDuplicate',
  superseded: 'OrdersSuperseded',
  'ignored-after-cancel': 'OrdersIgnoredAfterCancel',
  waiting: 'OrdersWaiting',
  quarantined: 'OrdersQuarantined',
} as const satisfies Record<OrderOutcome, string>;

type OrderOutcome = Exclude<ReportOutcome, 'probed'>;

async function reportVersion(message: OrderMessage, ports: ReportOrderPorts): Promise<OrderOutcome> {
  const { brand, settings, ledger } = ports;
  const parsing = parseOrderEvent(message.body, settings);
  if (!parsing.ok) return refuseMessage(message, parsing.violations.map(toReason), ports);

  const { event } = parsing;
  const incoming = {
    brand,
    event,
    messageId: message.messageId,
    sentAt: message.sentAt,
    warnings: parsing.warnings.map(({ code }) => code),
    isReplay: message.replayOf !== undefined,
    replayOf: message.replayOf,
  };
  const isPaused = await ports.breaker.isOpen();
  // A new order is not in the ledger: its claim is written unread, and a lost race brings back what stands there.
  const known = event.kind === 'created' ? undefined : await ledger.read(event.orderId);
  return decideAndReport({
    work: { message, isProbe: false, ports },
    known,
    decide: (entry) => receiveVersion(entry, incoming, decisionContext(ports, isPaused)),
  });
}

async function resumeOrder(
  message: OrderMessage,
  { orderId, isProbe }: RetryMessage,
  ports: ReportOrderPorts,
): Promise<OrderOutcome> {
  const isPaused = !isProbe && (await ports.breaker.isOpen());
  const known = await ports.ledger.read(orderId);
  if (!known)
    return refuseMessage(
      message,
      [
        {
          code: 'retry_of_unknown_order',
          problem: 'A retry message for an order that the ledger does not hold',
        },
      ],
      ports,
    );
  return decideAndReport({
    work: { message, isProbe, ports },
    known,
    decide: (entry) => resumeEntry(entry ?? known.value, decisionContext(ports, isPaused)),
  });
}

/** A message and what is needed to work on it. */
type Work = { message: OrderMessage; isProbe: boolean; ports: ReportOrderPorts };

/** Decides on what the ledger holds, and again on what it holds then if somebody else wrote in between. */
async function decideAndReport({
  work,
  known,
  decide,
}: {
  work: Work;
  known: Versioned<LedgerEntry> | undefined;
  decide: (entry: LedgerEntry | undefined) => Decision;
}): Promise<OrderOutcome> {
  const { message, ports } = work;
  let current = known;
  for (let race = 0; race < MAX_RACES; race += 1) {
    const decision = decide(current?.value);
    switch (decision.action) {
      case 'nothing':
        return decision.outcome;
      case 'busy':
        throw new RetryableError('Another run is reporting this version');
      case 'refuse':
        return refuseMessage(message, [VERSION_REASONS[decision.code]], ports);
      case 'store':
      case 'claim': {
        const result = await ports.ledger.write(decision.entry, current?.revision ?? 0);
        if (!result.ok) {
          current = result.current;
          continue;
        }
        measureChange(current?.value, decision.entry, ports);
        return decision.action === 'store' ? decision.outcome : reportClaimed(result.stored, work);
      }
    }
  }
  throw new RetryableError('Too many writers at one order');
}

const VERSION_REASONS = {
  version_conflict: {
    code: 'version_conflict',
    path: '$.sequence',
    problem: 'Another message brought this version of the order with different content',
    fix: 'Give every version of an order its own sequence and send the current version again',
  },
  order_by_mixed: {
    code: 'order_by_mixed',
    path: '$.sequence',
    problem: 'Earlier versions of the order were ordered by the other of sequence and time',
    fix: 'Order all versions of one order the same way',
  },
} as const satisfies Record<string, QuarantineReason>;

async function reportClaimed(claimed: Versioned<LedgerEntry>, work: Work): Promise<OrderOutcome> {
  const { isProbe, ports } = work;
  const { orderApi, now, verifyBefore } = ports;
  const { result, refusal }: CallEnd =
    typeof orderApi === 'string'
      ? { result: { result: 'try-again', reason: orderApi }, refusal: undefined }
      : await callButton(claimed.value, { api: orderApi, now: now(), verifyBefore });
  // Kept before the ledger says so: what is refused must be found in the quarantine.
  if (refusal) await refuseVersion(claimed.value, refusal, work);
  await settle(claimed, result, ports);

  measureTry(claimed.value, result, ports);
  if (result.result !== 'done')
    log.warn('order_not_reported', {
      orderId: claimed.value.orderId,
      result: result.result,
      reason: result.reason,
    });
  const { orderId, attempts } = claimed.value;
  await ports.breaker.record(result, { orderId, isFirstFailure: attempts === 0, isProbe });
  return OUTCOME_OF_RESULT[result.result];
}

const OUTCOME_OF_RESULT = {
  done: 'reported',
  'try-again': 'waiting',
  unclear: 'waiting',
  refused: 'quarantined',
} as const satisfies Record<CallResult['result'], OrderOutcome>;

/** A lost write here means that a newer version came in: it stays due, and what Button said is written beside it. */
async function settle(
  claimed: Versioned<LedgerEntry>,
  result: CallResult,
  ports: ReportOrderPorts,
): Promise<void> {
  const { ledger, policy, now } = ports;
  let current = claimed;
  for (let race = 0; race < MAX_RACES; race += 1) {
    if (!isClaimOf(claimed.value, current.value)) return;
    const settled = settleEntry({ claimed: claimed.value, current: current.value }, result, {
      now: now(),
      policy,
    });
    const written = await ledger.write(settled, current.revision);
    if (written.ok) {
      measureChange(current.value, settled, ports);
      return;
    }
    current = written.current;
  }
  throw new RetryableError('Too many writers at one order');
}

/** Once the lease is over, another run may have found the claim expired: what happened is in doubt, and that run reads from Button. */
function isClaimOf(claimed: LedgerEntry, current: LedgerEntry): boolean {
  const [mine, theirs] = [claimed.progress, current.progress];
  return (
    mine.state === 'claimed' &&
    theirs.state === 'claimed' &&
    mine.owner === theirs.owner &&
    mine.until === theirs.until
  );
}

type RefusedMessage = Pick<OrderMessage, 'messageId' | 'body' | 'replayOf'> & {
  value?: OrderValue | undefined;
};

async function refuseMessage(
  { messageId, body, replayOf, value = readMessageValue(body) }: RefusedMessage,
  reasons: readonly QuarantineReason[],
  { brand, quarantine, metrics, now }: ReportOrderPorts,
): Promise<'quarantined'> {
  await quarantine.put({
    kind: `order#${brand}`,
    id: messageId,
    bytes: body,
    reasons,
    refusedAt: now().toISOString(),
    origin: `sqs:${messageId}`,
    orderId: readMessageOrderId(body),
    replayOf,
  });
  if (value) metrics.add(amount('QuarantinedAmountMinor', brand, value));
  return 'quarantined';
}

/**
 * Keeps what Button refused under the message that brought it, whichever message led here: a second try that is refused again makes no
 * second entry. Where that message is not at hand, one that would bring the same version stands for it.
 */
async function refuseVersion(
  entry: LedgerEntry,
  refusal: QuarantineReason,
  { message, ports }: Work,
): Promise<void> {
  const { messageId, replayOf } = entry.newest;
  const body = message.messageId === messageId ? message.body : orderMessage(entry);
  // A cancellation that comes too late leaves in place what was reported.
  await refuseMessage({ messageId, body, replayOf, value: valueAtStake(entry) }, [refusal], ports);
}

/** How long an order waits is measured by the sweep, for all that are due. */
function measureTry({ newest }: LedgerEntry, result: CallResult, { metrics, now }: ReportOrderPorts): void {
  if (result.result === 'done') {
    const delayMs = now().getTime() - Date.parse(newest.receivedAt ?? newest.time);
    metrics.add({ name: 'ReportDelaySeconds', value: Math.max(0, delayMs / 1000) });
  } else if (result.reason === 'unauthorized') metrics.add({ name: 'ButtonKeyRefused', value: 1 });
}

/** For each write to the ledger, and not for each try: so nothing is counted twice. */
function measureChange(
  before: LedgerEntry | undefined,
  after: LedgerEntry,
  { brand, metrics }: ReportOrderPorts,
): void {
  const { reported, waitingOrders, waiting } = ledgerChange(before, after);
  if (waitingOrders !== 0)
    metrics.add({ name: 'WaitingOrdersChange', value: waitingOrders, dimensions: { Brand: brand } });
  for (const value of reported) metrics.add(amount('ReportedAmountChangeMinor', brand, value));
  for (const value of waiting) metrics.add(amount('WaitingAmountChangeMinor', brand, value));
}

type AmountName = 'ReportedAmountChangeMinor' | 'WaitingAmountChangeMinor' | 'QuarantinedAmountMinor';

function amount(name: AmountName, brand: string, { amountMinor, currency }: OrderValue): Measured {
  return { name, value: amountMinor, dimensions: { Brand: brand, Currency: currency } };
}

function decisionContext(
  { claimant, now, policy, verifyBefore }: ReportOrderPorts,
  isPaused: boolean,
): DecisionContext {
  return { claimant: { ...claimant(), now: now() }, policy, isPaused, verifyBefore };
}

function toReason({ code, path, problem, fix, source }: OrderViolation): QuarantineReason {
  return { code, path, problem, fix, source };
}
