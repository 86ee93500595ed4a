import type { QuarantineReview } from '../shared/quarantine/quarantine-review.ts';
import { findWholeOrders, type EntryFilter } from './quarantine-entries.ts';
import { UsageError } from './usage-error.ts';

/** The options by which entries are chosen, beside naming them one by one. */
export const CHOICE_OPTIONS = {
  all: { type: 'boolean' },
  reason: { type: 'string' },
  since: { type: 'string' },
  limit: { type: 'string' },
  rate: { type: 'string' },
} as const;

/** Named entries, or all of them. */
export type Choice = Omit<EntryFilter, 'withReplayed'> & {
  arguments: readonly string[];
  all: boolean;
  limit: number;
};

/**
 * The ids of the chosen entries; `missing` are named ones that do not exist. With `all`, only entries that
 * were never replayed, so that a second run continues where the first stopped.
 *
 * Throws a `UsageError` if nothing valid is chosen.
 */
export async function chooseEntries(
  review: Pick<QuarantineReview, 'list' | 'read'>,
  kind: string,
  { arguments: named, all, ...filter }: Choice,
): Promise<{ ids: string[]; missing: string[]; more: boolean }> {
  if (all === named.length > 0) throw new UsageError('Name entries, or use --all, but not both.');
  if (all) {
    const { entries, more } = await findWholeOrders(review, kind, { ...filter, withReplayed: false });
    return { ids: entries.map(({ id }) => id), missing: [], more };
  }
  const ids: string[] = [];
  const missing: string[] = [];
  for (const id of new Set(named)) {
    const isThere = (await review.read(kind, id)) !== undefined;
    (isThere ? ids : missing).push(id);
  }
  return { ids, missing, more: false };
}
