import type { OrderApi } from '../../shared/button/order-api.ts';
import { openDoubt } from '../../shared/orders/rules/order-evolution.ts';
import { isStale, nextCall } from '../../shared/orders/rules/order-next-call.ts';
import { isUnconfirmed, type LedgerEntry } from '../../shared/orders/rules/order-ledger.ts';
import { notFound, type CallEnd } from './call-end.ts';
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
 * Brings Button to the newest version of a claimed entry: one call for a normal order, a read before it where
 * something is unclear.
 *
 * Never throws for what Button or the network does.
 */
export async function callButton(entry: LedgerEntry, ports: CallButtonPorts): Promise<CallEnd> {
  const { api, now } = ports;
  const { order } = entry.newest;
  const next = nextCall(entry, ports.verifyBefore);
  if (next.call === 'cancel' || order === undefined) return cancelOrder({ entry, api, now });
  const version = { entry, order, api, now };
  switch (next.call) {
    case 'create':
      return createOrder(version);
    case 'update':
      return updateOrder({ ...version, ...lateToken(entry) });
    case 'read-first':
      break;
  }
  const read = await readOrder(entry, api);
  switch (read.reading) {
    case 'failed':
      return read.end;
    case 'not-found': {
      const isInDoubt = openDoubt(entry.progress) !== undefined;
      const mayBeCreated = isInDoubt || isStale(entry, ports.verifyBefore);
      return sendUnread(version, { byToken: read.byToken, mayBeCreated });
    }
    case 'found':
      return sendFound(version, read, next.trustsAmounts);
  }
}

/** Only an update with it can bring a token that became known after the create. */
function lateToken({ btnRef, tokenDue }: LedgerEntry): { btnRef: string | undefined } {
  return { btnRef: tokenDue ? btnRef : undefined };
}

/** How the reads that found nothing were made, and why. */
type Search = {
  /** The order was looked for by its token too. */
  byToken: boolean;
  /** A create may have been carried out before. */
  mayBeCreated: boolean;
};

/**
 * No read shows the order. What Button has acknowledged is updated: reads may not take the brand's id where
 * updates do. What it has only accepted may be shown by its token later. So is a new order that may have been
 * created and was not looked for by a token. Whatever Button says against that update (how it refuses an id
 * that it does not know is not documented), the order is created then. An order that was never sent is
 * created at once: what an update met could only be another's.
 */
async function sendUnread(version: CreateOrder, { byToken, mayBeCreated }: Search): Promise<CallEnd> {
  const { entry, now } = version;
  if (entry.reported && byToken && isUnconfirmed(entry)) return notFound(entry, now);
  if (entry.reported) return updateOrder({ ...version, isLookedUp: true, ...lateToken(entry) });
  if (byToken || !mayBeCreated) return createOrder(version);
  const update = await updateOrder({ ...version, isLookedUp: true, btnRef: entry.btnRef });
  const { result } = update;
  const isRefused = result.result === 'refused' || ('reason' in result && result.reason === 'forbidden');
  return isRefused ? createOrder(version) : update;
}
