import { compareVersions, contentHash, type OrderEvent, type OrderVersionId } from './order-event.ts';
import type { Order } from './order.ts';

/** The newest version of an order that any message has brought. A cancellation has no order. */
export type NewestVersion = {
  version: OrderVersionId;
  kind: OrderEvent['kind'];
  hash: string;
  eventId: string;
  eventSource: string;
  /** The queue message that brought it: under this id it is kept if it is refused, however often it is tried. */
  messageId: string;
  /** When the producer says it happened, else when its message was sent; ISO 8601 UTC. */
  time: string;
  order?: Order;
};

/** The last version that Button acknowledged. */
export type ReportedVersion = {
  version: OrderVersionId;
  kind: OrderEvent['kind'];
  hash: string;
  at: string;
  /** Button answered 202: it may not show the order yet. */
  acceptedOnly: boolean;
  buttonOrderId?: string;
  /** What it was worth; a cancellation has none. */
  value?: OrderValue;
};

/** What an order is worth, in minor units of its currency. */
export type OrderValue = { amountMinor: number; currency: string };

/**
 * Where the newest version stands. All instants are ISO 8601 UTC.
 *
 * - `claimed`: a run is reporting the version with `hash`, until `until` at the latest. A claim found standing after that is itself an
 *   unclear outcome. `wakeAt` keeps a retried order in the sweep's index.
 * - `waiting`: Button does not hold it, for certain; the next try is due at `dueAt`.
 * - `in-doubt`: Button may hold it. Nothing is sent before `dueAt`; then the order is read from Button first.
 * - `settled`: Button holds it.
 * - `refused`: it can't be reported as it is; a newer version starts afresh. What was in doubt stays so: Button may hold an earlier one.
 */
export type Progress =
  | { state: 'claimed'; owner: string; until: string; hash: string; doubt?: Doubt; wakeAt?: string }
  | { state: 'waiting'; dueAt: string; reason: string }
  | { state: 'in-doubt'; dueAt: string; reason: string; doubt: Doubt }
  | { state: 'settled' }
  | { state: 'refused'; reason: string; doubt?: Doubt };

/**
 * What is not known of Button, and about which version (`hash`). If several versions of a new order may have been carried out, it is the
 * first of them, because then only that one is no proof of the newest.
 *
 * - `unclear`: the call may or may not have been carried out.
 * - `confirming`: a call after an unclear one succeeded; the unclear one may have been carried out later still, and undone it.
 */
export type Doubt = { kind: 'unclear' | 'confirming'; hash: string };

/** The ledger's item for one order of one brand. */
export type OrderReport = {
  brand: string;
  orderId: string;
  newest: NewestVersion;
  reported?: ReportedVersion;
  progress: Progress;
  /** Tries since the last success. */
  attempts: number;
  /** Look-ups by the order's token among them that were not answered; missing if there was none. */
  failedLookUps?: number;
  /** Codes of the newest version's warnings. */
  warnings: readonly string[];
};

/** A run that may claim: who it is, when it is, and how long it can last at most. */
export type Claimant = { owner: string; now: Date; leaseMs: number };

/** How long to wait before trying again. */
export type RetryPolicy = {
  quietTimeMs: number;
  retryBaseMs: number;
  retryMaxMs: number;
  /** A number from 0 to 1 that spreads the waits. */
  jitter: () => number;
};

/**
 * What to do about a message or a wake-up.
 *
 * - `claim`: store `report`, then call Button.
 * - `keep`: store `report`; it is tried when it is due.
 * - `nothing`: the ledger holds all of it already.
 * - `busy`: another run is reporting this very version; leave the message on the queue until that run is over.
 * - `refuse`: the version contradicts the ledger; quarantine the message.
 */
export type Decision =
  | { action: 'claim'; report: OrderReport }
  | { action: 'keep'; report: OrderReport; outcome: 'unchanged' | 'waiting' }
  | { action: 'nothing'; outcome: 'duplicate' | 'superseded' | 'ignored-after-cancel' | 'waiting' }
  | { action: 'busy' }
  | { action: 'refuse'; code: 'version_conflict' | 'order_by_mixed' };

/** A valid message of one brand. */
export type IncomingVersion = {
  brand: string;
  event: OrderEvent;
  messageId: string;
  sentAt: Date;
  warnings: readonly string[];
  /** Somebody sent it again from the quarantine, perhaps mended: a version that was refused is tried once more. */
  isReplay: boolean;
};

/** What a decision depends on besides the ledger. */
export type DecisionContext = {
  claimant: Claimant;
  policy: RetryPolicy;
  /** Nothing may be sent for the brand now: what could be tried stays due until the sweep wakes it. */
  isHeld: boolean;
  /** What was reported before this instant is in doubt, because the ledger was restored to an earlier state; ISO 8601 UTC. */
  verifyBefore: string | undefined;
};

/**
 * Decides what a message changes in the ledger. Pure.
 *
 * Versions decide, not arrival: an older version changes nothing, the same version with other content is refused. A cancellation beats
 * every version, also a newer one, because it can't be undone (Reporting Orders, "Cancel an Order").
 */
export function receiveVersion(
  report: OrderReport | undefined,
  incoming: IncomingVersion,
  context: DecisionContext,
): Decision {
  const newest = toNewest(incoming);
  if (!report) {
    const { brand, warnings } = incoming;
    const fresh = { brand, orderId: incoming.event.orderId, newest, attempts: 0, warnings };
    return claimOrWait({ ...fresh, progress: { state: 'settled' } }, context);
  }

  const order = compareVersions(newest.version, report.newest.version);
  if (order === 'incomparable') return { action: 'refuse', code: 'order_by_mixed' };
  const accepted = { ...report, newest, warnings: incoming.warnings };
  if (order === 'same') {
    if (incoming.isReplay && mayReplace(report, newest)) return acceptVersion(accepted, context);
    return newest.hash === report.newest.hash
      ? resumeReport(report, context)
      : { action: 'refuse', code: 'version_conflict' };
  }
  if (report.newest.kind === 'cancelled') return { action: 'nothing', outcome: 'ignored-after-cancel' };
  if (order === 'older' && newest.kind !== 'cancelled') return { action: 'nothing', outcome: 'superseded' };
  return acceptVersion(accepted, context);
}

/** A refused version never reached Button, so that its content can still be mended; but a cancellation stays one. */
function mayReplace({ newest, progress }: OrderReport, replayed: NewestVersion): boolean {
  return progress.state === 'refused' && (newest.kind !== 'cancelled' || replayed.kind === 'cancelled');
}

/** Decides whether the newest version of an order can be tried now: for wake-ups, and for messages that come a second time. Pure. */
export function resumeReport(
  report: OrderReport,
  { claimant, policy, isHeld }: Pick<DecisionContext, 'claimant' | 'policy' | 'isHeld'>,
): Decision {
  const { progress } = report;
  const now = claimant.now.toISOString();
  switch (progress.state) {
    case 'settled':
    case 'refused':
      return { action: 'nothing', outcome: 'duplicate' };
    case 'claimed': {
      if (progress.until > now) return { action: 'busy' };
      const found = inDoubt(unclearAbout(progress.hash, progress), {
        reason: 'claim_found_standing',
        dueAt: later(claimant.now, policy.quietTimeMs),
      });
      return { action: 'keep', report: { ...report, progress: found }, outcome: 'waiting' };
    }
    case 'waiting':
    case 'in-doubt':
      return progress.dueAt > now || isHeld
        ? { action: 'nothing', outcome: 'waiting' }
        : { action: 'claim', report: claimReport(report, claimant) };
  }
}

/** A newer version has taken the place of the newest. */
function acceptVersion(report: OrderReport, context: DecisionContext): Decision {
  const { progress, reported } = report;
  switch (progress.state) {
    case 'settled':
      return report.newest.hash === reported?.hash && !isStale(report, context.verifyBefore)
        ? { action: 'keep', report, outcome: 'unchanged' }
        : claimOrWait(startOver(report), context);
    case 'refused':
      return claimOrWait(startOver(report), context);
    case 'claimed': {
      if (progress.until <= context.claimant.now.toISOString()) return resumeReport(report, context);
      // The run that holds the claim finds the newer version when it settles, and leaves it due. Should it die instead, the sweep finds it.
      const watched = { ...progress, wakeAt: progress.until };
      return { action: 'keep', report: { ...report, progress: watched }, outcome: 'waiting' };
    }
    case 'waiting':
    case 'in-doubt': {
      const decision = resumeReport(report, context);
      return decision.action === 'nothing' ? { action: 'keep', report, outcome: 'waiting' } : decision;
    }
  }
}

/** Claims a version that nothing is under way for, unless it must wait for its turn. */
function claimOrWait(report: OrderReport, context: DecisionContext): Decision {
  const wait = reasonToWait(report, context);
  if (!wait) return { action: 'claim', report: claimReport(report, context.claimant) };
  const doubt = standingDoubt(report.progress);
  const progress: Progress = doubt ? inDoubt(doubt, wait) : { state: 'waiting', ...wait };
  return { action: 'keep', report: { ...report, progress }, outcome: 'waiting' };
}

/** What Button has only accepted (202) may be carried out late, and must not undo what comes after it. */
function reasonToWait(
  { reported }: OrderReport,
  { claimant, policy, isHeld }: DecisionContext,
): { dueAt: string; reason: string } | undefined {
  const now = claimant.now.toISOString();
  const quietUntil = reported?.acceptedOnly ? later(new Date(reported.at), policy.quietTimeMs) : now;
  if (quietUntil > now) return { dueAt: quietUntil, reason: 'accepted_only' };
  return isHeld ? { dueAt: now, reason: 'breaker_open' } : undefined;
}

/**
 * What has to be said to Button about a claimed report. `read-first` asks what Button holds before anything is sent; `trustsAmounts`
 * says whether the same total and lines at Button are proof enough that nothing needs to be sent.
 */
export type NextCall =
  | { call: 'create' }
  | { call: 'update' }
  | { call: 'cancel' }
  | { call: 'read-first'; trustsAmounts: boolean };

/**
 * Which call brings Button to the newest version. Pure. What was last reported before `verifyBefore` is in doubt: the ledger may have
 * forgotten what came after it.
 *
 * A create that may have been carried out is complete if it is there. An update may differ in what Button does not show, so it is sent
 * again: it is the full state, and sending it twice changes nothing.
 */
export function nextCall(report: OrderReport, verifyBefore?: string): NextCall {
  const { newest, reported, progress } = report;
  if (newest.kind === 'cancelled') return { call: 'cancel' };
  const isCreate = !reported && newest.kind === 'created';
  const doubt = progress.state === 'claimed' ? progress.doubt : undefined;
  if (doubt) {
    const isAboutNewest = doubt.hash === newest.hash;
    return { call: 'read-first', trustsAmounts: isAboutNewest && (isCreate || doubt.kind === 'confirming') };
  }
  if (isStale(report, verifyBefore))
    return { call: 'read-first', trustsAmounts: isCreate || newest.hash === reported?.hash };
  if (reported) return { call: 'update' };
  return isCreate ? { call: 'create' } : { call: 'read-first', trustsAmounts: false };
}

/** Whether the ledger may have forgotten what became of the order since. */
function isStale({ newest, reported }: OrderReport, verifyBefore: string | undefined): boolean {
  return verifyBefore !== undefined && (reported?.at ?? newest.time) < verifyBefore;
}

/** How the talk with Button about a claimed version ended. */
export type CallResult =
  /** `sent` is false when Button was found to hold the version already. */
  | { result: 'done'; acceptedOnly: boolean; sent: boolean; buttonOrderId?: string }
  /** `isLookUp`: what was not answered is the look-up by the order's token. */
  | { result: 'try-again'; reason: string; afterMs?: number; isLookUp?: boolean }
  | { result: 'unclear'; reason: string }
  | { result: 'refused'; reason: string };

/**
 * The report after a call. Pure.
 *
 * `claimed` is the report as it was claimed, `current` as it stands now: a newer version that came in between stays due. After a
 * success that follows an unclear outcome the order stays in doubt for one more quiet time, because the earlier call may still be
 * carried out late and undo it.
 */
export function settleReport(
  { claimed, current }: { claimed: OrderReport; current: OrderReport },
  result: CallResult,
  { now, policy }: { now: Date; policy: RetryPolicy },
): OrderReport {
  const isNewest = claimed.newest.hash === current.newest.hash && isSameVersion(claimed, current);
  const attempts = current.attempts + 1;
  const doubt = claimed.progress.state === 'claimed' ? claimed.progress.doubt : undefined;
  const due = (waitMs: number, reason: string) => ({ dueAt: later(now, waitMs), reason });
  const isAcceptedOnly = result.result === 'done' && result.acceptedOnly;
  const newerIsDue: Progress =
    doubt?.kind === 'unclear'
      ? inDoubt(doubt, due(policy.quietTimeMs, 'newer_version'))
      : { state: 'waiting', ...due(isAcceptedOnly ? policy.quietTimeMs : 0, 'newer_version') };
  switch (result.result) {
    case 'done': {
      const confirm = inDoubt(
        { kind: 'confirming', hash: claimed.newest.hash },
        due(policy.quietTimeMs, 'confirming'),
      );
      const settled: Progress = doubt?.kind === 'unclear' && result.sent ? confirm : { state: 'settled' };
      const reported = toReported(claimed, result, now);
      const isCurrent = claimed.newest.hash === current.newest.hash;
      return { ...startOver(current), reported, progress: isCurrent ? settled : newerIsDue };
    }
    case 'try-again': {
      const wait = due(Math.max(result.afterMs ?? 0, backoffMs(current.attempts, policy)), result.reason);
      const progress: Progress = doubt ? inDoubt(doubt, wait) : { state: 'waiting', ...wait };
      const lookUps = result.isLookUp ? { failedLookUps: (current.failedLookUps ?? 0) + 1 } : {};
      return { ...current, attempts, ...lookUps, progress };
    }
    case 'unclear': {
      const wait = due(Math.max(policy.quietTimeMs, backoffMs(current.attempts, policy)), result.reason);
      const unclear = unclearAbout(claimed.newest.hash, claimed.progress);
      return { ...current, attempts, progress: inDoubt(unclear, wait) };
    }
    case 'refused':
      return {
        ...startOver(current),
        progress: isNewest
          ? { state: 'refused', reason: result.reason, ...(doubt && { doubt }) }
          : newerIsDue,
      };
  }
}

/** What was tried before counts no more. */
function startOver({ failedLookUps: _failed, ...report }: OrderReport): OrderReport {
  return { ...report, attempts: 0 };
}

/** What a version is worth; a cancellation nothing. */
export function valueOf({ order }: NewestVersion): OrderValue | undefined {
  return order && { amountMinor: order.total, currency: order.currency };
}

const TYPE_OF_KIND = {
  created: 'order.created.v1',
  updated: 'order.updated.v1',
  cancelled: 'order.cancelled.v1',
} as const satisfies Record<OrderEvent['kind'], string>;

/** The message that would bring the newest version again: what is kept when a version is refused that only the ledger still holds. */
export function orderMessage({ orderId, newest }: OrderReport): string {
  const { version, kind, eventId, eventSource, time, order } = newest;
  return JSON.stringify({
    specversion: '1.0',
    id: eventId,
    source: eventSource,
    type: TYPE_OF_KIND[kind],
    subject: orderId,
    sequence: version.by === 'sequence' ? version.sequence : undefined,
    time,
    data: order,
  });
}

function toNewest({ event, messageId, sentAt }: IncomingVersion): NewestVersion {
  return {
    version: event.version,
    kind: event.kind,
    hash: contentHash(event),
    eventId: event.id,
    eventSource: event.source,
    messageId,
    time: event.time ?? sentAt.toISOString(),
    ...(event.kind === 'cancelled' ? {} : { order: event.order }),
  };
}

/** A cancellation's answer names no Button order id: the one that is known stays. */
function toReported(
  { newest, reported }: OrderReport,
  result: CallResult & { result: 'done' },
  now: Date,
): ReportedVersion {
  const buttonOrderId = result.buttonOrderId ?? reported?.buttonOrderId;
  const value = valueOf(newest);
  return {
    version: newest.version,
    kind: newest.kind,
    hash: newest.hash,
    at: now.toISOString(),
    acceptedOnly: result.acceptedOnly,
    ...(buttonOrderId === undefined ? {} : { buttonOrderId }),
    ...(value === undefined ? {} : { value }),
  };
}

function isSameVersion(one: OrderReport, other: OrderReport): boolean {
  return compareVersions(one.newest.version, other.newest.version) === 'same';
}

/** A claim on the newest version; what is in doubt stays so until the run is over. */
function claimReport(report: OrderReport, { owner, now, leaseMs }: Claimant): OrderReport {
  const { progress } = report;
  const until = later(now, leaseMs);
  const isRetry = progress.state === 'waiting' || progress.state === 'in-doubt';
  const doubt = standingDoubt(progress);
  return {
    ...report,
    progress: {
      state: 'claimed',
      owner,
      until,
      hash: report.newest.hash,
      ...(doubt ? { doubt } : {}),
      ...(isRetry ? { wakeAt: until } : {}),
    },
  };
}

/** What whoever claims the order next has to clear up first. */
function standingDoubt(progress: Progress): Doubt | undefined {
  return progress.state === 'in-doubt' || progress.state === 'refused' ? progress.doubt : undefined;
}

/** The doubt after a call about the version with `hash` that may have been carried out. */
function unclearAbout(hash: string, progress: Progress): Doubt {
  const doubt = progress.state === 'claimed' ? progress.doubt : undefined;
  return doubt?.kind === 'unclear' ? doubt : { kind: 'unclear', hash };
}

function inDoubt(doubt: Doubt, wait: { dueAt: string; reason: string }): Progress {
  return { state: 'in-doubt', ...wait, doubt };
}

function later(now: Date, ms: number): string {
  return new Date(now.getTime() + ms).toISOString();
}

/** Doubles from the base up to the maximum; the upper half is random, so that an outage's orders do not all come back at once. */
function backoffMs(attempts: number, { retryBaseMs, retryMaxMs, jitter }: RetryPolicy): number {
  const full = Math.min(retryMaxMs, retryBaseMs * 2 ** Math.min(attempts, 30));
  return Math.round(full * (0.5 + jitter() / 2));
}
