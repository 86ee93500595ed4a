import { createHash } from 'node:crypto';
import { AwsServiceError } from '../emulators/aws-json-client.ts';

/** A part of a stream: the changes of the items whose keys fall into its range, in order. */
type Shard<Entry> = {
  id: string;
  parentId: string | undefined;
  /** Of the hashes of keys; the end is not in it. */
  range: { from: number; to: number };
  entries: Entry[];
  isClosed: boolean;
};

/** How a stream is divided. */
export type StreamDivision = {
  /** How many shards it begins with. */
  shards: number;
  /** A shard with this number of changes is closed, and two others continue it. */
  splitsAfter: number;
  /** With this number of open shards, one other continues it. */
  mostOpen: number;
};

/** A page of a shard. */
export type ShardPage<Entry> = { entries: readonly Entry[]; nextIterator: string | undefined };

const HASHES = 2 ** 32;

/**
 * The stream of a table: shards that are closed and continued by others. The changes of one item are in one
 * shard at a time; a reader that takes a shard before those that continue it reads them in order.
 *
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html, "Reading and
 * processing a stream"
 */
export class StreamModel<Entry> {
  readonly #division: StreamDivision;
  readonly #shards: Shard<Entry>[] = [];

  constructor(division: StreamDivision) {
    this.#division = division;
    const width = HASHES / division.shards;
    for (let index = 0; index < division.shards; index += 1)
      this.#open({ from: index * width, to: (index + 1) * width }, undefined);
  }

  /** Every shard that there has been, the oldest first. */
  shards(): readonly { id: string; parentId: string | undefined; isClosed: boolean }[] {
    return this.#shards;
  }

  /** Adds a change of the item with this key. */
  add(key: string, entry: Entry): void {
    const hash = createHash('md5').update(key).digest().readUInt32BE();
    const shard = this.#shards.find(
      ({ isClosed, range }) => !isClosed && range.from <= hash && hash < range.to,
    );
    if (!shard) throw new Error(`No shard is open for ${key}.`);
    shard.entries.push(entry);
    if (shard.entries.length >= this.#division.splitsAfter) this.#close(shard);
  }

  /** Where to begin to read a shard. Throws ResourceNotFoundException if there is none. */
  iterator(shardId: string, type: string): string {
    const { entries } = this.#shard(shardId);
    switch (type) {
      case 'TRIM_HORIZON':
        return toIterator(shardId, 0);
      case 'LATEST':
        return toIterator(shardId, entries.length);
      default:
        throw new AwsServiceError(
          'ValidationException',
          `The model does not know the iterator type ${type}.`,
        );
    }
  }

  /** The changes from there on. The last page of a closed shard has no further iterator. */
  read(iterator: string, limit: number): ShardPage<Entry> {
    const { shardId, index } = readIterator(iterator);
    const { entries, isClosed } = this.#shard(shardId);
    const page = entries.slice(index, index + limit);
    const next = index + page.length;
    const isOver = isClosed && next === entries.length;
    return { entries: page, nextIterator: isOver ? undefined : toIterator(shardId, next) };
  }

  #shard(shardId: string): Shard<Entry> {
    const shard = this.#shards.find(({ id }) => id === shardId);
    if (shard) return shard;
    throw new AwsServiceError('ResourceNotFoundException', `Requested resource not found: ${shardId}`);
  }

  #open(range: Shard<Entry>['range'], parentId: string | undefined): void {
    const id = `shardId-${String(this.#shards.length + 1).padStart(20, '0')}-model`;
    this.#shards.push({ id, parentId, range, entries: [], isClosed: false });
  }

  #close(shard: Shard<Entry>): void {
    shard.isClosed = true;
    const open = this.#shards.filter(({ isClosed }) => !isClosed).length;
    const { from, to } = shard.range;
    const middle = (from + to) / 2;
    const ranges =
      open + 1 < this.#division.mostOpen
        ? [
            { from, to: middle },
            { from: middle, to },
          ]
        : [shard.range];
    for (const range of ranges) this.#open(range, shard.id);
  }
}

function toIterator(shardId: string, index: number): string {
  return `${shardId}|${index}`;
}

function readIterator(iterator: string): { shardId: string; index: number } {
  const [shardId = '', index = ''] = iterator.split('|');
  return { shardId, index: Number(index) };
}
