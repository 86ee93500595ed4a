/**
 * The lines in which Lambda reports invocations that it ended itself. At the system log level WARN it reports
 * no others.
 *
 * Sources: https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html, "platform.report",
 * and https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
 */
export const LAMBDA_REPORTS = {
  'a timeout': report({ status: 'timeout', errorType: 'Sandbox.Timedout' }),
  'a killed process': report({ status: 'error', errorType: 'Runtime.ExitError' }),
  'memory that has run out': report({ status: 'error', errorType: 'Runtime.OutOfMemory' }),
};

function report(record: object): Record<string, unknown> {
  return {
    time: '2026-06-01T12:00:00.000Z',
    type: 'platform.report',
    record: {
      requestId: '6d68ca91-49c9-448d-89b8-7ca3e6dc66aa',
      metrics: { billedDurationMs: 3000, durationMs: 3000, memorySizeMB: 512, maxMemoryUsedMB: 63 },
      ...record,
    },
  };
}
