import {
  purchaseOf,
  TOKEN_WARNINGS,
  type Doubt,
  type FailedAnswer,
  type Failures,
  type HeldVersion,
  type NewestVersion,
  type LedgerEntry,
  type OrderState,
  type Progress,
  type Purchase,
  type ReportedVersion,
  type UnknownOrder,
} from './order-ledger.ts';

/** When the next try is due (ISO 8601 UTC), and why the order waits for it. */
export type Wait = { dueAt: string; reason: string };

/** A failed try for which the order itself may be the cause. `at` is ISO 8601 UTC. */
export type Failure = { at: string; reason: string; answer?: FailedAnswer };

/** The events of an order: its state in the ledger changes only through them. */
export type LedgerEvent =
  /** A message brought the order's token. */
  | { event: 'token-noted'; btnRef: string }
  /** A message that a cancellation had overtaken brought the order's purchase. */
  | { event: 'purchase-noted'; purchase: Purchase }
  /** A message brought another token than the order's. */
  | { event: 'other-token-seen' }
  /** Button showed the order without its token. */
  | { event: 'token-missing' }
  /** Button holds an order of this id that no read has shown to be this one. */
  | { event: 'id-taken' }
  /** A message brought a version that is now the newest. */
  | { event: 'version-accepted'; newest: NewestVersion; warnings: readonly string[] }
  /** A version waits for the end of a cancellation. */
  | ({ event: 'version-held' } & HeldVersion)
  /** Earlier tries do not count any more. */
  | { event: 'started-over' }
  /** A run reports the newest version until `until` at the latest. */
  | { event: 'claimed'; owner: string; until: string }
  /** A version arrived while a run reports the previous one: if that run dies, the sweep has to find it. */
  | { event: 'claim-watched' }
  /** The newest version is tried again later; with a doubt, it is read from Button first. */
  | { event: 'postponed'; wait: Wait; doubt?: Doubt }
  /** A try failed. */
  | { event: 'try-failed'; isLookUp: boolean; failure?: Failure }
  /** Button fails on this order only: since `since` it has been in quarantine, and is tried once a day. */
  | { event: 'found-failing'; since: string; wait: Wait; doubt?: Doubt }
  /** Button acknowledged a version, or was found to hold it. */
  | { event: 'reported'; reported: ReportedVersion; tokenTaken: boolean }
  /** Button holds the newest version, and nothing is in doubt. */
  | { event: 'settled' }
  /** Button does not accept the token that became known late. */
  | { event: 'token-refused' }
  /** Button's answer about the newest version is final, or somebody gave up the version. */
  | { event: 'refused'; reason: string; doubt?: Doubt };

/** How many of the last failures are kept. */
const KEPT_FAILURES = 3;

/**
 * The state after an event. Pure and total: without a known version, an event about a version changes
 * nothing.
 */
export function evolve(state: OrderState, event: LedgerEvent): OrderState {
  switch (event.event) {
    case 'token-noted':
      return noteToken(state, event.btnRef);
    case 'version-accepted': {
      const { newest, warnings } = event;
      if (!state.newest) return begin(state, newest, warnings);
      const { heldVersion: _held, ...rest } = state;
      return { ...rest, newest, warnings: [...new Set([...warnings, ...tokenWarnings(state)])] };
    }
    default:
      return state.newest ? evolveReport(state, event) : state;
  }
}

type EventAboutVersion = Exclude<LedgerEvent, { event: 'token-noted' | 'version-accepted' }>;

function evolveReport(entry: LedgerEntry, event: EventAboutVersion): LedgerEntry {
  switch (event.event) {
    case 'version-held': {
      const { event: _held, ...heldVersion } = event;
      return { ...entry, heldVersion };
    }
    case 'purchase-noted':
      return { ...entry, newest: { ...entry.newest, cancels: event.purchase } };
    case 'token-missing':
      return { ...entry, tokenDue: true };
    case 'id-taken':
      return { ...entry, isIdTaken: true };
    case 'other-token-seen':
      return warn(entry, TOKEN_WARNINGS.another);
    case 'started-over':
      return startOver(entry);
    case 'claimed': {
      const sent = entry.sent ?? purchaseOf(entry.newest);
      return { ...entry, ...(sent && { sent }), progress: claim(entry, event) };
    }
    case 'claim-watched':
      return { ...entry, progress: watch(entry.progress) };
    case 'postponed':
      return { ...entry, progress: postpone(event) };
    case 'try-failed':
      return countTry(entry, event);
    case 'found-failing': {
      const { since, wait, doubt } = event;
      const progress: Progress = { state: 'failing', ...wait, ...(doubt && { doubt }) };
      return { ...entry, failingSince: since, progress };
    }
    case 'reported': {
      const { hasFailedBefore: _past, isIdTaken: _other, ...known } = startOver(entry);
      const { tokenDue, heldVersion, ...rest } = known;
      const isTokenDue = tokenDue && !event.tokenTaken;
      const isStillDue = heldVersion?.newest.hash !== event.reported.hash;
      return {
        ...rest,
        ...(isTokenDue && { tokenDue }),
        ...(heldVersion && isStillDue && { heldVersion }),
        reported: event.reported,
      };
    }
    case 'settled': {
      const { heldVersion: _held, ...rest } = entry;
      // A finished cancellation needs nothing from before it.
      const { cancels: _confirmed, latestKnown: _before, ...newest } = rest.newest;
      return { ...rest, newest, progress: { state: 'settled' } };
    }
    case 'token-refused': {
      const { tokenDue: _due, ...rest } = entry;
      return warn(rest, TOKEN_WARNINGS.notTaken);
    }
    case 'refused': {
      const { event: _refused, ...why } = event;
      return { ...startOver(entry), progress: { state: 'refused', ...why } };
    }
  }
}

/** No call is in progress for a version that has just arrived. */
function begin(order: UnknownOrder, newest: NewestVersion, warnings: readonly string[]): LedgerEntry {
  return { ...order, newest, progress: { state: 'settled' }, attempts: 0, warnings };
}

/** The state after several events, in their order. Pure. */
export function evolveAll(state: OrderState, events: readonly LedgerEvent[]): OrderState {
  return events.reduce<OrderState>(evolve, state);
}

/** The doubt that the next run has to resolve first. Pure. */
export function openDoubt(progress: Progress): Doubt | undefined {
  return 'doubt' in progress ? progress.doubt : undefined;
}

/** Whether an earlier call that sent the newest version may have been carried out. Pure. */
export function mayBeDone({ newest, progress }: LedgerEntry): boolean {
  return openDoubt(progress)?.hash === newest.hash;
}

/** Whether a cancellation was refused only because no read could confirm it: a person has to decide. Pure. */
export function isCancellationUnconfirmed({ reason }: { reason: string }): boolean {
  return reason === 'cancellation_unconfirmed';
}

/** Whether Button has acknowledged the newest version, and no other can have replaced it since. Pure. */
export function isReported({ newest, reported, progress }: LedgerEntry): boolean {
  const doubt = openDoubt(progress);
  const isReplaced = doubt !== undefined && (doubt.hash !== newest.hash || doubt.amongOthers === true);
  return newest.hash === reported?.hash && !isReplaced;
}

/** Whether Button may hold the order, or may be about to. Pure. */
export function mayBeAtButton({ newest, progress, reported }: OrderState): boolean {
  if (!newest) return false;
  return progress.state === 'claimed' || openDoubt(progress) !== undefined || reported !== undefined;
}

/**
 * A call that may have been carried out by now was sent without the token. From now on, a cancellation of an
 * order of which nothing else is known can be told from that of another shop's order.
 */
function noteToken(state: OrderState, btnRef: string): OrderState {
  if (!state.newest) return { ...state, btnRef };
  const { reported, newest } = state;
  const warnings = state.warnings.filter((code) => code !== TOKEN_WARNINGS.notTaken);
  const due: Pick<LedgerEntry, 'tokenDue'> = mayBeAtButton(state) ? { tokenDue: true } : {};
  const isUnknown = newest.kind === 'cancelled' && !reported;
  return { ...state, btnRef, warnings, ...due, newest: isUnknown ? { cancels: {}, ...newest } : newest };
}

function tokenWarnings({ warnings }: LedgerEntry): string[] {
  const codes: string[] = Object.values(TOKEN_WARNINGS);
  return warnings.filter((code) => codes.includes(code));
}

function warn(entry: LedgerEntry, code: string): LedgerEntry {
  return { ...entry, warnings: [...new Set([...entry.warnings, code])] };
}

/** Whether the order has failed since its last success, in any version. Pure. */
export function hasFailed({ attempts, hasFailedBefore }: LedgerEntry): boolean {
  return attempts > 0 || hasFailedBefore === true;
}

function startOver(entry: LedgerEntry): LedgerEntry {
  const { failures: _failures, failingSince: _since, failedLookUps: _lookUps, ...rest } = entry;
  return { ...rest, attempts: 0, ...(hasFailed(entry) && { hasFailedBefore: true }) };
}

/** A claim on the newest version; a version in doubt stays in doubt until the run is over. */
function claim(
  { newest, progress }: LedgerEntry,
  { owner, until }: { owner: string; until: string },
): Progress {
  const doubt = openDoubt(progress);
  const isRetry = progress.state !== 'settled' && progress.state !== 'refused';
  return {
    state: 'claimed',
    owner,
    until,
    hash: newest.hash,
    ...(doubt && { doubt }),
    ...(isRetry && { retryAt: until }),
  };
}

function watch(progress: Progress): Progress {
  return progress.state === 'claimed' ? { ...progress, retryAt: progress.until } : progress;
}

function postpone({ wait, doubt }: { wait: Wait; doubt?: Doubt }): Progress {
  return doubt ? { state: 'in-doubt', ...wait, doubt } : { state: 'waiting', ...wait };
}

function countTry(entry: LedgerEntry, event: { isLookUp: boolean; failure?: Failure }): LedgerEntry {
  const { attempts, failedLookUps = 0, failures } = entry;
  const { failure, isLookUp } = event;
  return {
    ...entry,
    attempts: attempts + 1,
    ...(isLookUp && { failedLookUps: failedLookUps + 1 }),
    ...(failure && { failures: addFailure(failures, failure) }),
  };
}

function addFailure(failures: Failures | undefined, failure: Failure): Failures {
  const { count, since, last } = failures ?? { count: 0, since: failure.at, last: [] };
  return { count: count + 1, since, last: [...last, failure].slice(-KEPT_FAILURES) };
}
