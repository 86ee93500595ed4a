import * as z from 'zod';

import { compareVersions, contentHash, type OrderEvent, type OrderVersionId } from './order-event.ts';
import type { Order } from './order.ts';

/** The newest version of an order that any message has brought. A cancellation has no order. */
export type NewestVersion = {
  version: OrderVersionId;
  kind: OrderEvent['kind'];
  hash: string;
  eventId: string;
  eventSource: string;
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
};

/**
 * Where the newest version stands. All instants are ISO 8601 UTC.
 *
 * - `claimed`: a run is reporting the version with `hash`, until `until` at the latest. A claim found standing after that is itself an
 *   unclear outcome. `wakeAt` keeps a retried order in the sweep's index.
 * - `waiting`: Button does not hold it, for certain; the next try is due at `dueAt`.
 * - `in-doubt`: Button may hold it. Nothing is sent before `dueAt`; then the order is read from Button first.
 * - `settled`: Button holds it.
 * - `refused`: it can't be reported as it is; a newer version starts afresh.
 */
export type Progress =
  | { state: 'claimed'; owner: string; until: string; hash: string; doubt?: Doubt; wakeAt?: string }
  | { state: 'waiting'; dueAt: string; reason: string }
  | { state: 'in-doubt'; dueAt: string; reason: string; doubt: Doubt }
  | { state: 'settled' }
  | { state: 'refused'; reason: string };

/**
 * What is not known of Button, and about which version (`hash`).
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
export type IncomingVersion = { brand: string; event: OrderEvent; sentAt: Date; warnings: readonly string[] };

/**
 * Decides what a message changes in the ledger. Pure.
 *
 * Versions decide, not arrival: an older version changes nothing, the same version with other content is refused. A cancellation beats
 * every version, also a newer one, because it can't be undone (Reporting Orders, "Cancel an Order").
 */
export function receiveVersion(
  report: OrderReport | undefined,
  incoming: IncomingVersion,
  context: { claimant: Claimant; policy: RetryPolicy },
): Decision {
  const newest = toNewest(incoming);
  if (!report) {
    const { brand, warnings } = incoming;
    const fresh = { brand, orderId: incoming.event.orderId, newest, attempts: 0, warnings };
    return {
      action: 'claim',
      report: claimReport({ ...fresh, progress: { state: 'settled' } }, context.claimant),
    };
  }

  const order = compareVersions(newest.version, report.newest.version);
  if (order === 'incomparable') return { action: 'refuse', code: 'order_by_mixed' };
  if (order === 'same') {
    return newest.hash === report.newest.hash
      ? resumeReport(report, context)
      : { action: 'refuse', code: 'version_conflict' };
  }
  if (report.newest.kind === 'cancelled') return { action: 'nothing', outcome: 'ignored-after-cancel' };
  if (order === 'older' && newest.kind !== 'cancelled') return { action: 'nothing', outcome: 'superseded' };
  return acceptVersion({ ...report, newest, warnings: incoming.warnings }, context);
}

/** Decides whether the newest version of an order can be tried now: for wake-ups, and for messages that come a second time. Pure. */
export function resumeReport(
  report: OrderReport,
  { claimant, policy }: { claimant: Claimant; policy: RetryPolicy },
): Decision {
  const { progress } = report;
  const now = claimant.now.toISOString();
  switch (progress.state) {
    case 'settled':
    case 'refused':
      return { action: 'nothing', outcome: 'duplicate' };
    case 'claimed': {
      if (progress.until > now) return { action: 'busy' };
      const standing: Doubt = { kind: 'unclear', hash: progress.hash };
      const found = inDoubt(standing, {
        reason: 'claim_found_standing',
        dueAt: later(claimant.now, policy.quietTimeMs),
      });
      return { action: 'keep', report: { ...report, progress: found }, outcome: 'waiting' };
    }
    case 'waiting':
    case 'in-doubt':
      return progress.dueAt > now
        ? { action: 'nothing', outcome: 'waiting' }
        : { action: 'claim', report: claimReport(report, claimant) };
  }
}

/** A newer version has taken the place of the newest. */
function acceptVersion(report: OrderReport, context: { claimant: Claimant; policy: RetryPolicy }): Decision {
  const { claimant } = context;
  switch (report.progress.state) {
    case 'settled':
      if (report.newest.hash === report.reported?.hash)
        return { action: 'keep', report, outcome: 'unchanged' };
      return { action: 'claim', report: claimReport({ ...report, attempts: 0 }, claimant) };
    case 'refused':
      return { action: 'claim', report: claimReport({ ...report, attempts: 0 }, claimant) };
    case 'claimed':
      // The run that holds the claim finds a newer version when it settles, and leaves it due.
      if (report.progress.until > claimant.now.toISOString())
        return { action: 'keep', report, outcome: 'waiting' };
      return resumeReport(report, context);
    case 'waiting':
    case 'in-doubt': {
      const decision = resumeReport(report, context);
      return decision.action === 'nothing' ? { action: 'keep', report, outcome: 'waiting' } : decision;
    }
  }
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
 * Which call brings Button to the newest version. Pure.
 *
 * A create that may have been carried out is complete if it is there. An update may differ in what Button does not show, so it is sent
 * again: it is the full state, and sending it twice changes nothing.
 */
export function nextCall({ newest, reported, progress }: OrderReport): NextCall {
  if (newest.kind === 'cancelled') return { call: 'cancel' };
  const isCreate = !reported && newest.kind === 'created';
  const doubt = progress.state === 'claimed' ? progress.doubt : undefined;
  if (doubt) {
    const isAboutNewest = doubt.hash === newest.hash;
    return { call: 'read-first', trustsAmounts: isAboutNewest && (isCreate || doubt.kind === 'confirming') };
  }
  if (reported) return { call: 'update' };
  return isCreate ? { call: 'create' } : { call: 'read-first', trustsAmounts: false };
}

/** How the talk with Button about a claimed version ended. */
export type CallResult =
  /** `sent` is false when Button was found to hold the version already. */
  | { result: 'done'; acceptedOnly: boolean; sent: boolean; buttonOrderId?: string }
  | { result: 'try-again'; reason: string; afterMs?: number }
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
  const newerIsDue: Progress =
    doubt?.kind === 'unclear'
      ? inDoubt(doubt, due(policy.quietTimeMs, 'newer_version'))
      : { state: 'waiting', ...due(0, 'newer_version') };
  switch (result.result) {
    case 'done': {
      const confirm = inDoubt(
        { kind: 'confirming', hash: claimed.newest.hash },
        due(policy.quietTimeMs, 'confirming'),
      );
      const settled: Progress = doubt?.kind === 'unclear' && result.sent ? confirm : { state: 'settled' };
      const reported = toReported(claimed, result, now);
      return { ...current, reported, attempts: 0, progress: isNewest ? settled : newerIsDue };
    }
    case 'try-again': {
      const wait = due(Math.max(result.afterMs ?? 0, backoffMs(current.attempts, policy)), result.reason);
      return { ...current, attempts, progress: doubt ? inDoubt(doubt, wait) : { state: 'waiting', ...wait } };
    }
    case 'unclear': {
      const wait = due(Math.max(policy.quietTimeMs, backoffMs(current.attempts, policy)), result.reason);
      return {
        ...current,
        attempts,
        progress: inDoubt({ kind: 'unclear', hash: claimed.newest.hash }, wait),
      };
    }
    case 'refused':
      return {
        ...current,
        attempts: 0,
        progress: isNewest ? { state: 'refused', reason: result.reason } : newerIsDue,
      };
  }
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
    ...(version.by === 'sequence' ? { sequence: version.sequence } : {}),
    time,
    ...(order === undefined ? {} : { data: order }),
  });
}

const WAKE_UP_START = '{"wakeUp":';
const WakeUpSchema = z.strictObject({ wakeUp: z.strictObject({ orderId: z.string().min(1) }) });

/** The message with which the sweep wakes an order that is due. It goes through the order queue, so that no order is worked on twice at once. */
export function wakeUpMessage(orderId: string): string {
  return JSON.stringify({ wakeUp: { orderId } } satisfies z.input<typeof WakeUpSchema>);
}

/** The order that a wake-up is for; undefined for any other message. */
export function readWakeUp(body: string): string | undefined {
  if (!body.startsWith(WAKE_UP_START)) return undefined;
  try {
    return WakeUpSchema.safeParse(JSON.parse(body)).data?.wakeUp.orderId;
  } catch {
    return undefined;
  }
}

function toNewest({ event, sentAt }: IncomingVersion): NewestVersion {
  return {
    version: event.version,
    kind: event.kind,
    hash: contentHash(event),
    eventId: event.id,
    eventSource: event.source,
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
  return {
    version: newest.version,
    kind: newest.kind,
    hash: newest.hash,
    at: now.toISOString(),
    acceptedOnly: result.acceptedOnly,
    ...(buttonOrderId === undefined ? {} : { buttonOrderId }),
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
  return {
    ...report,
    progress: {
      state: 'claimed',
      owner,
      until,
      hash: report.newest.hash,
      ...(progress.state === 'in-doubt' ? { doubt: progress.doubt } : {}),
      ...(isRetry ? { wakeAt: until } : {}),
    },
  };
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
