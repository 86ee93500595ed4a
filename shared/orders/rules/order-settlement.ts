import { compareVersions } from '@button-serverless/validation/orders';
import {
  evolve,
  evolveAll,
  isCancellationUnconfirmed,
  isReported,
  openDoubt,
  type LedgerEvent,
} from './order-evolution.ts';
import {
  valueOf,
  type CallResult,
  type Doubt,
  type Failures,
  type LedgerEntry,
  type ReportedVersion,
} from './order-ledger.ts';
import { backoffMs, later, unclearAbout, type RetryPolicy } from './order-waits.ts';

/**
 * When an order counts as failing on its own, and goes to quarantine. With the default waits, twelve tries
 * take about three and a half hours. If no other order was reported recently to compare with, it takes three
 * days: by then an outage is over, or known.
 */
export const FAILING_AFTER = { tries: 12, ms: 3 * 3_600_000, msWithoutComparison: 72 * 3_600_000 } as const;

const DAY_MS = 86_400_000;

/** For this long a failing order is tried once a day; then it is given up. */
const GIVEN_UP_AFTER_MS = 30 * DAY_MS;

/** What a settlement depends on besides the ledger. */
export type SettlementContext = {
  now: Date;
  policy: RetryPolicy;
  /**
   * Whether Button accepts the brand's other orders (`yes`, `no`); `unknown` if none was reported recently.
   */
  othersSucceed: 'yes' | 'no' | 'unknown';
};

/** What happens to the order, and what goes to quarantine before that is stored. */
export type Settlement = {
  events: readonly LedgerEvent[];
  keep?: { code: 'keeps_failing' | 'given_up'; failures: Failures };
};

/**
 * What the end of the calls does to the order. If Button was seen to hold the order without its token, the
 * token is due. That the id is another shop's is kept until Button acknowledges the order. Pure.
 *
 * `claimed` is the entry as it was claimed, `current` as it is stored now: a newer version or a token that
 * arrived in between stays due. After a success that follows an unclear outcome, the order stays in doubt for
 * one more quiet time, because Button may still carry out the earlier call and undo the success.
 */
export function settle(
  { claimed, current }: { claimed: LedgerEntry; current: LedgerEntry },
  result: CallResult,
  context: SettlementContext,
): Settlement {
  const isIdTaken = result.isIdTaken ?? ('reason' in result && result.reason === 'order_id_taken');
  const seen: LedgerEvent[] = [
    ...(isIdTaken ? [{ event: 'id-taken' } as const] : []),
    ...(result.lacksToken ? [{ event: 'token-missing' } as const] : []),
  ];
  const due = result.lacksToken && ({ tokenDue: true } as const);
  const entries = { claimed: { ...claimed, ...due }, current: { ...current, ...due } };
  const settled = settleEnd(entries, result, context);
  return { ...settled, events: [...seen, ...settled.events] };
}

function settleEnd(
  { claimed, current }: { claimed: LedgerEntry; current: LedgerEntry },
  result: CallResult,
  context: SettlementContext,
): Settlement {
  switch (result.result) {
    case 'done':
      return { events: settleDone(claimed, current, { result, context }) };
    case 'refused':
      return { events: settleRefused(claimed, current, { result, context }) };
    case 'try-again':
    case 'unclear':
      return settleFailed(claimed, current, { result, context });
  }
}

type Ended<Kind extends CallResult['result']> = {
  result: Extract<CallResult, { result: Kind }>;
  context: SettlementContext;
};

function settleDone(claimed: LedgerEntry, current: LedgerEntry, ended: Ended<'done'>): LedgerEvent[] {
  const { result, context } = ended;
  const isTokenUsed = result.token === 'taken' || claimed.newest.kind === 'cancelled';
  const tokenTaken = isTokenUsed && claimed.btnRef === current.btnRef;
  const events: LedgerEvent[] = [
    { event: 'reported', reported: toReported(claimed, result, context.now), tokenTaken },
    ...(result.token === 'refused' ? [{ event: 'token-refused' } as const] : []),
  ];
  const after = evolveAll(current, events);
  const isTokenLeft =
    after.newest !== undefined && after.tokenDue === true && after.newest.order !== undefined;
  const isNewest = claimed.newest.hash === current.newest.hash;
  if (!isNewest || isTokenLeft) {
    const due = newerIsDue(claimed, context, result.acceptedOnly);
    // Button now holds this version: only an earlier call that is carried out late can replace it.
    const { hash } = claimed.newest;
    return [...events, isNewest && due.doubt ? { ...due, doubt: { kind: 'unclear', hash } } : due];
  }
  if (openDoubt(claimed.progress)?.kind !== 'unclear' || !result.sent)
    return [...events, { event: 'settled' }];
  const wait = { dueAt: later(context.now, context.policy.quietTimeMs), reason: 'confirming' };
  return [...events, { event: 'postponed', wait, doubt: { kind: 'confirming', hash: claimed.newest.hash } }];
}

/** Button's answer to an update that only brings the token late does not undo what it acknowledged before. */
function settleRefused(claimed: LedgerEntry, current: LedgerEntry, ended: Ended<'refused'>): LedgerEvent[] {
  const { result, context } = ended;
  const { shownId } = result;
  const doubt = shownId
    ? unclearAbout(claimed.newest, claimed.progress, { now: context.now, shown: shownId })
    : openDoubt(claimed.progress);
  const isNewest = isStillNewest(claimed, current);
  if (bringsTokenOnly(claimed)) {
    const refused = { event: 'token-refused' } as const;
    return isNewest ? [refused, { event: 'settled' }] : [refused, newerIsDue(claimed, context, false)];
  }
  return isNewest
    ? refuseNewest(current, { reason: result.reason, ...(doubt && { doubt }) }, context.now)
    : [
        { event: 'started-over' },
        { ...newerIsDue(claimed, context, false), ...(shownId && doubt && { doubt }) },
      ];
}

/**
 * A version that waits for the end of a cancellation becomes due once the cancellation is refused. It is not
 * due if reads could not confirm the cancellation: it would make an order again that the shop has cancelled.
 * Pure.
 */
export function refuseNewest(
  { heldVersion }: LedgerEntry,
  refused: { reason: string; doubt?: Doubt },
  now: Date,
): LedgerEvent[] {
  const { doubt } = refused;
  const wait = { dueAt: now.toISOString(), reason: 'newer_version' };
  const held: LedgerEvent[] =
    heldVersion && !isCancellationUnconfirmed(refused)
      ? [
          { event: 'version-accepted', ...heldVersion },
          { event: 'postponed', wait, ...(doubt && { doubt }) },
        ]
      : [];
  return [{ event: 'refused', ...refused }, ...held];
}

function settleFailed(
  claimed: LedgerEntry,
  current: LedgerEntry,
  { result, context }: Ended<'try-again' | 'unclear'>,
): Settlement {
  const { now, policy } = context;
  const failed = tryFailed(result, now);
  const after = evolve(current, failed);
  if (!after.newest) return { events: [failed] };
  const isUnclear = result.result === 'unclear';
  const open = openDoubt(claimed.progress);
  const shownId = result.result === 'unclear' ? result.shownId : undefined;
  // A look-up that fails casts no new doubt: what waits for its confirmation would wait for another one.
  const isNew =
    isUnclear && (shownId !== undefined || !result.isLookUp || open?.hash !== claimed.newest.hash);
  const doubt = isNew ? unclearAbout(claimed.newest, claimed.progress, { now, shown: shownId }) : open;
  const inDoubt = doubt && { doubt };
  const { failures, failingSince: since = now.toISOString() } = after;
  const isNewest = isStillNewest(claimed, current);
  if (isNewest && failures && isFailingAlone(after, failed.failure !== undefined, context)) {
    if (now.getTime() - Date.parse(since) < GIVEN_UP_AFTER_MS) {
      const wait = { dueAt: later(now, DAY_MS), reason: result.reason };
      const aside: Settlement = { events: [failed, { event: 'found-failing', since, wait, ...inDoubt }] };
      return current.failingSince === undefined
        ? { ...aside, keep: { code: 'keeps_failing', failures } }
        : aside;
    }
    const givenUp: LedgerEvent[] = bringsTokenOnly(claimed)
      ? [{ event: 'token-refused' }, { event: 'started-over' }, { event: 'settled' }]
      : refuseNewest(current, { reason: 'given_up', ...inDoubt }, now);
    return { events: [failed, ...givenUp], keep: { code: 'given_up', failures } };
  }
  const leastMs = Math.max(isUnclear ? policy.quietTimeMs : 0, result.afterMs ?? 0);
  const waitMs = Math.max(leastMs, backoffMs(current.attempts, policy));
  const wait = { dueAt: later(now, waitMs), reason: result.reason };
  return { events: [failed, { event: 'postponed', wait, ...inDoubt }] };
}

function tryFailed(result: CallResult & { result: 'try-again' | 'unclear' }, now: Date) {
  const { reason, answer } = result;
  const isLookUp = result.isLookUp === true;
  const isBlamed = result.result === 'unclear' ? !isLookUp : result.blamesOrder === true;
  return {
    event: 'try-failed',
    isLookUp,
    ...(isBlamed && { failure: { at: now.toISOString(), reason, ...(answer && { answer }) } }),
  } as const;
}

/** An order that is already in quarantine for this reason stays there until it succeeds. */
function isFailingAlone(
  { failures, failingSince }: LedgerEntry,
  isBlamed: boolean,
  { now, othersSucceed }: SettlementContext,
): boolean {
  if (failingSince !== undefined) return true;
  if (!isBlamed || !failures || failures.count < FAILING_AFTER.tries || othersSucceed === 'no') return false;
  const failingForMs = now.getTime() - Date.parse(failures.since);
  return failingForMs >= (othersSucceed === 'yes' ? FAILING_AFTER.ms : FAILING_AFTER.msWithoutComparison);
}

/** Button holds exactly this version; only its token is missing. */
function bringsTokenOnly(entry: LedgerEntry): boolean {
  return entry.tokenDue === true && entry.newest.order !== undefined && isReported(entry);
}

/**
 * A version that arrived during the run is tried next: at once, unless a late action of Button could undo it.
 */
function newerIsDue(
  claimed: LedgerEntry,
  { now, policy }: SettlementContext,
  isAcceptedOnly: boolean,
): Extract<LedgerEvent, { event: 'postponed' }> {
  const doubt = openDoubt(claimed.progress);
  const isUnclear = doubt?.kind === 'unclear';
  const dueAt = later(now, isUnclear || isAcceptedOnly ? policy.quietTimeMs : 0);
  const wait = { dueAt, reason: 'newer_version' };
  return { event: 'postponed', wait, ...(isUnclear && { doubt }) };
}

/** Button's answer to a cancellation contains no Button order id: the known one stays. */
function toReported(
  { newest, reported }: LedgerEntry,
  result: CallResult & { result: 'done' },
  now: Date,
): ReportedVersion {
  const buttonOrderId = result.buttonOrderId ?? reported?.buttonOrderId;
  const value = valueOf(newest);
  // What a version leaves out stays at Button.
  const lines = newest.order?.line_items;
  const hasLines = lines ? lines.length > 0 : newest.order !== undefined && reported?.hasLines === true;
  return {
    version: newest.version,
    kind: newest.kind,
    hash: newest.hash,
    at: now.toISOString(),
    acceptedOnly: result.acceptedOnly,
    ...(buttonOrderId !== undefined && { buttonOrderId }),
    ...(value && { value }),
    ...(hasLines && { hasLines }),
  };
}

/** Whether no other version arrived during the run, not even a later one with the same content. */
function isStillNewest({ newest: claimed }: LedgerEntry, { newest: current }: LedgerEntry): boolean {
  return claimed.hash === current.hash && compareVersions(claimed.version, current.version) === 'same';
}
