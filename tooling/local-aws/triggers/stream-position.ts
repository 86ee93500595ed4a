/** How far a mapping has read its stream. */
export type StreamPosition = {
  /** By shard, the iterator after the last batch that is done. */
  iterators: Map<string, string>;
  /** The shards that have been read to their end. */
  finished: Set<string>;
};

/** Nothing has been read. */
export function startOfStream(): StreamPosition {
  return { iterators: new Map(), finished: new Set() };
}
