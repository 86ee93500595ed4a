/** A file whose mutants must be killed, and the tests that must kill them. */
export type Target = { file: string; tests: readonly string[] };

/** The files that money depends on most, each with its own unit tests only. */
export const TARGETS: readonly Target[] = [
  {
    file: 'shared/validation/webhooks/signature.ts',
    tests: ['test/shared/validation/webhooks/signature.test.ts'],
  },
  { file: 'shared/button/order-api.ts', tests: ['test/shared/button/order-api.test.ts'] },
  {
    file: 'shared/button/order-identity.ts',
    tests: [
      'test/shared/button/order-identity.test.ts',
      'test/functions/order-reporter/whose-order.test.ts',
      'test/functions/order-reporter/call-button.test.ts',
    ],
  },
  {
    file: 'shared/transactions/rules/merge-transaction.ts',
    tests: ['test/shared/transactions/rules/merge-outcomes.test.ts'],
  },
  {
    file: 'shared/transactions/rules/transaction-state.ts',
    tests: ['test/shared/transactions/rules/transaction-state.test.ts'],
  },
  ...['decision', 'evolution', 'next-call', 'settlement', 'version'].map((part) => ({
    file: `shared/orders/rules/order-${part}.ts`,
    tests: [
      'test/shared/orders/rules/order-ledger.test.ts',
      'test/shared/orders/rules/order-decision.test.ts',
      'test/shared/orders/rules/order-version.test.ts',
    ],
  })),
  {
    file: 'shared/reconciliation/rules/position.ts',
    tests: ['test/shared/reconciliation/rules/position.test.ts'],
  },
  {
    file: 'shared/reconciliation/rules/begin-stream.ts',
    tests: ['test/shared/reconciliation/rules/begin-stream.test.ts'],
  },
  ...['call-button', 'cancel-order', 'create-order', 'explain-forbidden', 'read-order', 'update-order'].map(
    (part) => ({
      file: `functions/order-reporter/${part}.ts`,
      tests: ['test/functions/order-reporter/call-button.test.ts'],
    }),
  ),
  {
    file: 'functions/order-reporter/absent-order.ts',
    tests: ['test/functions/order-reporter/absent-order.test.ts'],
  },
  {
    file: 'functions/order-reporter/send-by-ids.ts',
    tests: ['test/functions/order-reporter/send-by-ids.test.ts'],
  },
  {
    file: 'functions/order-reporter/report-order.ts',
    tests: [
      'test/functions/order-reporter/races.test.ts',
      'test/functions/order-reporter/call-button.test.ts',
      'test/functions/order-reporter/report-order.test.ts',
    ],
  },
];
