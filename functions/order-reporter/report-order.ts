import type { ApiKeyProblem } from '../../shared/button/api-key.ts';
import { holdsVersion, type OrderApi, type OrderApiAnswer } from '../../shared/button/order-api.ts';
import { parseOrderEvent } from '../../shared/domain/order-event.ts';
import {
  nextCall,
  orderMessage,
  readWakeUp,
  receiveVersion,
  resumeReport,
  settleReport,
  type CallResult,
  type Claimant,
  type Decision,
  type OrderReport,
  type RetryPolicy,
} from '../../shared/domain/order-report.ts';
import type { OrderRules, OrderViolation } from '../../shared/domain/validate-order.ts';
import { RetryableError } from '../../shared/runtime/errors.ts';
import type { Metrics } from '../../shared/domain/metrics.ts';
import type { OrderReportStore } from '../../shared/store/order-report-store.ts';
import type { QuarantineReason, QuarantineStore } from '../../shared/store/quarantine-store.ts';
import type { Stored } from '../../shared/store/versioned-item.ts';

/** A message of the order queue. */
export type OrderMessage = { messageId: string; body: string; sentAt: Date };

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
  | 'quarantined';

/** What reporting needs. */
export type ReportOrderPorts = {
  brand: string;
  settings: OrderRules & { orderBy: 'sequence' | 'time' };
  policy: RetryPolicy;
  ledger: Pick<OrderReportStore, 'read' | 'write'>;
  quarantine: QuarantineStore;
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
  const wokenOrderId = readWakeUp(message.body);
  const outcome =
    wokenOrderId === undefined
      ? await reportVersion(message, ports)
      : await resumeOrder({ message, orderId: wokenOrderId, ports });
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
} as const satisfies Record<ReportOutcome, string>;

async function reportVersion(message: OrderMessage, ports: ReportOrderPorts): Promise<ReportOutcome> {
  const { brand, settings, ledger } = ports;
  const parsing = parseOrderEvent(message.body, settings);
  if (!parsing.valid) return refuseMessage(message, parsing.violations.map(toReason), ports);

  const { event } = parsing;
  const incoming = {
    brand,
    event,
    sentAt: message.sentAt,
    warnings: parsing.warnings.map(({ code }) => code),
  };
  // A new order is not in the ledger: its claim is written unread, and a lost race brings back what stands there.
  const known = event.kind === 'created' ? undefined : await ledger.read(event.orderId);
  return decideAndReport({
    message,
    ports,
    known,
    decide: (report) => receiveVersion(report, incoming, decisionContext(ports)),
  });
}

/** A wake-up carries nothing but the order's id: what to report stands in the ledger. */
async function resumeOrder({
  message,
  orderId,
  ports,
}: {
  message: OrderMessage;
  orderId: string;
  ports: ReportOrderPorts;
}): Promise<ReportOutcome> {
  const known = await ports.ledger.read(orderId);
  if (!known)
    return refuseMessage(
      message,
      [{ code: 'unknown_wake_up', problem: 'A wake-up for no known order' }],
      ports,
    );
  return decideAndReport({
    message,
    ports,
    known,
    decide: (report) => resumeReport(report ?? known.thing, decisionContext(ports)),
  });
}

/** Decides on what the ledger holds, and again on what it holds then if somebody else wrote in between. */
async function decideAndReport({
  message,
  ports,
  known,
  decide,
}: {
  message: OrderMessage;
  ports: ReportOrderPorts;
  known: Stored<OrderReport> | undefined;
  decide: (report: OrderReport | undefined) => Decision;
}): Promise<ReportOutcome> {
  let standing = known;
  for (let race = 0; race < MAX_RACES; race += 1) {
    const decision = decide(standing?.thing);
    switch (decision.action) {
      case 'nothing':
        return decision.outcome;
      case 'busy':
        throw new RetryableError('Another run is reporting this version');
      case 'refuse':
        return refuseMessage(message, [VERSION_REASONS[decision.code]], ports);
      case 'keep':
      case 'claim': {
        const result = await ports.ledger.write(decision.report, standing?.revision ?? 0);
        if (!result.written) {
          standing = result.current;
          continue;
        }
        return decision.action === 'keep' ? decision.outcome : reportClaimed(message, result.stored, ports);
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
    mend: 'Give every version of an order its own sequence and send the current version again',
  },
  order_by_mixed: {
    code: 'order_by_mixed',
    path: '$.sequence',
    problem: 'Earlier versions of the order were ordered by the other of sequence and time',
    mend: 'Order all versions of one order the same way',
  },
} as const satisfies Record<string, QuarantineReason>;

async function reportClaimed(
  message: OrderMessage,
  claimed: Stored<OrderReport>,
  ports: ReportOrderPorts,
): Promise<ReportOutcome> {
  const { orderApi } = ports;
  const { result, refusal }: CallEnd =
    typeof orderApi === 'string'
      ? { result: { result: 'try-again', reason: orderApi }, refusal: undefined }
      : await callButton(claimed.thing, orderApi);
  // Kept before the ledger says so: what is refused must be found in the quarantine.
  if (refusal) await refuseVersion(message, claimed.thing, { refusal, ports });
  await settle(claimed, result, ports);

  measure(claimed.thing, result, ports);
  return OUTCOME_OF_RESULT[result.result];
}

const OUTCOME_OF_RESULT = {
  done: 'reported',
  'try-again': 'waiting',
  unclear: 'waiting',
  refused: 'quarantined',
} as const satisfies Record<CallResult['result'], ReportOutcome>;

type CallEnd = { result: CallResult; refusal: QuarantineReason | undefined };

/** Brings Button to the newest version: one call for a normal order, a read before it where something is unclear. */
async function callButton(report: OrderReport, api: OrderApi): Promise<CallEnd> {
  const { orderId } = report;
  const { order } = report.newest;
  const next = nextCall(report);
  if (next.call === 'cancel' || order === undefined) return toEnd(report, await api.cancel(orderId));
  if (next.call === 'update') return toEnd(report, await api.update(orderId, order));
  if (next.call === 'create') {
    const created = await api.create(order);
    return toEnd(report, created.answer === 'exists' ? await api.update(orderId, order) : created);
  }

  const read = await api.get(orderId);
  if (read.answer === 'not-found' && !report.reported) return toEnd(report, await api.create(order));
  if (read.answer !== 'found') return toEnd(report, read);
  if (read.order.status === 'deleted') return refused('deleted_at_button');
  if (!next.trustsAmounts || !holdsVersion(read.order, order))
    return toEnd(report, await api.update(orderId, order));
  const { button_order_id: id } = read.order;
  return kept({
    result: 'done',
    acceptedOnly: false,
    sent: false,
    ...(id === undefined ? {} : { buttonOrderId: id }),
  });
}

/** What an answer means for the ledger, and for the quarantine if it is final. */
function toEnd({ newest, attempts }: OrderReport, answer: OrderApiAnswer): CallEnd {
  switch (answer.answer) {
    case 'done': {
      const id = answer.buttonOrderId === undefined ? {} : { buttonOrderId: answer.buttonOrderId };
      return kept({ result: 'done', acceptedOnly: answer.acceptedOnly, sent: true, ...id });
    }
    case 'not-found':
      // An order that is not there needs no cancellation. Otherwise Button has accepted it before and may show it late.
      if (newest.kind === 'cancelled') return kept({ result: 'done', acceptedOnly: false, sent: false });
      return attempts < MAX_NOT_FOUND
        ? kept({ result: 'try-again', reason: 'not_found' })
        : refused('unknown_to_button');
    case 'unauthorized':
      return kept({ result: 'try-again', reason: 'unauthorized' });
    case 'try-again': {
      const wait = answer.afterMs === undefined ? {} : { afterMs: answer.afterMs };
      return kept({ result: 'try-again', reason: answer.reason, ...wait });
    }
    case 'unclear':
      return kept({ result: 'unclear', reason: answer.reason });
    case 'exists':
    case 'found':
      return kept({ result: 'unclear', reason: 'unexpected_answer' });
    case 'too-late':
      return refused('too_late', answer.detail);
    case 'refused':
      return refused('refused_by_button', `${answer.status} ${answer.detail}`);
  }
}

function kept(result: CallResult): CallEnd {
  return { result, refusal: undefined };
}

function refused(code: keyof typeof REFUSALS, buttonSays?: string): CallEnd {
  const { problem, mend } = REFUSALS[code];
  const told = buttonSays === undefined ? problem : `${problem}. Button says: ${buttonSays}`;
  return { result: { result: 'refused', reason: code }, refusal: { code, problem: told, mend } };
}

/** With the longest waits in between, some two hours: far more than an accepted order needs to show. */
const MAX_NOT_FOUND = 16;

const REFUSALS = {
  too_late: {
    problem: 'Button refuses changes of a finalized order',
    mend: 'Settle the difference with your Button contact; the order is billable as it stands',
  },
  refused_by_button: {
    problem: 'Button refuses the order as it is',
    mend: 'Correct the order and send it as a newer version',
  },
  deleted_at_button: {
    problem:
      'Button holds the order as deleted, which can not be undone, though no cancellation came this way',
    mend: 'Find out who cancelled it; report it under a new order id if it stands',
  },
  unknown_to_button: {
    problem: 'Button accepted the order before and does not know it any more',
    mend: 'Ask your Button contact; send the order as a newer version to try again',
  },
} as const;

/** A lost write here means that a newer version came in: it stays due, and what Button said is written beside it. */
async function settle(
  claimed: Stored<OrderReport>,
  result: CallResult,
  ports: ReportOrderPorts,
): Promise<void> {
  const { ledger, policy, now } = ports;
  let current = claimed;
  for (let race = 0; race < MAX_RACES; race += 1) {
    if (!isClaimOf(claimed.thing, current.thing)) return;
    const settled = settleReport({ claimed: claimed.thing, current: current.thing }, result, {
      now: now(),
      policy,
    });
    const written = await ledger.write(settled, current.revision);
    if (written.written) return;
    current = written.current;
  }
  throw new RetryableError('Too many writers at one order');
}

/** Once the lease is over, another run may have found the claim standing: what happened is in doubt, and that run reads from Button. */
function isClaimOf(claimed: OrderReport, current: OrderReport): boolean {
  const [mine, theirs] = [claimed.progress, current.progress];
  return (
    mine.state === 'claimed' &&
    theirs.state === 'claimed' &&
    mine.owner === theirs.owner &&
    mine.until === theirs.until
  );
}

async function refuseMessage(
  message: OrderMessage,
  reasons: readonly QuarantineReason[],
  { brand, quarantine, now }: ReportOrderPorts,
): Promise<'quarantined'> {
  await quarantine.keep({
    kind: `order#${brand}`,
    id: message.messageId,
    bytes: message.body,
    reasons,
    refusedAt: now().toISOString(),
    origin: `sqs:${message.messageId}`,
  });
  return 'quarantined';
}

/** Keeps what Button refused as the message that would bring it again, also when a wake-up led here. */
async function refuseVersion(
  message: OrderMessage,
  report: OrderReport,
  { refusal, ports }: { refusal: QuarantineReason; ports: ReportOrderPorts },
): Promise<void> {
  const body = readWakeUp(message.body) === undefined ? message.body : orderMessage(report);
  await refuseMessage({ ...message, body }, [refusal], ports);
}

/** Ages are undimensioned: an alarm can't search dimensions. The oldest unreported order is the maximum over all tries. */
function measure(
  { newest }: OrderReport,
  result: CallResult,
  { brand, metrics, now }: ReportOrderPorts,
): void {
  const ageSeconds = Math.max(0, (now().getTime() - Date.parse(newest.time)) / 1000);
  if (result.result === 'try-again' || result.result === 'unclear') {
    metrics.add({ name: 'OldestUnreportedOrderAgeSeconds', value: ageSeconds });
  }
  if (result.result === 'try-again' && result.reason === 'unauthorized')
    metrics.add({ name: 'ButtonKeyRefused', value: 1 });
  if (result.result !== 'done') return;
  metrics.add({ name: 'ReportDelaySeconds', value: ageSeconds });
  if (newest.order) {
    const dimensions = { Brand: brand, Currency: newest.order.currency };
    metrics.add({ name: 'ReportedAmountMinor', value: newest.order.total, dimensions });
  }
}

function decisionContext({ claimant, now, policy }: ReportOrderPorts): {
  claimant: Claimant;
  policy: RetryPolicy;
} {
  return { claimant: { ...claimant(), now: now() }, policy };
}

function toReason({ code, path, problem, mend, source }: OrderViolation): QuarantineReason {
  return { code, path, problem, mend, source };
}
