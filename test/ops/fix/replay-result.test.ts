import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { awaitReplay } from '../../../ops/fix/await-replay.ts';
import { jsonDifferences } from '../../../ops/fix/json-difference.ts';
import { replayResult, type Stored } from '../../../ops/fix/replay-result.ts';
import { PROGRESS_STATES, sampleEntry } from '../timeline/samples.ts';

const ENTRY = { id: 'm-1', refusals: 1 };
const BEFORE: Stored = { entry: ENTRY, order: undefined };

function withOrder(progress: (typeof PROGRESS_STATES)[number], replayOf: string, revision = 1): Stored {
  const entry = sampleEntry(progress);
  return { entry: ENTRY, order: { value: { ...entry, newest: { ...entry.newest, replayOf } }, revision } };
}

describe('the result of a replay', () => {
  it('waits until something about it is stored', () => {
    expect(replayResult(BEFORE, BEFORE)).toEqual({ result: 'waits', reason: 'on the queue' });
    const other = withOrder({ state: 'settled' }, 'm-other');
    expect(replayResult(BEFORE, other)).toMatchObject({ result: 'waits' });
    const old = withOrder({ state: 'settled' }, 'm-1', 3);
    expect(replayResult(old, old)).toMatchObject({ result: 'waits' });
  });

  it.each(PROGRESS_STATES)('follows from the ledger: $state', (progress) => {
    const expected = { settled: 'reported', refused: 'refused' }[progress.state as string] ?? 'waits';

    expect(replayResult(BEFORE, withOrder(progress, 'm-1')).result).toBe(expected);
  });

  it('names the entry that it became, whether a new one or the same', () => {
    const again = { entry: { ...ENTRY, refusedAgainAs: 'm-2' }, order: undefined };
    expect(replayResult(BEFORE, again)).toEqual({ result: 'refused', entry: 'm-2' });
    expect(replayResult(again, again)).toMatchObject({ result: 'waits' });
    const same = { entry: { ...ENTRY, refusals: 2 }, order: undefined };
    expect(replayResult(BEFORE, same)).toEqual({ result: 'refused', entry: 'm-1' });
  });

  it('is read again and again, but not for ever', async () => {
    let looks = 0;
    const read = () => Promise.resolve((looks += 1) < 4 ? BEFORE : withOrder({ state: 'settled' }, 'm-1'));
    const waited: number[] = [];
    const wait = (ms: number) => Promise.resolve(waited.push(ms));

    expect(await awaitReplay(BEFORE, { read, wait, forMs: 1000 })).toMatchObject({ result: 'waits' });
    expect(waited).toEqual([500, 500]);
    expect(await awaitReplay(BEFORE, { read, wait, forMs: 1000 })).toEqual({ result: 'reported' });
  });
});

describe('the difference of two documents', () => {
  it('names each place, with both values', () => {
    const before = { a: 1, b: [{ c: 1 }, { c: 2 }], d: null };
    const after = { a: 1, b: [{ c: 1 }, { c: 3 }, {}], e: 'x' };

    expect(jsonDifferences(before, after)).toEqual([
      { path: '$.b[1].c', before: 2, after: 3 },
      { path: '$.b[2]', before: undefined, after: {} },
      { path: '$.d', before: null, after: undefined },
      { path: '$.e', before: undefined, after: 'x' },
    ]);
  });

  it('is empty for a document and itself', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(jsonDifferences(value, structuredClone(value))).toEqual([]);
      }),
    );
  });
});
