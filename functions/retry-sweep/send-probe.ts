import { takeProbe, type Breaker } from '../../shared/orders/rules/breaker.ts';
import { messageDeduplicationId, messageGroupId } from '@button-serverless/validation/orders';
import { PROBE_MESSAGE, retryMessage } from '../../shared/orders/rules/retry-message.ts';
import type { Versioned } from '../../shared/dynamodb/versioned-item.ts';
import { measureAge } from './measure-age.ts';
import type { SweepPorts } from './sweep-ports.ts';

/** The probe is chosen among this number of the latest due orders. */
const CANDIDATES = 10;

/**
 * Sends the probe of an open breaker if it is due: the latest order that has not failed yet, or a harmless
 * read if there is none. An order that failed before may be one on which Button always fails, and the orders
 * that arrived with it may be of the same class.
 *
 * The probe has its own message group: the order's group may be blocked by a message that waits to be
 * received again. The ledger keeps two runs from working on one order. If two sweeps run at once, the one
 * that moves the time of the next probe sends it. Returns how many retry messages were sent.
 */
export async function sendProbe(stored: Versioned<Breaker>, ports: SweepPorts): Promise<number> {
  const { ledger, breaker, send, now } = ports;
  measureAge(await ledger.listDue(now(), 1), ports, stored.value.resumedAt);
  const taken = takeProbe(stored.value, now());
  if (!taken) return 0;
  const latest = await ledger.listDue(now(), CANDIDATES, { latestFirst: true });
  const { ok: written } = await breaker.write(taken, stored.revision);
  if (!written) return 0;
  const order = latest.find(({ attempts }) => attempts === 0);
  const name = `probe ${now().toISOString()}`;
  await send([
    {
      body: order ? retryMessage({ orderId: order.orderId, isProbe: true }) : PROBE_MESSAGE,
      groupId: messageGroupId(name),
      deduplicationId: messageDeduplicationId({ source: 'retry-sweep', id: name }),
    },
  ]);
  return order ? 1 : 0;
}
