import type { QuarantineSummary } from '../../shared/quarantine/quarantine-review.ts';
import type { QuarantineReason } from '../../shared/quarantine/quarantine-store.ts';

/** The entries of a kind that were refused for one reason; an entry of several reasons counts under each. */
export type ReasonGroup = {
  reason: string;
  count: number;
  /** When the first and the last of them were refused, ISO 8601 UTC. */
  from: string;
  to: string;
  /** The latest of them, with what was wrong with it. */
  example: { id: string; orderId?: string } & Omit<QuarantineReason, 'code'>;
};

/** Entries by the code of each reason, the most frequent first. Pure. */
export function groupByReason(entries: readonly QuarantineSummary[]): ReasonGroup[] {
  const named = entries.flatMap((entry) =>
    // A rule may be broken in several places of one message.
    [...new Map(entry.reasons.map((reason) => [reason.code, reason])).values()].map((reason) => ({
      entry,
      reason,
    })),
  );
  const groups = Map.groupBy(named, ({ reason }) => reason.code);
  return [...groups]
    .map(([code, found]) => groupOf(code, found))
    .sort((one, other) => other.count - one.count || (one.reason < other.reason ? -1 : 1));
}

function groupOf(
  code: string,
  found: readonly { entry: QuarantineSummary; reason: QuarantineReason }[],
): ReasonGroup {
  const byTime = found.toSorted(({ entry: one }, { entry: other }) =>
    one.refusedAt < other.refusedAt ? -1 : 1,
  );
  const latest = byTime.at(-1);
  const { code: _code, ...reason } = latest?.reason ?? { code, problem: '' };
  const { id = '', orderId } = latest?.entry ?? {};
  return {
    reason: code,
    count: found.length,
    from: byTime[0]?.entry.refusedAt ?? '',
    to: latest?.entry.refusedAt ?? '',
    example: { id, ...(orderId !== undefined && { orderId }), ...reason },
  };
}
