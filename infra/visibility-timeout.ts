/**
 * The shortest visibility timeout, in seconds, of a queue whose worker may run for `workerTimeoutSeconds`: six times as long, so that
 * a batch that Lambda retries after being throttled isn't handed out a second time meanwhile.
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html ("Configuring a queue to use with Lambda")
 */
export function leastVisibilityTimeoutSeconds(workerTimeoutSeconds: number): number {
  return 6 * workerTimeoutSeconds;
}
