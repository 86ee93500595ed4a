import { parseArgs } from 'node:util';

/** The options of the command. */
export type Arguments = {
  json: boolean;
  quick: boolean;
  costs: boolean;
  /** Rows that the reconciler reads at the end, in addition to the usual numbers; 0 for none. */
  rows: number;
  help: boolean;
  /** Ids of the cases to measure. If it is empty, all cases are measured. */
  cases: readonly string[];
};

/** What `--help` prints. */
export const USAGE = `npm run bench -- [options] [case ...]

Measures this project's bundles against other ways of doing the same, in turn, and exits with 1 if a ratio misses its bar. A full run, of all cases, writes docs/benchmarks.md.

  --quick     a look of two minutes: fewer rounds of everything, and no page is written
  --json      prints one JSON document instead of tables
  --rows N    reads so many rows too; a million take a quarter of an hour
  --costs     measures nothing: counts billed operations, and writes docs/costs.md and docs/scaling.md
  --help      prints this

Cases: cold-start, loading, warm-webhooks, verification, billed-operations, order-batches, reconciliation, growth, publisher-requests, throughput, local-start.
`;

/** Reads the command line. `problem` says what is wrong with it. */
export function readArguments(argv: readonly string[]): { options: Arguments } | { problem: string } {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        costs: { type: 'boolean', default: false },
        rows: { type: 'string', default: '0' },
        help: { type: 'boolean', default: false },
      },
    });
    if (!/^\d+$/.test(values.rows)) return { problem: '--rows takes a whole number' };
    return { options: { ...values, rows: Number(values.rows), cases: positionals } };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}
