import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { groupByReason } from '../../../ops/fix/reason-groups.ts';
import type { QuarantineSummary } from '../../../shared/quarantine/quarantine-review.ts';

function entry(id: string, refusedAt: string, codes: readonly string[]): QuarantineSummary {
  const reasons = codes.map((code) => ({ code, path: `$.${code}`, problem: `It is ${code}.` }));
  return {
    kind: 'order#acme',
    id,
    reasons,
    refusedAt,
    origin: 'queue',
    refusals: 1,
    replays: 0,
    orderId: `o-${id}`,
  };
}

describe('the entries of the quarantine, by reason', () => {
  it('count an entry once under each of its codes, and show the latest with its problem', () => {
    const groups = groupByReason([
      entry('2', '2026-01-02T00:00:00.000Z', ['total_not_sum']),
      entry('1', '2026-01-01T00:00:00.000Z', ['total_not_sum', 'total_not_sum', 'blank']),
    ]);

    expect(groups).toEqual([
      {
        reason: 'total_not_sum',
        count: 2,
        from: '2026-01-01T00:00:00.000Z',
        to: '2026-01-02T00:00:00.000Z',
        example: { id: '2', orderId: 'o-2', path: '$.total_not_sum', problem: 'It is total_not_sum.' },
      },
      expect.objectContaining({
        reason: 'blank',
        count: 1,
        example: expect.objectContaining({ id: '1' }) as object,
      }),
    ]);
  });

  it('leave no entry out and invent none, the most frequent first', () => {
    const entries = fc.array(
      fc.tuple(
        fc.date({ noInvalidDate: true, min: new Date('2026-01-01'), max: new Date('2027-01-01') }),
        fc.uniqueArray(fc.constantFrom<string>('a', 'b', 'c'), { minLength: 1 }),
      ),
    );
    fc.assert(
      fc.property(entries, (given) => {
        const summaries = given.map(([at, codes], index) => entry(String(index), at.toISOString(), codes));
        const groups = groupByReason(summaries);
        const counts = groups.map(({ count }) => count);

        expect(counts).toEqual(counts.toSorted((one, other) => other - one));
        for (const { reason, count, from, to } of groups) {
          const own = given.filter(([, codes]) => codes.includes(reason)).map(([at]) => at.toISOString());
          expect({ count, from, to }).toEqual({
            count: own.length,
            from: own.toSorted()[0],
            to: own.toSorted().at(-1),
          });
        }
        expect(new Set(groups.map(({ reason }) => reason))).toEqual(
          new Set(given.flatMap(([, codes]) => codes)),
        );
      }),
    );
  });
});
