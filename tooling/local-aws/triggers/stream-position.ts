/** How far a mapping has read its stream. */
export type StreamPosition = {
  /** The iterator after the last batch that is done; none before the first read. */
  iterator?: string;
};
