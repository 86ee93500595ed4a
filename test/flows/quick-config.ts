/** A brand that waits for nothing longer than it must. */
export function quickBrand(id: string): object {
  return {
    id,
    testTokens: 'allow',
    buttonTimeoutMs: 2000,
    quietTimeSeconds: 1,
    retryBaseSeconds: 1,
    retryMaxSeconds: 2,
    reporterTimeoutSeconds: 10,
    retrySweep: { schedule: 'rate(1 second)' },
  };
}

/** A publisher whose transactions are read in pages of three, and only when a test says so. */
export const QUICK_TRANSACTIONS = {
  fallback: { timeoutSeconds: 10, visibilityTimeoutSeconds: 60 },
  reconciler: {
    schedules: [{ name: 'never-in-a-test', expression: 'rate(1 day)' }],
    overlapSeconds: 60,
    lagSeconds: 0,
    sliceSeconds: 5,
    pageSize: 3,
    buttonTimeoutMs: 2000,
    timeoutSeconds: 24,
  },
};
