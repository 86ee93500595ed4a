/** An error as a function, or Lambda in its place, reports it. */
export type InvocationError = {
  /**
   * The error's class name, or one of Lambda's own, for example `Sandbox.Timedout` and `Runtime.ExitError`.
   */
  errorType: string;
  errorMessage: string;
  stackTrace: string[];
};

/**
 * What became of one invocation.
 * - `succeeded`: the handler returned `payload` (JSON; `null` for nothing).
 * - `failed`: the handler threw, ran out of time, or took its process down.
 * - `refused`: Lambda did not run the function (payload too large, no concurrency left).
 */
export type InvocationResult =
  | { status: 'succeeded'; payload: unknown }
  | { status: 'failed'; error: InvocationError }
  | { status: 'refused'; error: InvocationError };

/** A `failed` result of Lambda's own making. */
export function failedBy(errorType: string, errorMessage: string): InvocationResult {
  return { status: 'failed', error: { errorType, errorMessage, stackTrace: [] } };
}

/** A `refused` result. */
export function refusedBy(errorType: string, errorMessage: string): InvocationResult {
  return { status: 'refused', error: { errorType, errorMessage, stackTrace: [] } };
}

/** The `refused` result where the account, or the function's reserve, has no concurrency left. */
export function throttled(): InvocationResult {
  return refusedBy('TooManyRequestsException', 'Rate Exceeded.');
}

/** Whether an invocation was refused for want of concurrency. */
export function isThrottled(result: InvocationResult): boolean {
  return result.status === 'refused' && result.error.errorType === 'TooManyRequestsException';
}
