/** An instant as Button's rows print it: ISO 8601 UTC in whole seconds. */
export function toWholeSeconds(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/**
 * An instant as Button's webhooks print `created_date` and `modified_date`: ISO 8601 UTC with milliseconds.
 */
export function toMilliseconds(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

/** The same instant without its fraction of a second: the precision in which the Transactions API filters. */
export function cutToSecond(epochMs: number): number {
  return Math.floor(epochMs / 1000) * 1000;
}
