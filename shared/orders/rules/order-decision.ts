import { compareVersions, type OrderEvent } from '@button-serverless/validation/orders';
import {
  evolveAll,
  isCancellationUnconfirmed,
  mayBeAtButton,
  openDoubt,
  type LedgerEvent,
  type Wait,
} from './order-evolution.ts';
import {
  purchaseOf,
  TOKEN_WARNINGS,
  type LedgerEntry,
  type NewestVersion,
  type OrderState,
} from './order-ledger.ts';
import { isStale } from './order-next-call.ts';
import { refuseNewest, settle, type Settlement } from './order-settlement.ts';
import {
  isCopyOf,
  latestVersion,
  toNewestVersion,
  tokenOf,
  unreportedSince,
  type IncomingVersion,
} from './order-version.ts';
import { later, type RetryPolicy } from './order-waits.ts';

/** A run that may claim: its name, its time, and how long it can last at most. */
export type Claimant = { owner: string; now: Date; leaseMs: number };

/** A command to the ledger about one order. */
export type OrderCommand =
  /** A valid message brought a version. */
  | { command: 'receive'; incoming: IncomingVersion }
  /** A message that was refused names the order's token. */
  | { command: 'note-token'; btnRef: string }
  /** The sweep found the order due, or a message arrived a second time. */
  | { command: 'resume' }
  /** An operator wants the order to be tried as soon as possible, even if it was refused. */
  | { command: 'retry' }
  /**
   * An operator gives up the newest version, which goes to quarantine first: it is not tried any more, until
   * a newer version arrives.
   */
  | { command: 'abandon' };

/** What a decision depends on besides the ledger. */
export type DecisionContext = {
  claimant: Claimant;
  policy: RetryPolicy;
  /** Nothing may be sent for the brand at the moment: orders stay due until the sweep sends them. */
  isPaused: boolean;
  /**
   * An order that was reported before this instant is in doubt, because the ledger was restored to an earlier
   * state; ISO 8601 UTC.
   */
  verifyBefore: string | undefined;
};

/**
 * What happens to the order, and what its run does next once that is stored. With a `refusal`, the message
 * goes to quarantine first, because its version contradicts the ledger. Its token counts all the same.
 */
export type Decision = {
  events: readonly LedgerEvent[];
  next: NextStep;
  refusal?: VersionRefusal;
  /** What of the newest version goes to quarantine before the events are stored. */
  keep?: Settlement['keep'] | undefined;
};

/** Why the ledger refuses a version that is valid by itself. */
export type VersionRefusal =
  | 'version_conflict'
  | 'order_by_mixed'
  | 'line_items_missing'
  | 'btn_ref_waits'
  | 'cancellation_outdated';

/**
 * - `call`: the version is claimed; call Button.
 * - `nothing`: there is nothing more to do.
 * - `leave`: another run is reporting exactly this version; leave the message on the queue until that run
 *   is over.
 */
export type NextStep = { step: 'call' } | { step: 'nothing'; outcome: LedgerOutcome } | { step: 'leave' };

/** The result of a command that calls nobody. */
export type LedgerOutcome =
  | 'unchanged'
  | 'waiting'
  | 'duplicate'
  | 'superseded'
  | 'ignored-after-cancel'
  | 'quarantined';

/**
 * Decides what a command does to an order. The ledger's state machine is a decider: `initialState` and
 * `evolve` (order-evolution.ts) are its other two parts; order-settlement.ts decides about the end of the
 * calls to Button. Pure.
 *
 * Versions decide, not the order of arrival: an older version changes nothing, and the same version with
 * other content is refused. A cancellation counts whatever its version is, because it cannot be undone
 * (Reporting Orders, "Cancel an Order"), unless an operator replays it after a later version arrived. Only a
 * cancellation that Button refused, or that an operator abandoned, lets versions through: those later than
 * the version known before it. The token belongs to the order: any message brings it, even one whose version
 * changes nothing. A later message also brings the purchase of an order whose cancellation arrived first.
 */
export function decide(state: OrderState, command: OrderCommand, context: DecisionContext): Decision {
  switch (command.command) {
    case 'receive': {
      const { incoming } = command;
      const { event } = incoming;
      const noted = [...noteToken(state, tokenOf(event), incoming), ...notePurchase(state, event)];
      const received = receive(evolveAll(state, noted), incoming, context);
      const decision = { ...received, events: [...noted, ...received.events] };
      return keepWaitingToken(state, sendLateToken(state, decision, context));
    }
    case 'note-token': {
      const events = noteToken(state, command.btnRef);
      return sendLateToken(state, { events, next: nothing('quarantined') }, context);
    }
    case 'resume':
      return state.newest ? resume(state, context) : noChange('superseded');
    case 'retry':
      return state.newest ? afterClaim(state, context, retry) : noChange('superseded');
    case 'abandon':
      return state.newest ? afterClaim(state, context, abandon) : noChange('superseded');
  }
}

function nothing(outcome: LedgerOutcome): NextStep {
  return { step: 'nothing', outcome };
}

function noChange(outcome: LedgerOutcome): Decision {
  return { events: [], next: nothing(outcome) };
}

function refuse(refusal: VersionRefusal): Decision {
  return { events: [], next: nothing('quarantined'), refusal };
}

/**
 * The first valid token stays, as long as nothing shows that it is not a token. A replay tries again a token
 * that Button did not accept.
 */
function noteToken(state: OrderState, btnRef: string | undefined, incoming?: IncomingVersion): LedgerEvent[] {
  if (btnRef === undefined) return [];
  const { btnRef: known, newest } = state;
  if (known !== undefined && known !== btnRef && !givesWay(state, btnRef, incoming))
    return [{ event: 'other-token-seen' }];
  const wasNotTaken = newest && state.warnings.includes(TOKEN_WARNINGS.notTaken);
  return known !== btnRef || (incoming?.isReplay && wasNotTaken) ? [{ event: 'token-noted', btnRef }] : [];
}

/**
 * Nothing is known of an order whose first message was its cancellation. The purchase in a later one tells it
 * from another shop's order with the same id.
 */
function notePurchase({ newest, progress, sent }: OrderState, event: OrderEvent): LedgerEvent[] {
  const purchase = purchaseOf(event);
  const isOpen = newest?.kind === 'cancelled' && progress?.state !== 'settled';
  const isUnknown = isOpen && !sent && newest.cancels?.purchase_date === undefined;
  return isUnknown && purchase ? [{ event: 'purchase-noted', purchase }] : [];
}

/**
 * Whether the order's token is replaced. Button can hold neither. The known one is the id of an organisation,
 * which is no token; or Button has refused the create that had it, and a newer or edited version brings a
 * better one.
 */
function givesWay(state: OrderState, btnRef: string, incoming: IncomingVersion | undefined): boolean {
  if (mayBeAtButton(state)) return false;
  if (state.btnRef?.startsWith('org-')) return !btnRef.startsWith('org-');
  if (!state.newest || !incoming) return false;
  const { progress } = state;
  const isRefused = progress.state === 'refused' && progress.reason === 'refused_by_button';
  return isRefused && placeOf(incoming, state, incoming.isReplay) === 'newer';
}

/**
 * An order that is settled except for its token is updated at once, whichever message brought the token.
 * After a restore of the ledger, a cancelled order is looked up by the token: the order that the ledger
 * forgot may be open under that token only. The sweep has to watch the claim: the message may be about
 * another version, which finds nothing to do when it is received again.
 */
function sendLateToken(state: OrderState, decision: Decision, context: DecisionContext): Decision {
  const after = evolveAll(state, decision.events);
  if (!after.newest || !after.tokenDue) return decision;
  if (after.progress.state !== 'settled') return decision;
  if (!after.newest.order && context.verifyBefore === undefined) return decision;
  const { events, next } = claimOrWait(after, context);
  const watched: LedgerEvent[] = next.step === 'call' ? [{ event: 'claim-watched' }] : [];
  return { ...decision, events: [...decision.events, ...events, ...watched], next };
}

/**
 * While the newest version is refused, no call can send a token that has just become known: its message is
 * kept where somebody finds it.
 */
function keepWaitingToken(state: OrderState, decision: Decision): Decision {
  const { progress, tokenDue } = evolveAll(state, decision.events);
  const isWaiting = progress?.state === 'refused' && tokenDue;
  const isNew = decision.events.some(({ event }) => event === 'token-noted');
  return isWaiting && isNew
    ? { refusal: 'btn_ref_waits', ...decision, next: nothing('quarantined') }
    : decision;
}

function receive(state: OrderState, incoming: IncomingVersion, context: DecisionContext): Decision {
  const isEdit = incoming.isReplay && canBeEdited(state, context);
  const place = state.newest ? placeOf(incoming, state, isEdit) : 'newer';
  if (place === 'outdated') return refuse('cancellation_outdated');
  if (state.newest && place === 'after-cancellation') return hold(state, incoming);
  if (place === 'older') return noChange('superseded');
  if (place === 'incomparable') return refuse('order_by_mixed');

  const newest = toNewestVersion(state, incoming);
  if (newest === 'line_items_missing') return refuse(newest);
  if (state.newest && place === 'same')
    return isCopyOf(state.newest, incoming) ? resume(state, context) : refuse('version_conflict');
  const accepted: LedgerEvent[] = [
    { event: 'version-accepted', newest, warnings: incoming.warnings },
    ...keepBehind(state, newest),
  ];
  const next = evolveAll(state, accepted);
  if (!next.newest) return noChange('superseded');
  const { events, ...decision } = state.newest ? accept(next, context) : claimOrWait(next, context);
  return { events: [...accepted, ...events], ...decision };
}

/**
 * A version that a cancellation replaces, and that Button does not hold yet, is held: it becomes due if
 * Button refuses the cancellation. A version of an order that Button may not have is not held, because nobody
 * wants it created any more. What was held before stays held.
 */
function keepBehind(state: OrderState, { kind, cancels }: NewestVersion): LedgerEvent[] {
  if (kind !== 'cancelled' || !state.newest) return [];
  const { newest, warnings, heldVersion } = state;
  const isDue = !cancels && newest.order !== undefined && unreportedSince(state) !== undefined;
  const held = isDue ? { newest, warnings } : heldVersion;
  return held ? [{ event: 'version-held', ...held }] : [];
}

/**
 * The place of a version among those that the ledger knows. A `newer` version becomes the newest, and so does
 * the `isEdit` of one that Button has not acknowledged.
 */
function placeOf(
  { event, messageId, isReplay }: IncomingVersion,
  { newest, progress }: LedgerEntry,
  isEdit: boolean,
): 'newer' | 'same' | 'older' | 'incomparable' | 'after-cancellation' | 'outdated' {
  const isRefused = progress.state === 'refused';
  if (event.kind === 'cancelled') {
    // The operator who replays it may not know that the order continued.
    const isOutdated = isReplay && compareVersions(event.version, newest.version) === 'older';
    if (isOutdated && newest.kind !== 'cancelled') return 'outdated';
    const isSentAgain = isRefused && messageId !== newest.messageId;
    return newest.kind === 'cancelled' && !isSentAgain && !isEdit ? 'same' : 'newer';
  }
  // A cancellation that no read could confirm may have been carried out.
  const isUndecided = !isRefused || isCancellationUnconfirmed(progress);
  if (newest.kind === 'cancelled' && isUndecided) return 'after-cancellation';
  const place = compareVersions(event.version, latestVersion(newest));
  if (place !== 'same') return place;
  if (newest.kind === 'cancelled') return 'older';
  return isEdit ? 'newer' : 'same';
}

/**
 * Nothing follows a cancellation unless Button refuses it, or an operator abandons it: until then the latest
 * version that Button does not hold is held.
 */
function hold(entry: LedgerEntry, incoming: IncomingVersion): Decision {
  if (entry.progress.state === 'settled') return noChange('ignored-after-cancel');
  const { heldVersion } = entry;
  const before = heldVersion?.newest ?? entry.newest;
  const place = compareVersions(incoming.event.version, latestVersion(before));
  if (place === 'incomparable') return refuse('order_by_mixed');
  const isOther = place === 'same' && heldVersion && !isCopyOf(before, incoming);
  if (isOther && !incoming.isReplay) return refuse('version_conflict');
  if (place !== 'newer' && !isOther) return noChange('ignored-after-cancel');
  const newest = toNewestVersion({ ...entry, newest: before }, incoming);
  if (newest === 'line_items_missing') return refuse(newest);
  const { warnings } = incoming;
  return {
    events: [{ event: 'version-held', newest, warnings }],
    next: nothing('ignored-after-cancel'),
  };
}

/** Whether Button has not acknowledged the newest version, and no run is reporting it any more. */
function canBeEdited({ progress }: OrderState, context: DecisionContext): boolean {
  switch (progress?.state) {
    case undefined:
    case 'settled':
      return false;
    case 'claimed':
      return hasPassed(progress.until, context);
    case 'in-doubt':
      return progress.doubt.kind === 'unclear';
    case 'waiting':
    case 'failing':
    case 'refused':
      return true;
  }
}

/** A new newest version of an order that was known before. */
function accept(entry: LedgerEntry, context: DecisionContext): Decision {
  const { progress, reported, newest } = entry;
  switch (progress.state) {
    case 'settled':
      return newest.hash === reported?.hash && !isStale(entry, context.verifyBefore)
        ? noChange('unchanged')
        : startOver(entry, context);
    case 'refused':
    case 'failing':
      return startOver(entry, context);
    case 'claimed':
      if (hasPassed(progress.until, context)) return resume(entry, context);
      // The run that holds the claim finds the newer version when it settles, and leaves it due. If that run
      // dies, the sweep finds it.
      return { events: [{ event: 'claim-watched' }], next: nothing('waiting') };
    case 'waiting':
    case 'in-doubt':
      return resume(entry, context);
  }
}

/** Whether the newest version can be tried now. */
function resume(entry: LedgerEntry, context: DecisionContext): Decision {
  const { progress } = entry;
  switch (progress.state) {
    case 'settled':
    case 'refused':
      return noChange('duplicate');
    case 'claimed': {
      if (!hasPassed(progress.until, context)) return { events: [], next: { step: 'leave' } };
      return settleDied(entry, progress.hash, context);
    }
    case 'waiting':
    case 'in-doubt':
    case 'failing':
      return hasPassed(progress.dueAt, context) && !context.isPaused ? claim(context) : noChange('waiting');
  }
}

/** A run that died is a try with an unknown outcome, so an order that kills every run ends in quarantine. */
function settleDied(
  current: LedgerEntry,
  hash: string,
  { claimant: { now }, policy }: DecisionContext,
): Decision {
  const claimed = { ...current, newest: { ...current.newest, hash } };
  const end = { result: 'unclear', reason: 'claim_expired' } as const;
  const { events, keep } = settle({ claimed, current }, end, { now, policy, othersSucceed: 'unknown' });
  return { events, next: nothing(keep ? 'quarantined' : 'waiting'), keep };
}

/** What an operator wants waits for the run that reports the order, unless that run died. */
function afterClaim(
  entry: LedgerEntry,
  context: DecisionContext,
  decideUnclaimed: (entry: LedgerEntry, context: DecisionContext) => Decision,
): Decision {
  const { progress } = entry;
  if (progress.state !== 'claimed') return decideUnclaimed(entry, context);
  if (!hasPassed(progress.until, context)) return { events: [], next: { step: 'leave' } };
  const died = settleDied(entry, progress.hash, context);
  const after = evolveAll(entry, died.events);
  if (!after.newest) return died;
  const { events, ...decision } = decideUnclaimed(after, context);
  return { ...decision, events: [...died.events, ...events] };
}

/**
 * A version that Button refused or fails on is tried as if it had just arrived. A version in doubt keeps its
 * quiet time.
 */
function retry({ progress }: LedgerEntry, { claimant: { now }, policy }: DecisionContext): Decision {
  if (progress.state === 'settled') return noChange('duplicate');
  const doubt = openDoubt(progress);
  const quietUntil = later(now, doubt ? policy.quietTimeMs : 0);
  const dueAt = 'dueAt' in progress && progress.dueAt < quietUntil ? progress.dueAt : quietUntil;
  const wait = { dueAt, reason: 'asked_by_operator' };
  return {
    events: [{ event: 'started-over' }, { event: 'postponed', wait, ...(doubt && { doubt }) }],
    next: nothing('waiting'),
  };
}

function abandon(entry: LedgerEntry, { claimant }: DecisionContext): Decision {
  const { progress } = entry;
  if (progress.state === 'settled') return noChange('duplicate');
  const doubt = openDoubt(progress);
  const events = refuseNewest(entry, { reason: 'abandoned', ...(doubt && { doubt }) }, claimant.now);
  return { events, next: nothing('quarantined') };
}

function startOver(entry: LedgerEntry, context: DecisionContext): Decision {
  const { events, next } = claimOrWait(entry, context);
  return { events: [{ event: 'started-over' }, ...events], next };
}

/** Claims a version that no run is reporting, unless it must wait. */
function claimOrWait(entry: LedgerEntry, context: DecisionContext): Decision {
  const wait = reasonToWait(entry, context);
  if (!wait) return claim(context);
  const doubt = openDoubt(entry.progress);
  return { events: [{ event: 'postponed', wait, ...(doubt && { doubt }) }], next: nothing('waiting') };
}

function claim({ claimant: { owner, now, leaseMs } }: DecisionContext): Decision {
  return { events: [{ event: 'claimed', owner, until: later(now, leaseMs) }], next: { step: 'call' } };
}

/**
 * A version that Button has only accepted (202), or has not answered, may be carried out late, and must not
 * undo a later one.
 */
function reasonToWait(
  { reported, progress }: LedgerEntry,
  { claimant, policy, isPaused }: DecisionContext,
): Wait | undefined {
  const now = claimant.now.toISOString();
  if (openDoubt(progress)?.kind === 'unclear')
    return { dueAt: later(claimant.now, policy.quietTimeMs), reason: 'newer_version' };
  const quietUntil = reported?.acceptedOnly ? later(new Date(reported.at), policy.quietTimeMs) : now;
  if (quietUntil > now) return { dueAt: quietUntil, reason: 'accepted_only' };
  return isPaused ? { dueAt: now, reason: 'breaker_open' } : undefined;
}

function hasPassed(instant: string, { claimant }: DecisionContext): boolean {
  return instant <= claimant.now.toISOString();
}
