import { mayBeOwn } from '../../shared/orders/rules/breaker.ts';
import type { LedgerEvent } from '../../shared/orders/rules/order-evolution.ts';
import { evolveAll, hasFailed } from '../../shared/orders/rules/order-evolution.ts';
import type { LedgerEntry, OrderState } from '../../shared/orders/rules/order-ledger.ts';
import {
  settle,
  type Settlement,
  type SettlementContext,
} from '../../shared/orders/rules/order-settlement.ts';
import { RetryableError } from '../../shared/runtime/errors.ts';
import type { QuarantineReason } from '../../shared/quarantine/quarantine-store.ts';
import type { Versioned } from '../../shared/dynamodb/versioned-item.ts';
import { VERSION_REASONS } from '../../shared/orders/version-reasons.ts';
import { callButton } from './call-button.ts';
import { ended, type CallEnd } from './call-end.ts';
import { failingReason, refuseVersion, TOKEN_NOT_TAKEN } from './keep-refused.ts';
import { measureTry, measureWrite } from './measure-reports.ts';
import type { OrderOutcome, Work } from './ports.ts';

const MAX_RACES = 5;

/** Calls Button about a claimed version, and records the end of the calls in the ledger. */
export async function reportClaimed(claimed: Versioned<LedgerEntry>, work: Work): Promise<OrderOutcome> {
  const { isProbe, ports } = work;
  const { orderApi, now, verifyBefore } = ports;
  const askedAt = now();
  const called: CallEnd =
    typeof orderApi === 'string'
      ? ended({ result: 'try-again', reason: orderApi })
      : await callButton(claimed.value, { api: orderApi, now: askedAt, verifyBefore });
  const end = await blameOrder(called, claimed.value, work);
  const { result } = end;
  const isKept = await settleClaim(claimed, end, work);
  measureTry(claimed.value, result, ports);
  const { orderId, progress } = claimed.value;
  const hasWaited = 'retryAt' in progress;
  const isFirstFailure = !hasFailed(claimed.value);
  await ports.breaker.record(result, { orderId, isFirstFailure, hasWaited, isProbe, askedAt });
  if (result.result === 'done') return 'reported';
  return isKept ? 'quarantined' : 'waiting';
}

/**
 * If one order keeps getting a 401 or a 429 while Button accepts others, the fault is the order's: it says
 * nothing about the key or the rate.
 */
async function blameOrder(end: CallEnd, claimed: LedgerEntry, { isProbe, ports }: Work): Promise<CallEnd> {
  const { result } = end;
  const { orderId, attempts, newest } = claimed;
  const tries = attempts || Number(hasFailed(claimed));
  if (result.result === 'done' || result.result === 'refused') return end;
  if (isProbe || !mayBeOwn(result, tries)) return end;
  const since = newest.receivedAt ?? newest.time;
  const isOwn = await ports.breaker.isWellSince(since, orderId);
  return isOwn ? { ...end, result: { ...result, blamesOrder: true } } : end;
}

/**
 * If another writer was faster, a newer version has arrived: the order stays due, and the ledger keeps
 * Button's answer beside the new version. A refused version goes to quarantine before the ledger says that it
 * was refused. The entry is written again if what arrived meanwhile adds a reason. Returns whether a version
 * went to quarantine.
 */
async function settleClaim(
  claimed: Versioned<LedgerEntry>,
  { result, refusal }: CallEnd,
  work: Work,
): Promise<boolean> {
  const { ledger } = work.ports;
  const context = await settlementContext(claimed.value, { result, refusal }, work);
  let current: Versioned<OrderState> = claimed;
  let kept = 0;
  for (let race = 0; race < MAX_RACES; race += 1) {
    const { value, revision } = current;
    const isOurs = value.newest !== undefined && isClaimOf(claimed.value, value);
    const settlement: Settlement = isOurs
      ? settle({ claimed: claimed.value, current: value }, result, context)
      : { events: [] };
    const reasons = reasonsToKeep(refusal, settlement, { claimed: claimed.value, current: value });
    if (reasons.length > kept) {
      await refuseVersion(claimed.value, reasons, work);
      kept = reasons.length;
    }
    const { events } = settlement;
    if (!isOurs) return kept > 0;
    const settled = evolveAll(value, events);
    const written = await ledger.write(settled, revision);
    if (written.ok) {
      measureWrite({ before: value, after: settled, events }, work.ports);
      return kept > 0;
    }
    current = written.current;
  }
  throw new RetryableError('Too many writers at one order');
}

function reasonsToKeep(
  refusal: QuarantineReason | undefined,
  { events, keep }: Settlement,
  { claimed, current }: { claimed: LedgerEntry; current: OrderState },
): QuarantineReason[] {
  const isTokenRefused = events.some(({ event }: LedgerEvent) => event === 'token-refused');
  const after = evolveAll(current, events);
  // It arrived during the call.
  const doesTokenWait = after.progress?.state === 'refused' && after.tokenDue && !claimed.tokenDue;
  return [
    ...(refusal ? [refusal] : []),
    ...(keep ? [failingReason(keep.code, keep.failures)] : []),
    ...(isTokenRefused ? [TOKEN_NOT_TAKEN] : []),
    ...(doesTokenWait ? [VERSION_REASONS.btn_ref_waits] : []),
  ];
}

/** While the breaker is open, a failure says nothing about the order that was tried. */
async function settlementContext(
  { orderId }: LedgerEntry,
  { result }: CallEnd,
  { isProbe, ports }: Work,
): Promise<SettlementContext> {
  const { now, policy, breaker } = ports;
  const isFailure = result.result === 'try-again' || result.result === 'unclear';
  const isStopped = isFailure && (isProbe || (await breaker.isOpen()));
  const comparison = breaker.othersSucceed(orderId) ? 'yes' : 'unknown';
  return { now: now(), policy, othersSucceed: isStopped ? 'no' : comparison };
}

/**
 * Once the lease has expired, another run may have taken the claim: the result is in doubt, and that run
 * reads from Button.
 */
function isClaimOf(claimed: LedgerEntry, current: LedgerEntry): boolean {
  const [mine, theirs] = [claimed.progress, current.progress];
  return (
    mine.state === 'claimed' &&
    theirs.state === 'claimed' &&
    mine.owner === theirs.owner &&
    mine.until === theirs.until
  );
}
