import type { QuarantineReview, QuarantineSummary } from '../shared/quarantine/quarantine-review.ts';

/** Which entries of a kind to find. */
export type EntryFilter = {
  /** Only those refused for a reason with this code. */
  reason?: string | undefined;
  /** Only those refused at this instant or later, ISO 8601 UTC. */
  since?: string | undefined;
  /** Also those that have been replayed. */
  withReplayed: boolean;
};

const PAGE_SIZE = 100;

/**
 * The matching entries, the newest first, at most `limit`; `more` if there are further ones. Reads every
 * entry of the kind, because the table is not ordered by time. Throws if the table cannot be reached.
 */
export async function findEntries(
  review: Pick<QuarantineReview, 'list'>,
  kind: string,
  { limit, ...filter }: EntryFilter & { limit: number },
): Promise<{ entries: QuarantineSummary[]; more: boolean }> {
  const entries = await listAll(review, kind, filter);
  return { entries: entries.toReversed().slice(0, limit), more: entries.length > limit };
}

/**
 * The matching entries, the oldest first and each order's together, at most `limit`. An order's entries are
 * not separated, unless there are more of them than `limit`: a replay needs all of them to send them in
 * version order.
 */
export async function findWholeOrders(
  review: Pick<QuarantineReview, 'list'>,
  kind: string,
  { limit, ...filter }: EntryFilter & { limit: number },
): Promise<{ entries: QuarantineSummary[]; more: boolean }> {
  const all = await listAll(review, kind, filter);
  const entries: QuarantineSummary[] = [];
  for (const ofOrder of Map.groupBy(all, ({ id, orderId }) => orderId ?? `entry ${id}`).values()) {
    if (entries.length > 0 && entries.length + ofOrder.length > limit) break;
    entries.push(...ofOrder);
  }
  return { entries: entries.slice(0, limit), more: Math.min(entries.length, limit) < all.length };
}

/** The oldest first. */
async function listAll(
  review: Pick<QuarantineReview, 'list'>,
  kind: string,
  filter: EntryFilter,
): Promise<QuarantineSummary[]> {
  const entries: QuarantineSummary[] = [];
  let nextPage: string | undefined;
  do {
    const page = await review.list(kind, {
      pageSize: PAGE_SIZE,
      ...(nextPage === undefined ? {} : { nextPage }),
    });
    entries.push(...page.entries.filter((found) => isMeant(found, filter)));
    ({ nextPage } = page);
  } while (nextPage !== undefined);
  return entries.sort((one, other) => (one.refusedAt < other.refusedAt ? -1 : 1));
}

function isMeant(
  { reasons, refusedAt, replayedAt }: QuarantineSummary,
  { reason, since, withReplayed }: EntryFilter,
): boolean {
  if (!withReplayed && replayedAt !== undefined) return false;
  if (since !== undefined && refusedAt < since) return false;
  return reason === undefined || reasons.some(({ code }) => code === reason);
}

/** How many entries of a kind wait to be fixed; counts up to `most`, and says if there are `more`. */
export async function countWaiting(
  review: Pick<QuarantineReview, 'list'>,
  kind: string,
  most: number,
): Promise<{ count: number; more: boolean }> {
  let count = 0;
  let nextPage: string | undefined;
  do {
    const page = await review.list(kind, {
      pageSize: PAGE_SIZE,
      ...(nextPage === undefined ? {} : { nextPage }),
    });
    count += page.entries.filter((entry) => isMeant(entry, { withReplayed: false })).length;
    ({ nextPage } = page);
  } while (nextPage !== undefined && count <= most);
  return { count: Math.min(count, most), more: count > most };
}
