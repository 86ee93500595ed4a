import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StreamModel } from '../../models/stream-model.ts';

type Change = { key: string; number: number };

/** Reads each shard once all that it continues has been read, and otherwise in the order of `pick`. */
function readAll(stream: StreamModel<Change>, pick: () => number): Change[] {
  const read = new Set<string>();
  const found: Change[] = [];
  for (;;) {
    const due = stream
      .shards()
      .filter(({ id, parentId }) => !read.has(id) && (parentId === undefined || read.has(parentId)));
    const shard = due[pick() % due.length];
    if (shard === undefined) return found;
    let iterator: string | undefined = stream.iterator(shard.id, 'TRIM_HORIZON');
    let page;
    do {
      page = stream.read(iterator, 3);
      found.push(...page.entries);
      iterator = page.nextIterator;
    } while (iterator !== undefined && page.entries.length > 0);
    read.add(shard.id);
  }
}

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
describe('the stream of a table', () => {
  it('shows every change once, and those of one item in order, however its shards split', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'), { maxLength: 80 }),
        fc.infiniteStream(fc.nat()),
        (keys, picks) => {
          const stream = new StreamModel<Change>({ shards: 2, splitsAfter: 4, mostOpen: 6 });
          const changes = keys.map((key, number) => ({ key, number }));
          for (const change of changes) stream.add(change.key, change);

          const found = readAll(stream, () => Number(picks.next().value));

          const ofKey = (all: readonly Change[], key: string) => all.filter((change) => change.key === key);
          expect(found).toHaveLength(changes.length);
          for (const key of new Set(keys)) expect(ofKey(found, key)).toEqual(ofKey(changes, key));
        },
      ),
    );
  });

  it('closes a full shard and continues it with two, then with one if enough are open', () => {
    const stream = new StreamModel<Change>({ shards: 1, splitsAfter: 1, mostOpen: 2 });
    stream.add('a', { key: 'a', number: 1 });
    stream.add('a', { key: 'a', number: 2 });

    const [first, ...others] = stream.shards();

    expect(first?.isClosed).toBe(true);
    expect(others).toHaveLength(3);
    expect(others.filter(({ parentId }) => parentId === first?.id)).toHaveLength(2);
  });

  it('shows only later changes from LATEST on', () => {
    const stream = new StreamModel<Change>({ shards: 1, splitsAfter: 9, mostOpen: 1 });
    stream.add('a', { key: 'a', number: 1 });
    const [shard] = stream.shards();
    const latest = stream.iterator(shard?.id ?? '', 'LATEST');
    stream.add('a', { key: 'a', number: 2 });

    expect(stream.read(latest, 10).entries).toEqual([{ key: 'a', number: 2 }]);
  });
});
