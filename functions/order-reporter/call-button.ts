import type { OrderApi } from '../../shared/button/order-api.ts';
import { openDoubt } from '../../shared/orders/rules/order-evolution.ts';
import { isStale, nextCall } from '../../shared/orders/rules/order-next-call.ts';
import { isUnconfirmed, type LedgerEntry } from '../../shared/orders/rules/order-ledger.ts';
import type { Absence } from './absent-order.ts';
import { notFound, refused, type CallEnd } from './call-end.ts';
import { cancelOrder } from './cancel-order.ts';
import { createOrder, type CreateOrder } from './create-order.ts';
import { readOrder } from './read-order.ts';
import { sendFound } from './send-found.ts';
import { updateOrder } from './update-order.ts';

/** What the calls need. */
export type CallButtonPorts = {
  api: OrderApi;
  now: Date;
  verifyBefore: string | undefined;
};

/**
 * Brings Button to the newest version of a claimed entry: with one call for a normal order, after a read if
 * something is unclear.
 *
 * Never throws for anything that Button or the network does.
 */
export async function callButton(entry: LedgerEntry, ports: CallButtonPorts): Promise<CallEnd> {
  const { api, now } = ports;
  const { order } = entry.newest;
  const next = nextCall(entry, ports.verifyBefore);
  if (next.call === 'cancel' || order === undefined) return cancelOrder({ entry, ...ports });
  const version = { entry, order, api, now };
  switch (next.call) {
    case 'create':
      return createOrder(version);
    case 'update':
      return updateOrder({ ...version, withToken: entry.tokenDue });
    case 'read-first':
      break;
  }
  const read = await readOrder(entry, api);
  switch (read.reading) {
    case 'failed':
      return read.end;
    case 'not-found': {
      const isInDoubt = openDoubt(entry.progress) !== undefined;
      return sendNotFound(version, read, { mayBeCreated: isInDoubt || isStale(entry, ports.verifyBefore) });
    }
    case 'anothers':
      return refused('order_id_taken');
    case 'found':
      return sendFound(version, read, next.trustsAmounts);
  }
}

/**
 * No read shows the order. An order that Button has acknowledged is updated, because reads may not accept
 * the brand's id although updates do. If Button has only accepted the order (202), and the list of its token
 * does not show it, nothing is sent: the list may show it within two hours. A new order that may have been
 * created is updated too, unless the list shows that Button does not hold it. If Button refuses that update
 * in any way (how it refuses an unknown id is not documented), the order is created. An order that was never
 * sent is created at once: an update could only meet another shop's order. After a refused read, an order
 * that may exist at Button, and that Button has not acknowledged, waits, because its id may lead to another
 * shop's.
 * `mayBeCreated`: an earlier create may have been carried out.
 */
async function sendNotFound(
  version: CreateOrder,
  { refused: refusedRead, ...absence }: Absence,
  { mayBeCreated }: { mayBeCreated: boolean },
): Promise<CallEnd> {
  const { entry, now } = version;
  // A list shows no order that was sent before its token was known.
  const isProvedByList = absence.isUnlisted && !entry.tokenDue;
  if (entry.reported) {
    if (isUnconfirmed(entry) && (refusedRead || isProvedByList)) return refusedRead ?? notFound(entry, now);
    return updateOrder({ ...version, isLookedUp: true, withToken: entry.tokenDue });
  }
  if (mayBeCreated && refusedRead) return refusedRead;
  if (isProvedByList || !mayBeCreated) return createOrder(version);
  const update = await updateOrder({ ...version, isLookedUp: true, withToken: true });
  const { result } = update;
  const isRefused = result.result === 'refused' || ('reason' in result && result.reason === 'forbidden');
  return isRefused ? createOrder(version) : update;
}
