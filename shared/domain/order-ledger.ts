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
  /**
   * When the first message reached the queue that brought something that Button does not hold yet: this
   * version, or one that it replaced while that waited. The order's age counts from here. ISO 8601 UTC.
   */
  receivedAt?: string;
  /** The quarantine entry whose replay brought it. */
  replayOf?: string;
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
 * - `claimed`: a run is reporting the version with `hash`, until `until` at the latest. A claim found after that is itself an
 *   unclear outcome. `retryAt` keeps a retried order in the sweep's index.
 * - `waiting`: Button does not hold it, for certain; the next try is due at `dueAt`.
 * - `in-doubt`: Button may hold it. Nothing is sent before `dueAt`; then the order is read from Button first.
 * - `settled`: Button holds it.
 * - `refused`: it can't be reported as it is; a newer version starts afresh. What was in doubt stays so: Button may hold an earlier one.
 */
export type Progress =
  | { state: 'claimed'; owner: string; until: string; hash: string; doubt?: Doubt; retryAt?: string }
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
export type LedgerEntry = {
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
 * What to do about a message or a retry message.
 *
 * - `claim`: store `report`, then call Button.
 * - `keep`: store `report`; it is tried when it is due.
 * - `nothing`: the ledger holds all of it already.
 * - `busy`: another run is reporting this very version; leave the message on the queue until that run is over.
 * - `refuse`: the version contradicts the ledger; quarantine the message.
 */
export type Decision =
  | { action: 'claim'; entry: LedgerEntry }
  | { action: 'store'; entry: LedgerEntry; outcome: 'unchanged' | 'waiting' }
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
  /** Somebody sent it again from the quarantine, perhaps fixed: a version that was refused is tried once more. */
  isReplay: boolean;
  /** The quarantine entry that was sent again. */
  replayOf?: string | undefined;
};

/** What a decision depends on besides the ledger. */
export type DecisionContext = {
  claimant: Claimant;
  policy: RetryPolicy;
  /** Nothing may be sent for the brand now: what could be tried stays due until the sweep retries it. */
  isPaused: boolean;
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
  entry: LedgerEntry | undefined,
  incoming: IncomingVersion,
  context: DecisionContext,
): Decision {
  const newest = toNewest(incoming);
  if (!entry) {
    const { brand, warnings } = incoming;
    const fresh = { brand, orderId: incoming.event.orderId, newest, attempts: 0, warnings };
    return claimOrWait({ ...fresh, progress: { state: 'settled' } }, context);
  }

  const order = compareVersions(newest.version, entry.newest.version);
  if (order === 'incomparable') return { action: 'refuse', code: 'order_by_mixed' };
  const { receivedAt = newest.receivedAt } = isUnreported(entry) ? entry.newest : newest;
  const accepted = {
    ...entry,
    newest: { ...newest, ...(receivedAt !== undefined && { receivedAt }) },
    warnings: incoming.warnings,
  };
  if (order === 'same') {
    if (incoming.isReplay && mayReplace(entry, newest)) return acceptVersion(accepted, context);
    return newest.hash === entry.newest.hash
      ? resumeEntry(entry, context)
      : { action: 'refuse', code: 'version_conflict' };
  }
  if (entry.newest.kind === 'cancelled') return { action: 'nothing', outcome: 'ignored-after-cancel' };
  if (order === 'older' && newest.kind !== 'cancelled') return { action: 'nothing', outcome: 'superseded' };
  return acceptVersion(accepted, context);
}

/** Whether Button is still to be told of the newest version: its age goes on counting under a newer one. */
function isUnreported({ progress }: LedgerEntry): boolean {
  switch (progress.state) {
    case 'settled':
    case 'refused':
      return false;
    case 'in-doubt':
      return progress.doubt.kind === 'unclear';
    default:
      return true;
  }
}

/** A refused version never reached Button, so that its content can still be fixed; but a cancellation stays one. */
function mayReplace({ newest, progress }: LedgerEntry, replayed: NewestVersion): boolean {
  return progress.state === 'refused' && (newest.kind !== 'cancelled' || replayed.kind === 'cancelled');
}

/** Decides whether the newest version of an order can be tried now: for retry messages, and for messages that come a second time. Pure. */
export function resumeEntry(
  entry: LedgerEntry,
  { claimant, policy, isPaused }: Pick<DecisionContext, 'claimant' | 'policy' | 'isPaused'>,
): Decision {
  const { progress } = entry;
  const now = claimant.now.toISOString();
  switch (progress.state) {
    case 'settled':
    case 'refused':
      return { action: 'nothing', outcome: 'duplicate' };
    case 'claimed': {
      if (progress.until > now) return { action: 'busy' };
      const found = inDoubt(unclearAbout(progress.hash, progress), {
        reason: 'claim_expired',
        dueAt: later(claimant.now, policy.quietTimeMs),
      });
      return { action: 'store', entry: { ...entry, progress: found }, outcome: 'waiting' };
    }
    case 'waiting':
    case 'in-doubt':
      return progress.dueAt > now || isPaused
        ? { action: 'nothing', outcome: 'waiting' }
        : { action: 'claim', entry: claimEntry(entry, claimant) };
  }
}

/** A newer version has taken the place of the newest. */
function acceptVersion(entry: LedgerEntry, context: DecisionContext): Decision {
  const { progress, reported } = entry;
  switch (progress.state) {
    case 'settled':
      return entry.newest.hash === reported?.hash && !isStale(entry, context.verifyBefore)
        ? { action: 'store', entry, outcome: 'unchanged' }
        : claimOrWait(startOver(entry), context);
    case 'refused':
      return claimOrWait(startOver(entry), context);
    case 'claimed': {
      if (progress.until <= context.claimant.now.toISOString()) return resumeEntry(entry, context);
      // The run that holds the claim finds the newer version when it settles, and leaves it due. Should it die instead, the sweep finds it.
      const watched = { ...progress, retryAt: progress.until };
      return { action: 'store', entry: { ...entry, progress: watched }, outcome: 'waiting' };
    }
    case 'waiting':
    case 'in-doubt': {
      const decision = resumeEntry(entry, context);
      return decision.action === 'nothing' ? { action: 'store', entry, outcome: 'waiting' } : decision;
    }
  }
}

/** Claims a version that nothing is under way for, unless it must wait for its turn. */
function claimOrWait(entry: LedgerEntry, context: DecisionContext): Decision {
  const wait = reasonToWait(entry, context);
  if (!wait) return { action: 'claim', entry: claimEntry(entry, context.claimant) };
  const doubt = doubtOf(entry.progress);
  const progress: Progress = doubt ? inDoubt(doubt, wait) : { state: 'waiting', ...wait };
  return { action: 'store', entry: { ...entry, progress }, outcome: 'waiting' };
}

/** What Button has only accepted (202) may be carried out late, and must not undo what comes after it. */
function reasonToWait(
  { reported }: LedgerEntry,
  { claimant, policy, isPaused }: DecisionContext,
): { dueAt: string; reason: string } | undefined {
  const now = claimant.now.toISOString();
  const quietUntil = reported?.acceptedOnly ? later(new Date(reported.at), policy.quietTimeMs) : now;
  if (quietUntil > now) return { dueAt: quietUntil, reason: 'accepted_only' };
  return isPaused ? { dueAt: now, reason: 'breaker_open' } : undefined;
}

/**
 * What has to be said to Button about a claimed entry. `read-first` asks what Button holds before anything is sent; `trustsAmounts`
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
export function nextCall(entry: LedgerEntry, verifyBefore?: string): NextCall {
  const { newest, reported, progress } = entry;
  if (newest.kind === 'cancelled') return { call: 'cancel' };
  const isCreate = !reported && newest.kind === 'created';
  const doubt = progress.state === 'claimed' ? progress.doubt : undefined;
  if (doubt) {
    const isAboutNewest = doubt.hash === newest.hash;
    return { call: 'read-first', trustsAmounts: isAboutNewest && (isCreate || doubt.kind === 'confirming') };
  }
  if (isStale(entry, verifyBefore))
    return { call: 'read-first', trustsAmounts: isCreate || newest.hash === reported?.hash };
  if (reported) return { call: 'update' };
  return isCreate ? { call: 'create' } : { call: 'read-first', trustsAmounts: false };
}

/** Whether the ledger may have forgotten what became of the order since. */
function isStale({ newest, reported }: LedgerEntry, verifyBefore: string | undefined): boolean {
  return verifyBefore !== undefined && (reported?.at ?? newest.time) < verifyBefore;
}

/** How the calls to Button about a claimed version ended. */
export type CallResult =
  /** `sent` is false when Button was found to hold the version already. */
  | { result: 'done'; acceptedOnly: boolean; sent: boolean; buttonOrderId?: string }
  /** `isLookUp`: what was not answered is the look-up by the order's token. */
  | { result: 'try-again'; reason: string; afterMs?: number; isLookUp?: boolean }
  | { result: 'unclear'; reason: string }
  | { result: 'refused'; reason: string };

/**
 * The entry after a call. Pure.
 *
 * `claimed` is the entry as it was claimed, `current` as it stands now: a newer version that came in between stays due. After a
 * success that follows an unclear outcome the order stays in doubt for one more quiet time, because the earlier call may still be
 * carried out late and undo it.
 */
export function settleEntry(
  { claimed, current }: { claimed: LedgerEntry; current: LedgerEntry },
  result: CallResult,
  { now, policy }: { now: Date; policy: RetryPolicy },
): LedgerEntry {
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
function startOver({ failedLookUps: _failed, ...entry }: LedgerEntry): LedgerEntry {
  return { ...entry, attempts: 0 };
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
export function orderMessage({ orderId, newest }: LedgerEntry): string {
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

function toNewest({ event, messageId, sentAt, replayOf }: IncomingVersion): NewestVersion {
  return {
    version: event.version,
    kind: event.kind,
    hash: contentHash(event),
    eventId: event.id,
    eventSource: event.source,
    messageId,
    time: event.time ?? sentAt.toISOString(),
    receivedAt: sentAt.toISOString(),
    ...(replayOf === undefined ? {} : { replayOf }),
    ...(event.kind === 'cancelled' ? {} : { order: event.order }),
  };
}

/** A cancellation's answer names no Button order id: the one that is known stays. */
function toReported(
  { newest, reported }: LedgerEntry,
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

function isSameVersion(one: LedgerEntry, other: LedgerEntry): boolean {
  return compareVersions(one.newest.version, other.newest.version) === 'same';
}

/** A claim on the newest version; what is in doubt stays so until the run is over. */
function claimEntry(entry: LedgerEntry, { owner, now, leaseMs }: Claimant): LedgerEntry {
  const { progress } = entry;
  const until = later(now, leaseMs);
  const isRetry = progress.state === 'waiting' || progress.state === 'in-doubt';
  const doubt = doubtOf(progress);
  return {
    ...entry,
    progress: {
      state: 'claimed',
      owner,
      until,
      hash: entry.newest.hash,
      ...(doubt ? { doubt } : {}),
      ...(isRetry ? { retryAt: until } : {}),
    },
  };
}

/** What whoever claims the order next has to clear up first. */
function doubtOf(progress: Progress): Doubt | undefined {
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
