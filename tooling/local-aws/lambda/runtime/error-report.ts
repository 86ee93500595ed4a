/**
 * An error in the words of the Runtime API (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html).
 */
export type ErrorReport = { errorType: string; errorMessage: string; stackTrace: string[] };

/** Describes anything that can be thrown, as nodejs24.x does. */
export function errorReport(thrown: unknown): ErrorReport {
  if (thrown instanceof Error) {
    return {
      errorType: thrown.name,
      errorMessage: thrown.message,
      stackTrace: (thrown.stack ?? '').split('\n'),
    };
  }
  return { errorType: typeof thrown, errorMessage: String(thrown), stackTrace: [] };
}
