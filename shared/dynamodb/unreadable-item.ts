import type { Metrics } from '../runtime/metric-definitions.ts';
import { log } from '../runtime/logger.ts';

/**
 * An item that this code did not write, or that somebody has changed by hand. Another attempt does not help:
 * the caller leaves the item unchanged, reports its key and continues with the others.
 */
export class UnreadableItemError extends Error {
  override readonly name = 'UnreadableItemError';
  /** The partition key of the item. */
  readonly key: string;

  constructor(key: string, cause?: unknown) {
    super('An item is unreadable', { cause });
    this.key = key;
  }
}

/** Reports a skipped item, by its key. */
export type OnUnreadable = (key: string) => void;

/** What `read` returns. Throws `UnreadableItemError` if `read` throws. */
export function readOrReport<Value>(key: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    throw new UnreadableItemError(key, error);
  }
}

/** Counts each unreadable item of a flow, and logs only its key. */
export function reportUnreadable(
  metrics: Metrics,
  name: 'UnreadableItems' | 'UnreadableLedgerItems' = 'UnreadableItems',
): OnUnreadable {
  return (key) => {
    log.error('item_unreadable', { key });
    metrics.add({ name, value: 1 });
  };
}
