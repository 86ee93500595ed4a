import type { QuarantineReview, QuarantineSummary } from '../shared/store/quarantine-review.ts';

/** Which entries of a kind are meant. */
export type EntryFilter = {
  /** Only those refused for a reason with this code. */
  reason?: string | undefined;
  /** Only those refused at this instant or later, ISO 8601 UTC. */
  since?: string | undefined;
  /** Also those that have been replayed. */
  withReplayed: boolean;
};

const PAGE_SIZE = 100;

/** The entries that are meant, `limit` of them at most; `more` if there are others behind those. Throws if the table cannot be reached. */
export async function findEntries(
  review: Pick<QuarantineReview, 'list'>,
  kind: string,
  { limit, ...filter }: EntryFilter & { limit: number },
): Promise<{ entries: QuarantineSummary[]; more: boolean }> {
  const entries: QuarantineSummary[] = [];
  let nextPage: string | undefined;
  do {
    const page = await review.list(kind, {
      pageSize: PAGE_SIZE,
      ...(nextPage === undefined ? {} : { nextPage }),
    });
    for (const entry of page.entries.filter((found) => isMeant(found, filter))) {
      if (entries.length === limit) return { entries, more: true };
      entries.push(entry);
    }
    ({ nextPage } = page);
  } while (nextPage !== undefined);
  return { entries, more: false };
}

function isMeant(
  { reasons, refusedAt, replayedAt }: QuarantineSummary,
  { reason, since, withReplayed }: EntryFilter,
): boolean {
  if (!withReplayed && replayedAt !== undefined) return false;
  if (since !== undefined && refusedAt < since) return false;
  return reason === undefined || reasons.some(({ code }) => code === reason);
}
