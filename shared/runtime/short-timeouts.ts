/**
 * Settings for an AWS client that somebody waits for: two tries, each given up after `timeoutMs`. By
 * themselves the clients wait for an answer for as long as the connection stands, and a store that hangs
 * would look like a function that does.
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
