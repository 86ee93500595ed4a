/**
 * Settings for an AWS client while a caller waits: two tries, each given up after `timeoutMs`. By default the
 * clients wait for an answer as long as the connection is open, and a store that hangs would look like a
 * function that hangs.
 *
 * Source: https://github.com/aws/aws-sdk-js-v3/blob/main/supplemental-docs/CLIENTS.md (requestHandler)
 */
export function shortTimeouts(timeoutMs: number): {
  maxAttempts: number;
  requestHandler: { connectionTimeout: number; requestTimeout: number; throwOnRequestTimeout: boolean };
} {
  return {
    maxAttempts: 2,
    requestHandler: {
      connectionTimeout: timeoutMs,
      requestTimeout: timeoutMs,
      throwOnRequestTimeout: true,
    },
  };
}
