/** Says whether one more request may pass now. */
export type TokenBucket = { take(): boolean };

/**
 * API Gateway's throttle: `burst` requests at once, refilled at `ratePerSecond`.
 * Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
 */
export function createTokenBucket(
  limits: { burst: number; ratePerSecond: number },
  nowMs: () => number,
): TokenBucket {
  let tokens = limits.burst;
  let filledAtMs = nowMs();
  return {
    take() {
      const elapsedSeconds = (nowMs() - filledAtMs) / 1000;
      filledAtMs = nowMs();
      tokens = Math.min(limits.burst, tokens + elapsedSeconds * limits.ratePerSecond);
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
