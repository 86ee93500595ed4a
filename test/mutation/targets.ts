/** A file whose mutants are to be killed, and the tests that have to kill them. */
export type Target = { file: string; tests: readonly string[] };

/** What money depends on most, and the unit tests beside it, which alone are asked. */
export const TARGETS: readonly Target[] = [
  { file: 'shared/button/signature.ts', tests: ['test/shared/button/signature.test.ts'] },
  { file: 'shared/button/order-api.ts', tests: ['test/shared/button/order-api.test.ts'] },
  {
    file: 'shared/domain/merge-transaction.ts',
    tests: ['test/shared/domain/merge-transaction.test.ts'],
  },
  { file: 'shared/domain/order-ledger.ts', tests: ['test/shared/domain/order-ledger.test.ts'] },
  { file: 'shared/domain/position.ts', tests: ['test/shared/domain/position.test.ts'] },
  { file: 'shared/domain/begin-stream.ts', tests: ['test/shared/domain/begin-stream.test.ts'] },
  {
    file: 'functions/order-reporter/call-button.ts',
    tests: ['test/functions/order-reporter/call-button.test.ts'],
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
