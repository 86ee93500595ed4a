import { isSameValue } from '@button-serverless/validation/json';
import type { Failures, LedgerEntry, NewestVersion, OrderState } from './order-ledger.ts';

/** A customer as the Brand's orders name them: by one or both of these. */
export type BrandCustomer = { id?: string; emailSha256?: string };

/** Whether the ledger's data of an order names the customer. Pure. */
export function namesCustomer(state: OrderState, { id, emailSha256 }: BrandCustomer): boolean {
  if (!state.newest) return false;
  return [state.newest, state.heldVersion?.newest].some((version) => {
    const { id: ownId, email_sha256: ownHash } = version?.order?.customer ?? {};
    return (
      (id !== undefined && isSameValue(ownId, id)) ||
      (emailSha256 !== undefined && ownHash?.toLowerCase() === emailSha256.toLowerCase())
    );
  });
}

/**
 * An order without the customer, and without the texts of Button's answers, which may quote the customer.
 * What was reported to Button stays there: a later update omits the customer, which Button takes for no
 * change, and a message that names a customer again is no reason for an update. Pure.
 */
export function withoutCustomer<State extends LedgerEntry>(state: State): State {
  const { newest, heldVersion, failures } = state;
  return {
    ...state,
    newest: withoutBuyer(newest),
    ...(failures && { failures: { ...failures, last: failures.last.map(withoutText) } }),
    ...(heldVersion && { heldVersion: { ...heldVersion, newest: withoutBuyer(heldVersion.newest) } }),
  };
}

/**
 * Whether a settled or refused order that has not changed since an instant (milliseconds since 1970) still
 * names a customer. An order that waits to be reported, or whose state at Button is unknown, keeps its
 * customer. Pure.
 */
export function isCustomerExpired(state: OrderState, beforeMs: number): state is LedgerEntry {
  if (!state.newest) return false;
  const { newest, heldVersion, progress, reported } = state;
  const isOver = progress.state === 'settled' || progress.state === 'refused';
  const versions = heldVersion ? [newest, heldVersion.newest] : [newest];
  if (!isOver || versions.every(({ order }) => order?.customer === undefined)) return false;
  const changes = [reported?.at, ...versions.map(({ receivedAt, time }) => receivedAt ?? time)];
  return changes.every((at) => at === undefined || !(Date.parse(at) >= beforeMs));
}

function withoutText({ answer, ...failure }: Failures['last'][number]): Failures['last'][number] {
  if (!answer) return failure;
  const { message: _message, ...rest } = answer;
  return { ...failure, answer: rest };
}

function withoutBuyer(version: NewestVersion): NewestVersion {
  if (version.order?.customer === undefined) return version;
  const { customer: _customer, ...order } = version.order;
  return { ...version, order, customerErased: true };
}
