/**
 * How many executions an account has at once, for all of its functions together.
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
 */
export type AccountConcurrency = {
  /**
   * Reserves executions for one function, which then has no others; undefined ends its reserve. Throws where
   * Lambda refuses to, because too few would be left for the other functions.
   */
  reserve(functionName: string, executions: number | undefined): void;
  /** Takes one execution for the function. False if none is left: Lambda refuses the invocation. */
  take(functionName: string): boolean;
  /** Gives back what `take` has taken. */
  release(functionName: string): void;
};

/**
 * The quota that AWS gives by default. A new account may have ten.
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html#compute-and-storage
 */
export const DEFAULT_ACCOUNT_CONCURRENCY = 1000;

/**
 * What Lambda keeps unreserved. An account with a smaller quota can reserve nothing.
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
 */
const ALWAYS_UNRESERVED = 100;

/** Counts the executions of an account with this quota. */
export function createAccountConcurrency(quota: number): AccountConcurrency {
  const reserved = new Map<string, number>();
  const running = new Map<string, number>();
  const runningOf = (functionName: string): number => running.get(functionName) ?? 0;
  const unreserved = (): number => quota - sum(reserved.values());
  const inUseOfUnreserved = (): number =>
    sum([...running].filter(([name]) => !reserved.has(name)).map(([, count]) => count));

  return {
    reserve(functionName, executions) {
      const before = reserved.get(functionName);
      reserved.delete(functionName);
      if (executions === undefined) return;
      reserved.set(functionName, executions);
      const minimum = Math.min(ALWAYS_UNRESERVED, quota);
      if (executions === 0 || unreserved() >= minimum) return;
      if (before === undefined) reserved.delete(functionName);
      else reserved.set(functionName, before);
      throw new Error(
        "Specified ReservedConcurrentExecutions for function decreases account's " +
          `UnreservedConcurrentExecution below its minimum value of [${minimum}].`,
      );
    },
    take(functionName) {
      const own = reserved.get(functionName);
      const isFree = own === undefined ? inUseOfUnreserved() < unreserved() : runningOf(functionName) < own;
      if (isFree) running.set(functionName, runningOf(functionName) + 1);
      return isFree;
    },
    release(functionName) {
      running.set(functionName, runningOf(functionName) - 1);
    },
  };
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
