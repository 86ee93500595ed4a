import type { Position } from '../../reconciliation/rules/position.ts';
import type { Transaction, TransactionRecord } from '@button-serverless/validation/webhooks';

type Delivery = TransactionRecord['delivery'];

/**
 * Whether consumers may reward a transaction that the table does not know yet: `historical` if it was created
 * before this system took over, because an older system may have rewarded it. Pure.
 *
 * It depends on the creation, never on the last change: a transaction that the older system rewarded must not
 * be rewarded again because it changes later (docs/decisions/0012-historical-by-creation.md). `cutOverAt` is
 * an ISO 8601 instant; without one, everything is live. What was created in the second of the cut-over is
 * live: rows of the API have no milliseconds.
 */
export function deliveryOf(
  { createdDate }: Pick<Transaction, 'createdDate'>,
  cutOverAt: string | null | undefined,
): Delivery {
  const isOlder = typeof cutOverAt === 'string' && secondOf(createdDate) < secondOf(cutOverAt);
  return isOlder ? 'historical' : 'live';
}

/** Versions of one purchase, and whether it is live. */
type Aged = { delivery: Delivery; seen: readonly { transaction: Pick<Transaction, 'createdDate'> }[] };

/**
 * Whether a record is live once further versions of its purchase are known. Pure.
 *
 * A purchase is as old as the first of its creation dates, because each of Button's ids of an order has a
 * date of its own. It is historical if any of them was created before the cut-over, whichever arrived first.
 * Only an earlier date than the known ones makes a live record historical. What is known already never does:
 * not with a later setting, not in a backfill, and not if the mark of the deployment was lost and written
 * again. Nothing makes a historical record live.
 */
export function joinDeliveries(record: Aged, other: Aged): Delivery {
  const isOlder = other.delivery === 'historical' && firstCreated(other) < firstCreated(record);
  return isOlder ? 'historical' : record.delivery;
}

function firstCreated({ seen }: Aged): number {
  return Math.min(...seen.map(({ transaction }) => secondOf(transaction.createdDate)));
}

function secondOf(instant: string): number {
  return Math.floor(Date.parse(instant) / 1000);
}

/**
 * When this system took over from the older one, for a stream. A backfill says itself what new transactions
 * are. For every other stream it is the configured instant, or else the one of the deployment. Pure.
 */
export function cutOverAt(
  { stream, historicalBefore }: Pick<Position, 'stream' | 'historicalBefore'>,
  liveFrom: string | undefined,
): string | null {
  return stream.startsWith('backfill-') ? historicalBefore : (liveFrom ?? historicalBefore);
}
