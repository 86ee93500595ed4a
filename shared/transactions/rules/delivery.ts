import { toSecond, type Position } from '../../reconciliation/rules/position.ts';
import type { Transaction } from '@button-serverless/validation/webhooks';

/**
 * Whether consumers may reward a transaction that the table does not know yet: `historical` if it was created
 * before this system took over, because an older system may have rewarded it. Pure.
 *
 * It depends on the creation, never on the last change: a transaction that the older system rewarded must not
 * be rewarded again because it changes later (docs/decisions/0012-historical-by-creation.md). `cutOverAt` is
 * an ISO 8601 instant; without one, everything is live.
 */
export function deliveryOf(
  { createdDate }: Pick<Transaction, 'createdDate'>,
  cutOverAt: string | null | undefined,
): 'live' | 'historical' {
  const isOlder = typeof cutOverAt === 'string' && Date.parse(createdDate) < Date.parse(cutOverAt);
  return isOlder ? 'historical' : 'live';
}

/**
 * A transaction created in the second of the deployment is live: rows of the API have no milliseconds. Pure.
 */
export function firstSecondOf(deployedAt: string): string {
  return toSecond(Date.parse(deployedAt));
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
