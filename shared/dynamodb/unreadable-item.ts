import type { Metrics } from '../runtime/metric-definitions.ts';
import { log } from '../runtime/logger.ts';

/**
 * An item that this code did not write, or that somebody has spoilt by hand. Another attempt does not help:
 * whoever meets it leaves it where it is, reports its key and goes on with the others.
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

/** Reports an item that was left out, by its key. */
export type OnUnreadable = (key: string) => void;

/** What `read` returns. Throws `UnreadableItemError` if it throws anything. */
export function readOrReport<Value>(key: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    throw new UnreadableItemError(key, error);
  }
}

/** Counts each unreadable item of a flow, and names it in the log by its key and nothing else. */
export function reportUnreadable(
  metrics: Metrics,
  name: 'UnreadableItems' | 'UnreadableLedgerItems' = 'UnreadableItems',
): OnUnreadable {
  return (key) => {
    log.error('item_unreadable', { key });
    metrics.add({ name, value: 1 });
  };
}
