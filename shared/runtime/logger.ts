/**
 * Fields of a log line: identifiers, counts, codes and durations. Never bodies, secrets, signatures or
 * personal data.
 */
export type LogFields = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/**
 * Writes one structured log line. `event` is a constant snake_case name.
 *
 * Lambda's JSON logging wraps `console`, adding time, level and request id.
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
 */
export const log = {
  info(event: string, fields: LogFields = {}): void {
    console.info({ event, ...fields });
  },
  warn(event: string, fields: LogFields = {}): void {
    console.warn({ event, ...fields });
  },
  error(event: string, fields: LogFields = {}): void {
    console.error({ event, ...fields });
  },
} as const;

/** The name of a caught error: safe to log; its message may quote a payload. */
export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : 'UnknownError';
}
